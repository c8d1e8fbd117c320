//! Global order: every reader sees exactly the log, once and in order, whatever writers do.

use std::{collections::HashMap, sync::Arc, time::Duration};

use es_core::{Append, Checkpoint, Direction, EventStore, Expected, Filter, Position, StoredEvent, StreamId};
use futures_util::{StreamExt, TryStreamExt, future::join_all};
use tokio::task::JoinHandle;

use super::{
    Subject, ensure, ensure_eq, note, notes,
    subject::{collect, ids, raw, task_result, versions, within_timeout},
};
use crate::{BrokenPromise, Factory};

/// Positions are unique and rise in the order of the log.
pub async fn positions_are_unique_and_rise(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    joined_all(writers(&subject, 8, 30).await?).await?;
    let log = subject.log().await?;
    ensure_eq("every acknowledged event is in the log", 8 * 30, log.len())?;
    rising(&log)
}

/// The order of each stream is that of the log.
pub async fn the_order_of_a_stream_is_that_of_the_log(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    joined_all(writers(&subject, 6, 40).await?).await?;
    let mut streams: HashMap<StreamId, Vec<StoredEvent>> = HashMap::new();
    for event in subject.log().await? {
        streams.entry(event.stream.clone()).or_default().push(event);
    }
    for (stream, events) in streams {
        let expected: Vec<u64> = (1..=events.len() as u64).collect();
        ensure_eq("within a stream the log runs through its versions", expected, versions(&events))?;
        ensure_eq("a stream holds its events of the log", &events, &subject.events(&stream).await?)?;
    }
    Ok(())
}

/// A read from a position gives the events above it, without the one at it.
pub async fn the_log_is_read_from_any_position(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    mixed(&subject, 40).await?;
    let log = subject.log().await?;
    for (read, event) in (1..).zip(&log) {
        let rest = collect(subject.store.read_all(event.position.into(), &Filter::all(), None)).await?;
        ensure_eq("what is read after a position is the rest of the log", log.get(read..), rest.get(..))?;
    }
    Ok(())
}

/// A filter, and an independent function of category and name that accepts the same events.
type Wanted = (Filter, fn(&str, &str) -> bool);

/// A filter by category gives the events of its categories, in order.
pub async fn a_filter_by_category_gives_its_events(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let one: Wanted = (Filter::all().category("order"), |category, _| category == "order");
    let both: Wanted = (Filter::all().category("order").category("sample"), |_, _| true);
    filtered(factory, &[one, both]).await
}

/// A filter by name gives the events of its names, in order.
pub async fn a_filter_by_name_gives_its_events(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let one: Wanted = (Filter::all().name("kind.1"), |_, name| name == "kind.1");
    let two: Wanted = (Filter::all().name("kind.0").name("kind.2"), |_, name| name != "kind.1");
    filtered(factory, &[one, two]).await
}

/// A filter by category and name gives the events that meet both.
pub async fn a_filter_by_category_and_name_gives_events_that_match_both(
    factory: &dyn Factory,
) -> Result<(), BrokenPromise> {
    filtered(
        factory,
        &[
            (Filter::all().category("order").name("kind.1"), |category, name| category == "order" && name == "kind.1"),
            (Filter::all().name("kind.0").name("kind.2").category("sample"), |category, name| {
                category == "sample" && name != "kind.1"
            }),
            (Filter::all().category("nothing").name("kind.1"), |_, _| false),
            (Filter::all().category("order").name("kind"), |_, _| false),
        ],
    )
    .await
}

async fn filtered(factory: &dyn Factory, filters: &[Wanted]) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    mixed(&subject, 120).await?;
    let log = subject.log().await?;
    for (filter, wanted) in filters {
        let expected = accepted(&log, *wanted);
        let seen = collect(subject.store.read_all(Checkpoint::START, filter, None)).await?;
        ensure_eq("a filter gives exactly what it accepts, in order", &expected, &seen)?;
        let live = subject.store.subscribe(Checkpoint::START, filter).take(expected.len());
        let live = within_timeout("a subscription gives the events", collect(live)).await??;
        ensure_eq("a subscription's filter does too", &expected, &live)?;
        let some = expected.len() / 2;
        let limited = collect(subject.store.read_all(Checkpoint::START, filter, Some(some))).await?;
        ensure_eq("a limit counts the events that the filter accepts", expected.get(..some), limited.get(..))?;
    }
    Ok(())
}

