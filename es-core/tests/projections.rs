//! The runner of views, over a log whose pages the tests write.

#[path = "shared/empty_log.rs"]
mod empty_log;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use es_core::{
    Checkpoint, EventName, EventStoreExt, Fault, Filter, Page, Position, ReadError, Recorded, SchemaVersion,
    StoredEvent, StreamId, Timestamp, Version, View,
};
use futures_core::stream::BoxStream;
use futures_util::{StreamExt, stream};
use uuid::Uuid;

mod numbers {
    use es_core::{Aggregate, Apply, Event};
    use serde::{Deserialize, Serialize};

    #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[event(name = "counted")]
    pub(crate) struct Counted(pub(crate) u64);

    #[derive(Aggregate, Default)]
    #[aggregate(category = "counter", id = String, events(Counted))]
    pub(crate) struct Counter;

    impl<E> Apply<E> for Counter {
        fn apply(&mut self, _: E) {}
    }
}

use empty_log::{Answers, EmptyLog};
use numbers::{Counted, CounterEvent};

const LONG: Duration = Duration::from_mins(1);
const BEFORE: Uuid = Uuid::from_u128(1);
const AFTER: Uuid = Uuid::from_u128(2);

#[derive(Default)]
struct Seen(Vec<u64>);

impl View for Seen {
    const NAME: &'static str = "seen";
    type Events = CounterEvent;

    fn apply(&mut self, event: Recorded<CounterEvent>) -> Result<(), Fault> {
        let CounterEvent::Counted(Counted(number)) = event.event;
        self.0.push(number);
        Ok(())
    }
}

/// Readers of the log get the pages that the test has written; subscriptions go on without one.
#[derive(Clone, Debug, Default)]
struct Written(Arc<Mutex<Log>>);

#[derive(Debug, Default)]
struct Log {
    pages: VecDeque<Vec<Page>>,
    /// Where each reader began.
    readers: Vec<Checkpoint>,
    subscriptions: usize,
    /// Whether subscriptions end, as no store's do.
    ends: bool,
}

impl Written {
    /// Writes the pages of the next reader.
    fn next(&self, pages: impl IntoIterator<Item = Page>) {
        self.log(|log| log.pages.push_back(pages.into_iter().collect()));
    }

    fn readers(&self) -> Vec<Checkpoint> {
        self.log(|log| log.readers.clone())
    }

    fn log<T>(&self, look: impl FnOnce(&mut Log) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Answers for Written {
    fn read_pages(&self, from: Checkpoint) -> BoxStream<'_, Result<Page, ReadError>> {
        let pages = self.log(|log| {
            log.readers.push(from);
            log.pages.pop_front().unwrap_or_default()
        });
        stream::iter(pages.into_iter().map(Ok)).boxed()
    }

    fn subscribe_pages(&self, _: Checkpoint, _: &Filter) -> BoxStream<'_, Result<Page, ReadError>> {
        let ends = self.log(|log| {
            log.subscriptions += 1;
            log.ends
        });
        if ends { stream::empty().boxed() } else { stream::pending().boxed() }
    }
}

/// A page with an event at each of `positions`, whose number is its position, up to a frontier at `up_to`.
fn page(incarnation: Uuid, positions: impl IntoIterator<Item = u64>, up_to: u64) -> Page {
    let stream = StreamId::new("counter", "1").expect("a stream");
    let events = positions.into_iter().map(|position| {
        StoredEvent::at(stream.clone(), Version::new(position), Position::new(position), Timestamp::UNIX_EPOCH).event(
            Uuid::from_u128(position.into()),
            EventName::from_static("counted").expect("a name"),
            SchemaVersion::FIRST,
            position.to_string(),
            None,
        )
    });
    Page::new(events.collect(), Position::new(up_to), Checkpoint::new(incarnation, Position::new(up_to)))
}

fn at(incarnation: Uuid, position: u64) -> Checkpoint {
    Checkpoint::new(incarnation, Position::new(position))
}

