//! The keeper of a projection that writes to a target.

use std::{panic::AssertUnwindSafe, sync::Arc, vec};

use async_trait::async_trait;
use futures_util::FutureExt;

use crate::{
    projection::{
        EventBatch, Fault, Projection, StepPlan, TargetWork, Transactions, WorkError, WorkInTransaction,
        keeper::{Cause, Claiming, Keeper, NotTaken, Taking, panicked},
    },
    store::{Claimed, ReadModelState, ReadModelStep, Recorded},
};

/// Lets the projection write in transactions of the store.
pub(crate) struct TableKeeper<P, S> {
    projection: Arc<P>,
    store: S,
}

impl<P, S> TableKeeper<P, S> {
    pub(crate) fn new(projection: P, store: S) -> Self {
        Self { projection: Arc::new(projection), store }
    }
}

#[async_trait]
impl<P: Projection, S: Transactions<Target = P::Target>> Keeper for TableKeeper<P, S> {
    async fn claim(&mut self, claiming: Claiming<'_>) -> Result<Claimed, WorkError> {
        let Claiming { model, owner, lease, timeout, .. } = claiming;
        let parts = Box::new(SetUp { projection: Some(Arc::clone(&self.projection)) });
        self.store.claim_with(model, owner, lease, WorkInTransaction { parts, timeout }).await
    }

    async fn take(&mut self, taking: Taking<'_>) -> Result<Option<ReadModelStep>, NotTaken> {
        let Taking { claim, events, step, timeout, .. } = taking;
        let handled = events.iter().map(|event| step.handled.at(event.position));
        let unfinished = if claim.complete { ReadModelState::CatchingUp } else { ReadModelState::Building };
        let (parts, handled): (Box<dyn TargetWork<P::Target>>, _) = if P::BATCHES {
            let batch = Some(EventBatch::new(events.to_vec()));
            (Box::new(HandleBatch { projection: Arc::clone(&self.projection), batch }), vec![step.handled])
        } else {
            let mut decoded = Vec::with_capacity(events.len());
            for index in 0..events.len() {
                decoded.push(decode::<P>(&taking, index)?);
            }
            let parts = decoded.into_iter();
            (Box::new(HandleEach { projection: Arc::clone(&self.projection), parts }), handled.collect())
        };
        let plan = StepPlan::new(step.clone(), handled, unfinished);
        let done = self.store.advance_with(claim, plan.clone(), WorkInTransaction { parts, timeout }).await;
        match done {
            Ok(done) => Ok((done < plan.parts()).then(|| plan.after(done))),
            Err(WorkError::Store(error)) => Err(NotTaken::Store(error)),
            Err(WorkError::Part { .. }) if P::BATCHES && events.len() > 1 => Err(NotTaken::TooMany),
            Err(WorkError::Part { index, source }) => {
                // A batch decodes its events by itself. That one cannot be decoded is no failure of its method.
                decode::<P>(&taking, index)?;
                Err(NotTaken::Event { index, cause: source.into() })
            }
        }
    }

    fn forget(&mut self) {}
}

/// Decodes the event `index`, which may be several events today, or none.
fn decode<P: Projection>(taking: &Taking<'_>, index: usize) -> Result<Vec<Recorded<P::Events>>, NotTaken> {
    let mut decoded = Vec::new();
    let mut batch = EventBatch::new(taking.events.get(index).into_iter().cloned().collect());
    let at = |error| NotTaken::Event { index, cause: Cause::from(error) };
    while let Some(event) = batch.try_next().map_err(at)? {
        decoded.push(event);
    }
    Ok(decoded)
}

/// Makes the tables.
struct SetUp<P> {
    projection: Option<Arc<P>>,
}

#[async_trait]
impl<P: Projection> TargetWork<P::Target> for SetUp<P> {
    async fn next(&mut self, target: &mut P::Target) -> Option<Result<(), Fault>> {
        let projection = self.projection.take()?;
        Some(guarded(projection.set_up(target)).await)
    }
}

/// Handles one event after the other.
struct HandleEach<P: Projection> {
    projection: Arc<P>,
    parts: vec::IntoIter<Vec<Recorded<P::Events>>>,
}

#[async_trait]
impl<P: Projection> TargetWork<P::Target> for HandleEach<P> {
    async fn next(&mut self, target: &mut P::Target) -> Option<Result<(), Fault>> {
        let events = self.parts.next()?;
        let handle = async {
            for event in events {
                self.projection.handle(event, target).await?;
            }
            Ok(())
        };
        Some(guarded(handle).await)
    }
}

/// Handles all events at once.
struct HandleBatch<P: Projection> {
    projection: Arc<P>,
    batch: Option<EventBatch<P::Events>>,
}

#[async_trait]
impl<P: Projection> TargetWork<P::Target> for HandleBatch<P> {
    async fn next(&mut self, target: &mut P::Target) -> Option<Result<(), Fault>> {
        let mut batch = self.batch.take()?;
        Some(guarded(self.projection.handle_batch(&mut batch, target)).await)
    }
}

/// Runs code of the application, and takes a panic for an error.
async fn guarded(work: impl Future<Output = Result<(), Fault>> + Send) -> Result<(), Fault> {
    // Unwind safe: after an error the transaction is rolled back.
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|panic| Err(panicked(&*panic)))
}