/// The log is the same in pages of any size.
pub async fn pages_of_any_size_give_the_same_log(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    mixed(&subject, 90).await?;
    let log = subject.log().await?;
    let wanted: [Wanted; 2] =
        [(Filter::all(), |_, _| true), (Filter::all().category("order"), |category, _| category == "order")];
    for (filter, wanted) in wanted {
        let expected = accepted(&log, wanted);
        for size in [1, 2, 7, 89, 90, 91] {
            let (mut seen, mut after) = (Vec::new(), Position::START);
            while seen.len() <= expected.len() {
                let page = collect(subject.store.read_all(after.into(), &filter, Some(size))).await?;
                let Some(last) = page.last() else { break };
                after = last.position;
                seen.extend(page);
            }
            ensure_eq(&format!("pages of {size} give the same log"), ids(&expected), ids(&seen))?;
        }
    }
    Ok(())
}

/// A filter that accepts one event in thousands finds it, however many events are before it.
pub async fn a_sparse_filter_still_advances(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("hay")?;
    let filter = Filter::all().category("needle");
    let needle = subject.fresh.stream("needle", "1")?;
    let mut live = subject.store.subscribe(Checkpoint::START, &filter);
    let mut needles = Vec::new();
    for _ in 0..2 {
        for thousand in 0..6 {
            subject.append(&stream, Expected::Any, notes(thousand..thousand + 1_000)?).await?;
        }
        let event = note(0)?;
        subject.append(&needle, Expected::Any, vec![event.clone()]).await?;
        needles.push(event.id());
        let seen = within_timeout("a subscription with a sparse filter advances", live.next()).await?.transpose()?;
        ensure_eq("a subscription with a sparse filter finds its event", Some(event.id()), seen.map(|event| event.id))?;
    }
    let seen = collect(subject.store.read_all(Checkpoint::START, &filter, None)).await?;
    ensure_eq("a read with a sparse filter finds its events", &needles, &ids(&seen))?;
    let first = collect(subject.store.read_all(Checkpoint::START, &filter, Some(1))).await?;
    ensure_eq(
        "a read with a sparse filter and a limit finds its event",
        needles[0],
        first.first().map_or(uuid::Uuid::nil(), |event| event.id),
    )
}

/// No event is above the last possible position, and that position is not taken for the start. The same holds for versions. The
/// highest possible limit limits nothing.
pub async fn no_event_is_above_the_last_possible_position(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("full")?;
    subject.fill(&stream, 5).await?;
    let all = Filter::all();
    let filters = [all.clone(), all.clone().category("sample"), all.clone().name("sample.noted")];
    for number in [1 << 53, i64::MAX.cast_unsigned() - 1, i64::MAX.cast_unsigned(), 1 << 63, u64::MAX - 1, u64::MAX] {
        for filter in &filters {
            let above = collect(subject.store.read_all(Position::new(number).into(), filter, None)).await?;
            ensure_eq(&format!("events above position {number}"), 0, above.len())?;
        }
        let forward = subject.read(&stream, number, Direction::Forward, None).await?;
        ensure_eq(&format!("events from version {number} on"), 0, forward.len())?;
        let backward = subject.read(&stream, number, Direction::Backward, None).await?;
        ensure_eq(&format!("events back from version {number}"), vec![5, 4, 3, 2, 1], versions(&backward))?;
    }
    let unlimited = collect(subject.store.read_all(Checkpoint::START, &all, Some(usize::MAX))).await?;
    ensure_eq("events of the highest limit", 5, unlimited.len())?;
    let unlimited = subject.read(&stream, 1, Direction::Forward, Some(usize::MAX)).await?;
    ensure_eq("events of a stream of the highest limit", 5, unlimited.len())
}

