//! Several aggregates in one append, all or nothing.

use std::{fmt, time::Duration};

use crate::{
    aggregate::Aggregate,
    event::EncodeError,
    repository::{
        DEFAULT_RETRIES, Root,
        settle::{DEFAULT_SETTLE_TIMEOUT, Pause, Settling},
    },
    store::{Append, AppendError, AppendRequest, Appended, EventStore, StoreError, StoreErrorKind, UnknownOutcome},
};

/// Several aggregates in one append, all or nothing: [`store.batch()`](crate::EventStoreExt::batch) begins one.
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
/// # async fn example(store: std::sync::Arc<dyn EventStore>) -> Result<(), Box<dyn std::error::Error>> {
/// let accounts = store.repository::<Account>();
/// let owner = accounts.load(&"owner".to_owned()).await?;
/// let mut one = accounts.load(&"1".to_owned()).await?;
/// let mut other = accounts.load(&"2".to_owned()).await?;
/// one.record(Deposited { amount: owner.balance });
/// other.record(Deposited { amount: 1 });
/// // Appends both or none, and only if `owner` has not changed since it was loaded.
/// store.batch().change(&mut one).change(&mut other).unchanged(&owner).append().await?;
/// assert!(one.pending().len() == 0 && one.exists());
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing happens until `append`"]
pub struct Batch<'a, S: ?Sized> {
    store: &'a S,
    members: Vec<Member<'a>>,
    settle_timeout: Duration,
    retries: usize,
}

enum Member<'a> {
    Change(&'a mut dyn Change),
    Unchanged(Append),
}

/// A root, whatever its aggregate.
trait Change: Send + Sync {
    fn to_append(&self) -> Result<Append, EncodeError>;
    fn settle(&mut self, appended: &Appended);
}

impl<A: Aggregate> Change for Root<A> {
    fn to_append(&self) -> Result<Append, EncodeError> {
        Self::to_append(self)
    }

    fn settle(&mut self, appended: &Appended) {
        Self::settle(self, appended);
    }
}

impl<'a, S: EventStore + ?Sized> Batch<'a, S> {
    pub(crate) fn new(store: &'a S) -> Self {
        Self { store, members: Vec::new(), settle_timeout: DEFAULT_SETTLE_TIMEOUT, retries: DEFAULT_RETRIES }
    }

    /// Adds the pending events of `root`, whose stream must not have changed since it was loaded. Without pending events this
    /// is [`unchanged`](Self::unchanged).
    pub fn change<A: Aggregate>(mut self, root: &'a mut Root<A>) -> Self {
        self.members.push(Member::Change(root));
        self
    }

    /// Requires that the stream of `root`, which the decision read, has not changed since it was loaded.
    pub fn unchanged<A: Aggregate>(mut self, root: &Root<A>) -> Self {
        self.members.push(Member::Unchanged(root.assertion()));
        self
    }

    /// Sets for how long the same append is sent again when the store's answer is lost; [`DEFAULT_SETTLE_TIMEOUT`] unless
    /// set.
    pub fn with_settle_timeout(mut self, time: Duration) -> Self {
        self.settle_timeout = time;
        self
    }

    /// Sets how often the same append is sent again, after a pause (10 ms at first, 1 s at last), when the store is
    /// [busy](StoreErrorKind::Busy); [`DEFAULT_RETRIES`] unless set, 0 for never. A conflict is not retried, since a batch
    /// cannot decide again.
    pub fn with_retries(mut self, count: usize) -> Self {
        self.retries = count;
        self
    }

    /// Appends, and turns the pending events of each root into recorded ones. Gives one answer for each aggregate, in order.
    ///
    /// After an error the roots keep their pending events: after [`AppendError::Unknown`] it is safe to append the same batch
    /// again.
    ///
    /// # Errors
    /// [`AppendError`]; [`DuplicateStream`](AppendError::DuplicateStream) when the batch has an aggregate twice.
    pub async fn append(self) -> Result<Vec<Appended>, AppendError> {
        let Self { store, mut members, settle_timeout, retries } = self;
        let appends = members
            .iter()
            .map(|member| match member {
                Member::Change(root) => root.to_append(),
                Member::Unchanged(assertion) => Ok(assertion.clone()),
            })
            .collect::<Result<Vec<_>, _>>()?;
        let (streams, request) = (appends.len(), AppendRequest::from(appends));
        let (mut settling, mut left, mut pause) = (Settling::new(settle_timeout), retries, Pause::new());
        let answers = loop {
            let sent = async {
                match store.append(request.clone()).await {
                    Ok(answers) if answers.len() != streams => Err(wrong_number(request.clone(), answers.len())),
                    answer => answer,
                }
            };
            match settling.ask(sent).await {
                Some(Err(error)) if error.is_busy() && left > 0 => {
                    left -= 1;
                    pause.wait().await;
                }
                Some(answer) => break answer?,
                None => {}
            }
        };
        for (member, appended) in members.iter_mut().zip(&answers) {
            if let Member::Change(root) = member {
                root.settle(appended);
            }
        }
        Ok(answers)
    }
}

/// The error for a store that gave a wrong number of answers, so that the outcome of the appends is unknown.
pub(crate) fn wrong_number(request: AppendRequest, answers: usize) -> AppendError {
    let what = format!("the store gave {answers} answer(s) for {} stream(s)", request.appends().len());
    UnknownOutcome::new(request, StoreError::new(StoreErrorKind::Corrupt, what)).into()
}

impl<S: fmt::Debug + ?Sized> fmt::Debug for Batch<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch").field("store", &self.store).field("aggregates", &self.members.len()).finish()
    }
}
