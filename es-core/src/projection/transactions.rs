//! What a store gives to projections that write to a target: its transactions.

use std::time::Duration;

use async_trait::async_trait;

use crate::{
    event::LimitError,
    projection::Fault,
    store::{Checkpoint, Claim, Claimed, EventStore, ReadModelError, ReadModelId, ReadModelState, ReadModelStep},
};

/// A store whose transactions projections write to: its own tables and those of the projection change together. Only a store by
/// its type has it, since the type of the target is that of the store.
///
/// Both methods are those of [`ReadModels`](crate::ReadModels), with code of the application inside the transaction. The store
/// takes each part of the [work](TargetWork) for what went wrong in it: a part fails that gives an error or panics, that ignores an error
/// of the database, that takes longer than it may, that tries to end the transaction, or that appends to the store itself. An
/// error of the connection is the store's own, and no failure of a part. After any error nothing of the transaction is left.
///
/// `es_contract::tables_contract!` tests these promises.
#[async_trait]
pub trait Transactions: EventStore {
    /// What a projection writes to.
    type Target: Send + 'static;

    /// Claims the read model as [`ReadModels::claim`](crate::ReadModels::claim) does. While nothing was handled since it was made
    /// or asked to be rebuilt, the transaction of the claim removes what the read model's place holds, and then does the `work`.
    ///
    /// # Errors
    /// [`WorkError`].
    async fn claim_with(
        &self,
        model: &ReadModelId,
        owner: &str,
        lease: Duration,
        work: WorkInTransaction<Self::Target>,
    ) -> Result<Claimed, WorkError>;

    /// Takes the steps of `plan` as [`ReadModels::advance`](crate::ReadModels::advance) does, and does the parts of the `work`, of
    /// which there are as many, in the same transaction. Gives how many parts were done: at least one, and fewer than all only
    /// where the transaction would keep others waiting for too long.
    ///
    /// # Errors
    /// [`WorkError`].
    async fn advance_with(
        &self,
        claim: &Claim,
        plan: StepPlan,
        work: WorkInTransaction<Self::Target>,
    ) -> Result<usize, WorkError>;

    /// How long a step may take, where it keeps everybody else from writing; `None` where it does not. A step that does whole
    /// batches takes fewer events after one that took longer.
    fn step_time(&self) -> Option<Duration> {
        None
    }

    /// The name, ready for SQL, of a table that the read model calls `table`, as `{table}` in the statements of its projection is.
    ///
    /// # Errors
    /// [`LimitError`] if this store cannot have it.
    fn table(&self, model: &ReadModelId, table: &str) -> Result<String, LimitError>;
}

/// What is done in a transaction, and how long each part may take.
#[expect(missing_debug_implementations, reason = "it holds code of the application")]
#[expect(clippy::exhaustive_structs, reason = "a store takes it apart")]
pub struct WorkInTransaction<T> {
    /// The parts.
    pub parts: Box<dyn TargetWork<T>>,
    /// The longest time for each part.
    pub timeout: Duration,
}

/// Work in several parts on a target, such as a part for each event.
#[async_trait]
pub trait TargetWork<T>: Send + 'static {
    /// Does the next part; `None` when there is none.
    async fn next(&mut self, target: &mut T) -> Option<Result<(), Fault>>;
}

/// The steps that a transaction may end with: one for each part of its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepPlan {
    whole: ReadModelStep,
    /// Where the read model stands after each part.
    handled: Vec<Checkpoint>,
    /// The state after some parts.
    unfinished: ReadModelState,
}

impl StepPlan {
    /// The step `whole` after all parts; after some of them the read model has handled as much as `handled` says for each, and
    /// is in the state `unfinished`.
    pub const fn new(whole: ReadModelStep, handled: Vec<Checkpoint>, unfinished: ReadModelState) -> Self {
        Self { whole, handled, unfinished }
    }

    /// The step after all parts.
    pub const fn whole(&self) -> &ReadModelStep {
        &self.whole
    }

    /// How many parts there are.
    pub const fn parts(&self) -> usize {
        self.handled.len()
    }

    /// The step after `parts` of them.
    #[must_use]
    pub fn after(&self, parts: usize) -> ReadModelStep {
        let mut step = self.whole.clone();
        if let Some(handled) = parts.checked_sub(1).and_then(|last| self.handled.get(last))
            && parts < self.handled.len()
        {
            (step.handled, step.seen, step.state) = (*handled, *handled, self.unfinished);
        }
        step
    }
}

/// Why the work in a transaction was not done. Nothing of it is left.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkError {
    /// One of its parts failed.
    #[error("part {index} of the work failed")]
    Part {
        /// Which part, from 0.
        index: usize,
        /// Why.
        source: Fault,
    },
    /// The store did not take it, or it is not known whether it did.
    #[error(transparent)]
    Store(#[from] ReadModelError),
}