/// The frontier never moves back, and it reaches every acknowledged event.
pub async fn the_frontier_never_moves_back(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let tasks = writers(&subject, 8, 30).await?;
    let (mut before, mut last) = (Position::START, Position::START);
    while tasks.iter().any(|task| !task.is_finished()) {
        let frontier = subject.frontier().await?;
        ensure("the frontier never moves back", frontier >= before, || format!("{frontier} after {before}"))?;
        before = frontier;
        tokio::task::yield_now().await;
    }
    for acknowledged in joined_all(tasks).await? {
        last = last.max(acknowledged.into_iter().max().unwrap_or_default());
    }
    let reached = within_timeout("the frontier reaches the acknowledged events", async {
        while subject.frontier().await? < last {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        subject.frontier().await
    });
    let (reached, log) = (reached.await??, subject.log().await?);
    ensure_eq("the frontier is at the end of the log", log.last().map(|event| event.position), Some(reached))
}

/// Nothing above the frontier is delivered, and nothing at or below it appears later.
pub async fn nothing_appears_below_the_frontier(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let tasks = writers(&subject, 8, 30).await?;
    let mut seen_below: Vec<(Position, usize)> = Vec::new();
    while tasks.iter().any(|task| !task.is_finished()) {
        let frontier = subject.frontier().await?;
        let log = subject.log().await?;
        seen_below.push((frontier, log.iter().filter(|event| event.position <= frontier).count()));
        let (last, above) = (log.last().map(|event| event.position).unwrap_or_default(), subject.frontier().await?);
        ensure("nothing above the frontier is delivered", last <= above, || format!("{last} above {above}"))?;
        tokio::task::yield_now().await;
    }
    joined_all(tasks).await?;
    let log = subject.log().await?;
    for (frontier, count) in seen_below {
        let now = log.iter().filter(|event| event.position <= frontier).count();
        ensure_eq(&format!("nothing appears at or below {frontier} after it was the frontier"), count, now)?;
    }
    Ok(())
}

/// While eight writers append, subscribers that start anywhere, with any filter, see exactly the log.
pub async fn every_subscriber_sees_exactly_the_log(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    mixed(&subject, 30).await?;
    let start = subject.frontier().await?;
    let before = subject.log().await?;
    let middle = before.get(before.len() / 2).map(|event| event.position).unwrap_or_default();
    let filters: [Wanted; 4] = [
        (Filter::all(), |_, _| true),
        (Filter::all().category("order"), |category, _| category == "order"),
        (Filter::all().name("kind.1"), |_, name| name == "kind.1"),
        (Filter::all().name("kind.1").category("order"), |category, name| category == "order" && name == "kind.1"),
    ];
    let mut subscribers = Vec::new();
    for after in [Position::START, middle, start] {
        for (filter, wanted) in &filters {
            let store = subject.another_handle().await?;
            subscribers.push((after, *wanted, until_the_end(store, after, filter.clone())));
        }
    }
    joined_all(writers(&subject, 8, 40).await?).await?;
    the_end(&subject).await?;
    let log = subject.log().await?;
    for (after, wanted, subscriber) in subscribers {
        let seen = within_timeout("a subscriber reaches the end", subscriber).await?;
        let expected: Vec<_> = accepted(&log, wanted).into_iter().filter(|event| event.position > after).collect();
        ensure_eq("a subscriber sees exactly the log, once, in order", ids(&expected), ids(&task_result(seen)??))?;
    }
    Ok(())
}

/// Subscribers see every event although writers conflict or are cancelled.
pub async fn failed_writers_hide_no_event_from_subscribers(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let subscriber = until_the_end(subject.another_handle().await?, Position::START, Filter::all());
    let hot = subject.stream("hot")?;
    let tasks = (0..8_u64).map(|writer| {
        let (store, stream) = (Arc::clone(&subject.store), hot.clone());
        tokio::spawn(async move {
            for round in 0..40 {
                let expected = if round % 2 == 0 { Expected::NoStream } else { Expected::Any };
                let append = vec![Append::new(stream.clone(), expected, notes(writer..writer + 3)?)];
                // Cancelled after some microseconds, or never. A conflict is as good as a success.
                let patience = Duration::from_micros(if round % 3 == 0 { writer * 50 } else { 5_000_000 });
                let outcome = tokio::time::timeout(patience, store.append(append.into())).await;
                drop(outcome);
            }
            Ok::<_, BrokenPromise>(())
        })
    });
    joined_all(tasks.collect()).await?;
    the_end(&subject).await?;
    let seen = within_timeout("the subscriber reaches the end", subscriber).await?;
    ensure_eq("the subscriber sees exactly the log", ids(&subject.log().await?), ids(&task_result(seen)??))
}

fn rising(log: &[StoredEvent]) -> Result<(), BrokenPromise> {
    ensure("positions rise in the order of the log", log.is_sorted_by(|a, b| a.position < b.position), || {
        format!("{:?}", log.iter().map(|event| event.position.get()).collect::<Vec<_>>())
    })
}

fn accepted(log: &[StoredEvent], wanted: fn(&str, &str) -> bool) -> Vec<StoredEvent> {
    log.iter().filter(|event| wanted(event.stream.category(), &event.name)).cloned().collect()
}

/// Appends events of three names in two categories, one in each append.
async fn mixed(subject: &Subject, count: usize) -> Result<(), BrokenPromise> {
    for number in 0..count {
        let category = ["sample", "order"][number % 2];
        let stream = subject.fresh.stream(category, &(number % 5).to_string())?;
        let event = raw(["kind.0", "kind.1", "kind.2"][number % 3], number.to_string())?;
        subject.append(&stream, Expected::Any, vec![event]).await?;
    }
    Ok(())
}

/// Spawns `count` tasks that append `each` events over five streams, some of them to two streams at once, and give the positions.
async fn writers(
    subject: &Subject,
    count: u64,
    each: u64,
) -> Result<Vec<JoinHandle<Result<Vec<Position>, BrokenPromise>>>, BrokenPromise> {
    let handles = [Arc::clone(&subject.store), subject.another_handle().await?];
    let streams: Vec<_> = (0..5)
        .map(|number| subject.fresh.stream(["sample", "order"][number % 2], &format!("w{number}")))
        .collect::<Result<_, _>>()?;
    let writer = |writer: u64| {
        let store = Arc::clone(&handles[usize::from(writer.is_multiple_of(2))]);
        let streams = streams.clone();
        tokio::spawn(async move {
            let mut positions = Vec::new();
            for number in (0..each).step_by(2) {
                let place = usize::try_from(writer + number).unwrap_or_default();
                let (one, other) = (&streams[place % 5], &streams[(place + 1) % 5]);
                let event =
                    |kind: u64| raw(["kind.0", "kind.1"][usize::from(kind.is_multiple_of(3))], number.to_string());
                let (first, second) = (event(number)?, event(writer)?);
                let appends = if number % 3 == 0 {
                    vec![
                        Append::new(one.clone(), Expected::Any, vec![first]),
                        Append::new(other.clone(), Expected::Any, vec![second]),
                    ]
                } else {
                    vec![Append::new(one.clone(), Expected::Any, vec![first, second])]
                };
                positions
                    .extend(store.append(appends.into()).await?.into_iter().flat_map(|appended| appended.positions));
                tokio::task::yield_now().await;
            }
            Ok(positions)
        })
    };
    Ok((0..count).map(writer).collect())
}

/// Appends the event that tells subscribers of [`until_the_end`] to stop; every filter here accepts it.
async fn the_end(subject: &Subject) -> Result<(), BrokenPromise> {
    let stream = subject.fresh.stream("order", "the-end")?;
    subject.append(&stream, Expected::NoStream, vec![raw("kind.1", "\"the end\"")?]).await?;
    Ok(())
}

fn until_the_end(
    store: Arc<dyn EventStore>,
    after: Position,
    filter: Filter,
) -> JoinHandle<Result<Vec<StoredEvent>, BrokenPromise>> {
    tokio::spawn(async move {
        let mut live = store.subscribe(after.into(), &filter);
        let mut seen = Vec::new();
        while let Some(event) = live.try_next().await? {
            let end = event.stream.id() == "the-end";
            seen.push(event);
            if end {
                break;
            }
        }
        Ok(seen)
    })
}

async fn joined_all<T>(tasks: Vec<JoinHandle<Result<T, BrokenPromise>>>) -> Result<Vec<T>, BrokenPromise> {
    join_all(tasks).await.into_iter().map(|task| task_result(task)?).collect()
}
