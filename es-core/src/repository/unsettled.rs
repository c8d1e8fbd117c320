//! A command whose answer was lost and whose outcome is not known yet.

use std::fmt;

use crate::{aggregate::Aggregate, repository::Root, store::UnknownOutcome};

/// A command whose events may have been appended: the store's answer was lost, and the settle timeout has passed, or the
/// store was closed or refused the same append. It keeps the root with the events that were sent.
///
/// [`RepositoryExt::settle`](crate::RepositoryExt::settle) sends them again and gives the outcome. Until then it is not safe to
/// decide on the command again: its events may have been appended, and would be stored twice.
///
/// ```
/// # use es_core::*;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
/// # #[event(name = "account.deposited")]
/// # struct Deposited { amount: u64 }
/// # #[derive(Aggregate, Default, Debug)]
/// # #[aggregate(category = "account", id = String, events(Deposited))]
/// # struct Account { balance: u64 }
/// # #[es_core::apply]
/// # impl Account { fn deposited(&mut self, event: Deposited) { self.balance += event.amount; } }
/// async fn deposit(accounts: &dyn Repository<Account>, id: String, amount: u64) -> Result<u64, ExecuteError<Account>> {
///     let deposited = match accounts.update(&id, |_| Deposited { amount }).await {
///         Err(ExecuteError::Unknown(unsettled)) => {
///             eprintln!("account {}: {unsettled}", unsettled.root().id());
///             accounts.settle(unsettled).await?
///         }
///         deposited => deposited?,
///     };
///     Ok(deposited.root.balance)
/// }
/// ```
pub struct Unsettled<A: Aggregate>(Box<Parts<A>>);

struct Parts<A: Aggregate> {
    root: Root<A>,
    attempts: usize,
    outcome: Box<UnknownOutcome>,
}

impl<A: Aggregate> Unsettled<A> {
    pub(crate) fn new(root: Root<A>, attempts: usize, outcome: Box<UnknownOutcome>) -> Self {
        Self(Box::new(Parts { root, attempts, outcome }))
    }

    /// The aggregate after the decision; its [`pending`](Root::pending) events are those that were sent.
    pub fn root(&self) -> &Root<A> {
        &self.0.root
    }

    /// Takes the aggregate, to settle it in another way: [`Repository::append`](crate::Repository::append) sends the same
    /// events with the same ids.
    pub fn into_root(self) -> Root<A> {
        self.0.root
    }

    /// The error that replaced the first answer.
    pub fn outcome(&self) -> &UnknownOutcome {
        &self.0.outcome
    }

    pub(crate) fn into_parts(self) -> (Root<A>, usize, Box<UnknownOutcome>) {
        let Parts { root, attempts, outcome } = *self.0;
        (root, attempts, outcome)
    }
}

impl<A: Aggregate> fmt::Display for Unsettled<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (stream, events) = (self.root().stream(), self.root().pending().len());
        write!(
            f,
            "the store's answer was lost, and it is not known whether {events} event(s) were appended to stream `{stream}`; \
             settle it through the repository"
        )
    }
}

/// Shows no state and no event, so that neither needs `Debug`.
impl<A: Aggregate> fmt::Debug for Unsettled<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unsettled")
            .field("stream", self.root().stream())
            .field("version", &self.root().version())
            .field("pending", &self.root().pending().len())
            .field("outcome", &self.0.outcome)
            .finish_non_exhaustive()
    }
}

impl<A: Aggregate> std::error::Error for Unsettled<A> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0.outcome)
    }
}
