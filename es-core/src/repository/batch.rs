//! Several aggregates in one append, all or nothing.

use std::{fmt, time::Duration};

use crate::{
    aggregate::Aggregate,
    event::EncodeError,
    repository::{
        RETRIES, Root,
        settle::{DEFAULT_SETTLE_WITHIN, Pause, Settling},
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
/// // both or none, and only if nothing has happened to `owner` since it was looked at
/// store.batch().change(&mut one).change(&mut other).unchanged(&owner).append().await?;
/// assert!(one.pending().len() == 0 && one.exists());
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing happens until `append`"]
pub struct Batch<'a, S: ?Sized> {
    store: &'a S,
    members: Vec<Member<'a>>,
    settle_within: Duration,
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
        Self { store, members: Vec::new(), settle_within: DEFAULT_SETTLE_WITHIN, retries: RETRIES }
    }

    /// With the pending events of `root`, which must not have changed since it was loaded. Without any, it is as
    /// [`unchanged`](Self::unchanged).
    pub fn change<A: Aggregate>(mut self, root: &'a mut Root<A>) -> Self {
        self.members.push(Member::Change(root));
        self
    }

    /// Only if the stored events of `root` are those it was loaded with: what the decision looked at.
    pub fn unchanged<A: Aggregate>(mut self, root: &Root<A>) -> Self {
        self.members.push(Member::Unchanged(root.assertion()));
        self
    }

    /// When the store's answer is lost, the same append is sent again for so long; 15 s unless said.
    pub fn settle_within(mut self, time: Duration) -> Self {
        self.settle_within = time;
        self
    }

    /// When the store is [busy](StoreErrorKind::Busy), the same append is sent again at most `count` times, after a pause
    /// (10 ms at first, 1 s at last); [`RETRIES`] unless said, 0 for never. A conflict is not tried again: who decides is
    /// not here.
    pub fn retries(mut self, count: usize) -> Self {
        self.retries = count;
        self
    }

    /// Appends; the pending events of each root are recorded ones then. Gives the answer for each aggregate, in order.
    ///
    /// After an error the roots still hold their events: after [`AppendError::Unknown`] the same batch is safe again.
    ///
    /// # Errors
    /// [`AppendError`]; [`DuplicateStream`](AppendError::DuplicateStream) when an aggregate is there twice.
    pub async fn append(self) -> Result<Vec<Appended>, AppendError> {
        let Self { store, mut members, settle_within, retries } = self;
        let appends = members
            .iter()
            .map(|member| match member {
                Member::Change(root) => root.to_append(),
                Member::Unchanged(assertion) => Ok(assertion.clone()),
            })
            .collect::<Result<Vec<_>, _>>()?;
        let (streams, request) = (appends.len(), AppendRequest::from(appends));
        let (mut settling, mut left, mut pause) = (Settling::new(settle_within), retries, Pause::new());
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

/// With another number of answers than appends it is not known what became of them.
pub(crate) fn wrong_number(request: AppendRequest, answers: usize) -> AppendError {
    let what = format!("the store gave {answers} answer(s) for {} stream(s)", request.appends().len());
    UnknownOutcome::new(request, StoreError::new(StoreErrorKind::Corrupt, what)).into()
}

impl<S: fmt::Debug + ?Sized> fmt::Debug for Batch<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch").field("store", &self.store).field("aggregates", &self.members.len()).finish()
    }
}
