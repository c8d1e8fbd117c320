//! Memory: a long log is read in little memory, measured in a child process.

use std::time::Duration;

use es_core::{Checkpoint, Direction, Expected, Filter, NewEvent, Version};
use futures_util::TryStreamExt;

use super::{
    Subject, ensure, ensure_eq,
    subject::{raw, within_timeout},
};
use crate::{
    BrokenPromise, Factory,
    contract::child::{self, Task, peak},
};

/// How many events are read.
const EVENTS: usize = 100_000;
/// How much the peak of memory may grow during the read.
const GROWTH: u64 = 32 * 1024 * 1024;

/// 100,000 events are read while the peak of memory grows by less than 32 MiB.
pub async fn a_hundred_thousand_events_are_read_in_little_memory(_: &dyn Factory) -> Result<(), BrokenPromise> {
    child::run(Task::Read).await
}

/// A subscriber that stalls before 100,000 events makes the peak of memory grow by less than 32 MiB.
pub async fn a_stalled_subscriber_does_not_buffer_the_log(_: &dyn Factory) -> Result<(), BrokenPromise> {
    child::run(Task::Stall).await
}

/// Runs in the child process: reads the log and the stream to their ends.
pub(crate) async fn read(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let (subject, stream) = filled(factory).await?;
    let before = peak::reset()?;
    let mut log = subject.store.read_all(Checkpoint::START, &Filter::all(), None);
    let mut count = 0;
    while log.try_next().await?.is_some() {
        count += 1;
    }
    ensure_eq("the log is read to its end", EVENTS, count)?;
    let mut events = subject.store.read_stream(&stream, Version::MAX, Direction::Backward, None);
    let mut count = 0;
    while events.try_next().await?.is_some() {
        count += 1;
    }
    ensure_eq("the stream is read to its end", EVENTS, count)?;
    peak::ensure_growth_below("reading 100,000 events", before, GROWTH)
}

/// Runs in the child process: subscribes, stalls, and then reads on.
pub(crate) async fn read_stalled(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let (subject, _) = filled(factory).await?;
    let before = peak::reset()?;
    let mut live = subject.store.subscribe(Checkpoint::START, &Filter::all());
    for count in 0..EVENTS {
        if count < 3 {
            // Give a store that reads ahead the time to do so, even on a busy machine.
            peak::wait_until_stable(Duration::from_millis(200)).await?;
        }
        let event = within_timeout("a subscriber that stalled receives the next event", live.try_next()).await??;
        ensure("a subscription does not end", event.is_some(), || format!("it ended after {count} events"))?;
    }
    peak::ensure_growth_below("a stalled subscriber", before, GROWTH)
}

async fn filled(factory: &dyn Factory) -> Result<(Subject, es_core::StreamId), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("long")?;
    let text = "x".repeat(400);
    for thousand in 0..EVENTS / 1_000 {
        let event = |number| raw("sample.long", format!(r#"{{"n":{number},"text":"{text}"}}"#));
        let events = (thousand * 1_000..(thousand + 1) * 1_000).map(event).collect::<Result<Vec<NewEvent>, _>>()?;
        subject.append(&stream, Expected::Any, events).await?;
    }
    Ok((subject, stream))
}
