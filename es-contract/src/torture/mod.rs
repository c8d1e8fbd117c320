//! Torture: runs random writers, subscribers and faults for some seconds, and then checks every answer against the log.
//!
//! ```
//! # use std::sync::Arc;
//! # use es_contract::{BrokenPromise, torture::{self, Plan}};
//! # async fn example(store: Arc<dyn es_core::EventStore>) -> Result<(), BrokenPromise> {
//! let (history, log) = torture::run(Plan::from_env(vec![store])?).await?;
//! torture::check(&history, &log).into_result()?;
//! # Ok(())
//! # }
//! ```
//!
//! The seed is printed. `TORTURE_SEED` draws the same operations again, but tasks may interleave differently. A run lasts half a
//! second, 5 seconds with `ES_FIRE=full`, or `ES_FIRE_SECONDS`.

mod check;
mod history;
mod plan;
mod subscriber;
mod writer;

use std::{
    io::{self, Write},
    sync::Arc,
    time::Instant,
};

use es_core::{Append, Checkpoint, EventName, EventStore, Expected, Filter, NewEvent, SchemaVersion, StreamId};
use es_testing::FaultyStore;
use futures_util::{TryStreamExt, future::join_all};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use uuid::Uuid;

pub use check::{Breach, Report, check};
pub use history::{Attempt, AttemptOutcome, FinalLog, History, Seen};
pub use plan::Plan;

use crate::{
    BrokenPromise,
    promises::subject::{one_partition, task_result},
};

/// The name of the event after which subscribers stop.
const END: &str = "torture.end";

/// Tortures the store of `plan`, and gives what was sent and seen, and the log at the end.
///
/// # Errors
/// The store could not be read at the end, it has several partitions, or a task panicked. Rules that [`check`] checks are not
/// checked here.
pub async fn run(plan: Plan) -> Result<(History, FinalLog), BrokenPromise> {
    plan.handles.iter().try_for_each(one_partition)?;
    // Written to stderr directly: the captured output of a test is shown only when it fails.
    let told = writeln!(io::stderr().lock(), "torture: TORTURE_SEED={} for {:?}", plan.seed, plan.duration);
    told.map_err(|error| BrokenPromise::new("the seed is printed", error.to_string()))?;
    let plan = Arc::new(plan);
    let end = Instant::now() + plan.duration;
    let subscribers: Vec<_> =
        (0..plan.subscribers).map(|number| tokio::spawn(subscriber::follow(Arc::clone(&plan), number))).collect();
    let writers = (0..plan.writers).map(|number| tokio::spawn(writer::write(Arc::clone(&plan), number, end)));
    let mut attempts = Vec::new();
    for writer in join_all(writers).await {
        attempts.extend(task_result(writer)?);
    }
    attempts.push(append_the_end(&plan).await?);
    let mut seen = Vec::new();
    for subscriber in subscribers {
        let task = tokio::time::timeout(plan.patience, subscriber).await;
        let task =
            task.map_err(|_| BrokenPromise::new("every subscriber reaches the end of the log", "one did not"))?;
        seen.push(task_result(task)??);
    }
    let events = plan.handles[0].read_all(Checkpoint::START, &Filter::all(), None).try_collect().await?;
    Ok((History { seed: plan.seed, attempts, subscribers: seen }, FinalLog { events }))
}

async fn append_the_end(plan: &Plan) -> Result<Attempt, BrokenPromise> {
    let event = NewEvent::from_json(Uuid::now_v7(), EventName::from_static(END)?, SchemaVersion::FIRST, "null")?;
    let appends = vec![Append::new(StreamId::new("torture", "end")?, Expected::Any, vec![event])];
    let answer = plan.handles[0].append(appends.clone().into()).await?;
    Ok(Attempt { appends, outcome: AttemptOutcome::Acknowledged(answer) })
}

/// A handle behind the faults of the plan, for the task `number`, and the random numbers of that task.
fn faulty(plan: &Plan, number: u64) -> (FaultyStore<Arc<dyn EventStore>>, StdRng) {
    let mut random = StdRng::seed_from_u64(plan.seed ^ (number << 32));
    let handle = random.random_range(0..plan.handles.len());
    let store = FaultyStore::new(Arc::clone(&plan.handles[handle]), random.random());
    (plan.faults.map_or(store.clone(), |faults| faults(store)), random)
}