/// A reader for several views reads more than each of them wants, and the events of an aggregate know no name of another category.
#[tokio::test]
async fn a_view_receives_only_what_it_wants() {
    let store = Written::default();
    let projections = EmptyLog(store.clone()).projections();
    let view = projections.live::<Seen>();
    let mut page = page(BEFORE, 1..=3, 3);
    page.events[1].stream = StreamId::new("other", "1").expect("a stream");
    store.next([page]);
    tokio::spawn(projections.run());
    view.not_older_than(at(BEFORE, 3), LONG).await.expect("it catches up");
    assert_eq!(view.read(|seen| seen.0.clone()).expect("it is live"), [1, 3]);
    projections.stop().await;
}

#[tokio::test]
async fn a_view_that_is_ahead_leaves_out_what_it_has_seen() {
    let store = Written::default();
    let projections = EmptyLog(store.clone()).projections();
    let first = projections.live::<Seen>();
    store.next([page(BEFORE, 1..=9, 9)]);
    let running = tokio::spawn(projections.run());
    first.not_older_than(at(BEFORE, 9), LONG).await.expect("it catches up");
    // Read by a server that is a little behind: the second view joins the first at 7.
    store.next([page(BEFORE, 1..=7, 7)]);
    store.next([page(BEFORE, 8..=10, 10)]);
    let second = projections.live::<Seen>();
    second.not_older_than(at(BEFORE, 10), LONG).await.expect("it follows");
    first.not_older_than(at(BEFORE, 10), LONG).await.expect("it follows");
    for view in [first, second] {
        assert_eq!(view.read(|seen| seen.0.clone()).expect("it is live"), (1..=10).collect::<Vec<_>>());
    }
    assert_eq!(store.readers(), [Checkpoint::START, at(BEFORE, 9), Checkpoint::START, at(BEFORE, 7)]);
    projections.stop().await;
    running.await.expect("it ends").expect("it ran");
}

/// The store checks the checkpoint that the reader begins at. A view that is ahead of it may have seen events that the restore lost.
#[tokio::test]
async fn a_view_that_is_ahead_of_what_a_restore_kept_begins_anew() {
    let store = Written::default();
    let projections = EmptyLog(store.clone()).projections();
    let first = projections.live::<Seen>();
    store.next([page(BEFORE, 1..=9, 9)]);
    tokio::spawn(projections.run());
    first.not_older_than(at(BEFORE, 9), LONG).await.expect("it catches up");
    store.next([page(BEFORE, 1..=7, 7)]);
    // Meanwhile the log was restored, and holds the same events up to 7.
    store.next([page(AFTER, [20, 21], 21)]);
    store.next([page(AFTER, (1..=7).chain([20, 21, 22]), 22)]);
    let second = projections.live::<Seen>();
    second.not_older_than(at(AFTER, 22), LONG).await.expect("it follows");
    first.not_older_than(at(AFTER, 22), LONG).await.expect("it begins anew");
    let expected: Vec<_> = (1..=7).chain([20, 21, 22]).collect();
    for view in [first, second] {
        assert_eq!(view.read(|seen| seen.0.clone()).expect("it is live"), expected);
    }
    let begun = store.readers();
    assert_eq!(begun[3..], [at(BEFORE, 7), Checkpoint::START]);
    projections.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_ends_is_begun_again_after_a_pause() {
    let store = Written::default();
    store.log(|log| log.ends = true);
    let projections = EmptyLog(store.clone()).projections();
    let view = projections.live::<Seen>();
    tokio::spawn(projections.run());
    assert!(view.not_older_than(Position::START, LONG).await.is_err());
    let begun = store.log(|log| log.subscriptions);
    // The pauses are 50 ms at first and 5 s at last, or at least half of that.
    assert!((12..=40).contains(&begun), "{begun} subscriptions in a minute");
    projections.stop().await;
}
