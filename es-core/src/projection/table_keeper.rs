//! The keeper of a projection that writes to a target.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration, vec};

use async_trait::async_trait;
use futures_util::FutureExt;
use tokio::time::Instant;

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
    /// The most events of a batch.
    most: usize,
}

/// The most events of a batch, where the store lets a step take any time.
const MOST: usize = 1_000;

impl<P, S> TableKeeper<P, S> {
    pub(crate) fn new(projection: P, store: S) -> Self {
        Self { projection: Arc::new(projection), store, most: MOST }
    }
}

impl<P, S: Transactions> TableKeeper<P, S> {
    /// Notes how long a batch took, so that the next one takes as long as it may.
    fn took(&mut self, time: Duration) {
        let Some(limit) = self.store.step_time() else { return };
        if time > limit {
            self.most = (self.most / 2).max(1);
        } else if time < limit / 2 {
            self.most = (self.most * 2).min(MOST);
        }
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
        if P::BATCHES && events.len() > self.most {
            return Err(NotTaken::TooMany);
        }
        let began = Instant::now();
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
        if P::BATCHES {
            self.took(began.elapsed());
        }
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
        Some(guarded(async { projection.set_up(target).await }).await)
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
        Some(guarded(async { self.projection.handle_batch(&mut batch, target).await }).await)
    }
}

/// Runs code of the application, and takes a panic for an error.
async fn guarded(work: impl Future<Output = Result<(), Fault>> + Send) -> Result<(), Fault> {
    // Unwind safe: after an error the transaction is rolled back.
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|panic| Err(panicked(&*panic)))
}
