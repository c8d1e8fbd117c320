//! Memory: a log of any length is read in little memory. Measured in a process of its own.

use std::time::Duration;

use es_core::{Checkpoint, Direction, Expected, Filter, NewEvent, Version};
use futures_util::TryStreamExt;

use super::{
    Subject, held, same,
    subject::{patiently, raw},
};
use crate::{
    BrokenPromise, Factory,
    contract::child::{self, Task, peak},
};

/// How many events are read.
const EVENTS: usize = 100_000;
/// How much the peak of memory may grow meanwhile.
const GROWTH: u64 = 32 * 1024 * 1024;

/// 100,000 events are read while the peak of memory grows by less than 32 MiB.
pub async fn a_hundred_thousand_events_are_read_in_little_memory(_: &dyn Factory) -> Result<(), BrokenPromise> {
    child::run(Task::Read).await
}

/// A subscriber that stalls in front of 100,000 events holds up no more than that.
pub async fn a_stalled_subscriber_is_not_fed_from_memory(_: &dyn Factory) -> Result<(), BrokenPromise> {
    child::run(Task::Stall).await
}

/// In the child: reads the log and the stream to their ends.
pub(crate) async fn read(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let (subject, stream) = filled(factory).await?;
    let before = peak::reset()?;
    let mut log = subject.store.read_all(Checkpoint::START, &Filter::all(), None);
    let mut count = 0;
    while log.try_next().await?.is_some() {
        count += 1;
    }
    same("the log is read to its end", EVENTS, count)?;
    let mut events = subject.store.read_stream(&stream, Version::MAX, Direction::Backward, None);
    let mut count = 0;
    while events.try_next().await?.is_some() {
        count += 1;
    }
    same("the stream is read to its end", EVENTS, count)?;
    peak::grew_less("reading 100,000 events", before, GROWTH)
}

/// In the child: subscribes, stalls, and then goes on.
pub(crate) async fn stall(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let (subject, _) = filled(factory).await?;
    let before = peak::reset()?;
    let mut live = subject.store.subscribe(Checkpoint::START, &Filter::all());
    for count in 0..EVENTS {
        if count < 3 {
            // whoever reads ahead is given the time to, on a busy machine too
            peak::stands_still(Duration::from_millis(200)).await?;
        }
        let event = patiently("a subscriber that stalled goes on", live.try_next()).await??;
        held("a subscription does not end", event.is_some(), || format!("it ended after {count} events"))?;
    }
    peak::grew_less("a stalled subscriber", before, GROWTH)
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
