//! The reading builder: which events, from where, in which direction.

#![cfg(feature = "memory")]

use std::sync::Arc;

use es::{Checkpoint, Filter, Position, ReadError, Reader, StoredEvent, StreamId, Version, prelude::*};
use uuid::Uuid;

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "counted")]
struct Counted {
    by: u64,
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "named")]
struct Named {
    name: String,
}

/// An event that becomes as many events as it says.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "several")]
struct Several {
    times: u64,
}

#[derive(Aggregate, Default)]
#[aggregate(category = "counter", id = String, events(Counted, Named), retired(Several))]
struct Counter;

impl Retired<Counter> for Several {
    fn successors(self) -> impl IntoEvents<Counter> {
        (1..=self.times).map(|by| Counted { by }).collect::<Vec<_>>()
    }
}

#[es::apply]
impl Counter {
    fn counted(&mut self, _: Counted) {}
    fn named(&mut self, _: Named) {}
}

/// The previous release.
mod before {
    use es::prelude::*;

    #[derive(Aggregate, Default)]
    #[aggregate(category = "counter", id = String, events(super::Several))]
    pub(crate) struct Counter;

    impl Apply<super::Several> for Counter {
        fn apply(&mut self, _: super::Several) {}
    }
}

#[derive(Aggregate, Default)]
#[aggregate(category = "gauge", id = String, events(Counted))]
struct Gauge;

impl Apply<Counted> for Gauge {
    fn apply(&mut self, _: Counted) {}
}

#[derive(EventSet, Debug, PartialEq)]
#[event_set(of(Counter, Gauge))]
enum Counts {
    Counted(Counted),
}

#[derive(EventSet, Debug, PartialEq)]
#[event_set(of(Counter))]
enum Names {
    Named(Named),
}

/// A store with these positions: counter/a has 1 counted, 3 named, 4 three at once, 5 none at once; gauge/a has 2 counted.
async fn written() -> Arc<dyn EventStore> {
    let store = es::connect("memory:").await.expect("a store");
    let (counters, gauges) = (store.repository::<Counter>(), store.repository::<Gauge>());
    let id = "a".to_owned();
    counters.update(&id, |_| Counted { by: 10 }).await.expect("stored");
    gauges.update(&id, |_| Counted { by: 20 }).await.expect("stored");
    counters.update(&id, |_| Named { name: "n".into() }).await.expect("stored");
    let mut root = Root::<before::Counter>::new(id).expect("a root");
    for (version, times) in [(2, 3), (3, 0)] {
        root.record(Several { times });
        let mut append = root.to_append().expect("an append");
        append.expected = es::Expected::Exact(Version::new(version));
        store.append(append.into()).await.expect("stored");
        root = Root::new("a".to_owned()).expect("a root");
    }
    store
}

fn positions(events: &[StoredEvent]) -> Vec<u64> {
    events.iter().map(|event| event.position.get()).collect()
}

async fn all<T>(reader: Reader<'_, T>) -> Vec<T> {
    reader.try_collect().await.expect("every event is read")
}

#[tokio::test]
async fn each_builder_method_narrows_the_reading() {
    let store = written().await;
    let stored = || store.stored_events();
    let read = async |reader| positions(&all(reader).await);
    assert_eq!(read(stored().read()).await, [1, 2, 3, 4, 5]);
    assert_eq!(read(stored().after(Position::new(2)).read()).await, [3, 4, 5]);
    assert_eq!(read(stored().limit(2).read()).await, [1, 2]);
    assert_eq!(read(stored().limit(0).read()).await, [0; 0]);
    assert_eq!(read(stored().category("gauge").read()).await, [2]);
    assert_eq!(read(stored().category("gauge").category("counter").read()).await, [1, 2, 3, 4, 5]);
    assert_eq!(read(stored().event::<Named>().read()).await, [3]);
    assert_eq!(read(stored().event::<Named>().event::<Counted>().category("counter").read()).await, [1, 3]);
    let slice = StreamId::new("gauge", "a").expect("a stream").slice();
    assert_eq!(read(stored().slices(slice..=slice).read()).await, [2]);
    let filter = Filter::all().category("counter").name("counted");
    assert_eq!(read(stored().filter(&filter).read()).await, [1]);
    assert_eq!(read(stored().filter(&filter).category("gauge").read()).await, [0; 0], "both narrow");
    assert_eq!(read(stored().filter(&filter).filter(&Filter::all().name("named")).read()).await, [0; 0]);
}

#[tokio::test]
async fn an_event_set_narrows_a_filter() {
    let store = written().await;
    let read = async |reader: Reader<'_, Recorded<Counts>>| -> Vec<(u64, u32)> {
        all(reader).await.iter().map(|event| (event.position.get(), event.part)).collect()
    };
    let counts = || store.events::<Counts>();
    let everything = [(1, 0), (2, 0), (4, 0), (4, 1), (4, 2)];
    assert_eq!(read(counts().read()).await, everything);
    assert_eq!(read(counts().filter(&Filter::all()).read()).await, everything);
    assert_eq!(read(counts().category("gauge").read()).await, [(2, 0)]);
    assert_eq!(read(counts().category("other").read()).await, []);
    let impossible = counts().category("cou\0nter").read().try_next().await;
    assert!(matches!(impossible, Err(ReadError::Filter(_))), "what no event can have is refused: {impossible:?}");
    assert_eq!(read(counts().event::<Named>().read()).await, []);
    assert_eq!(read(counts().limit(3).read()).await, everything, "a limit counts stored events");
    assert_eq!(read(counts().backward().limit(3).read()).await, [(4, 0), (4, 1), (4, 2), (2, 0)]);
}

#[tokio::test]
async fn backward_is_bounded_on_both_sides() {
    let store = written().await;
    let backward = || store.stored_events().backward();
    let read = async |reader| positions(&all(reader).await);
    assert_eq!(read(backward().read()).await, [5, 4, 3, 2, 1]);
    assert_eq!(read(backward().before(Position::new(4)).limit(2).read()).await, [3, 2]);
    assert_eq!(read(backward().after(Position::new(2)).before(Position::new(5)).read()).await, [4, 3]);
    assert_eq!(read(store.stored_events().after(Position::new(4)).backward().read()).await, [5]);
    assert_eq!(read(backward().after(Position::new(5)).read()).await, [0; 0]);

    let mut reader = backward().limit(2).read();
    while reader.try_next().await.expect("read").is_some() {}
    assert_eq!(read(backward().before(reader.checkpoint()).read()).await, [3, 2, 1]);
}

#[tokio::test]
async fn a_checkpoint_of_another_log_is_refused_by_every_reading() {
    let store = written().await;
    let other = Checkpoint::new(Uuid::from_u128(7), Position::new(2));
    let refused = async |mut reader: Reader<'_, StoredEvent>| {
        assert!(matches!(reader.try_next().await, Err(ReadError::Restored { .. })));
        assert!(reader.next().await.is_none(), "an error is the last answer");
    };
    refused(store.stored_events().after(other).read()).await;
    refused(store.stored_events().after(other).subscribe()).await;
    refused(store.stored_events().after(other).owned().subscribe()).await;
    refused(store.stored_events().after(other).backward().read()).await;
    refused(store.stored_events().backward().before(other).read()).await;
}

#[tokio::test]
async fn a_reader_goes_on_from_the_checkpoint_of_another() {
    let store = written().await;
    let mut reader = store.events::<Counts>().read();
    let mut places = vec![reader.checkpoint().position().get()];
    assert!(!reader.is_live());
    while let Some(event) = reader.try_next().await.expect("read") {
        // Another reader goes on from here. It gives all other events, and an event again whose last part was not given.
        let rest = all(store.events::<Counts>().after(reader.checkpoint()).read()).await;
        let again = rest.iter().find(|later| (later.position, later.part) <= (event.position, event.part));
        assert_eq!(again.is_some(), event.position == 4 && event.part < 2);
        places.push(reader.checkpoint().position().get());
    }
    // The checkpoint is behind the event at 4 once its last part is given. The event at 5 has no successor and is passed.
    assert_eq!(places, [0, 1, 2, 2, 2, 4]);
    assert_eq!(reader.checkpoint().position().get(), 5);
    assert!(reader.is_live() && reader.checkpoint().incarnation().is_some());

    let mut names = store.events::<Names>().after(Position::new(3)).read();
    assert!(names.try_next().await.expect("read").is_none());
    assert_eq!(names.checkpoint().position().get(), 5, "its filter accepts nothing up to there");
}

#[tokio::test]
async fn a_reader_that_owns_its_store_outlives_the_function() {
    async fn live(kept: Checkpoint) -> (Arc<dyn EventStore>, Reader<'static, Recorded<Counts>>) {
        let store = written().await;
        let reader = store.events::<Counts>().after(kept).owned().subscribe();
        (store, reader)
    }
    let (store, mut reader) = live(Position::new(4).into()).await;
    let waiting = tokio::spawn(async move { reader.try_next().await });
    store.repository::<Gauge>().update(&"b".to_owned(), |_| Counted { by: 30 }).await.expect("stored");
    let event = waiting.await.expect("no panic").expect("read").expect("a subscription does not end");
    assert_eq!((event.position.get(), event.event), (6, Counts::Counted(Counted { by: 30 })));
}

#[tokio::test]
async fn a_stream_is_read_in_both_directions() {
    let store = written().await;
    let id = StreamId::new("counter", "a").expect("a stream");
    let versions = async |from: Option<u64>, backward: bool, limit: Option<usize>| -> Vec<u64> {
        let mut reading = store.stream(&id);
        if let Some(from) = from {
            reading = reading.from(Version::new(from));
        }
        if backward {
            reading = reading.backward();
        }
        if let Some(limit) = limit {
            reading = reading.limit(limit);
        }
        let read: Vec<_> = reading.owned().read().try_collect().await.expect("every event is read");
        read.iter().map(|event| event.version.get()).collect()
    };
    assert_eq!(versions(None, false, None).await, [1, 2, 3, 4]);
    assert_eq!(versions(Some(3), false, None).await, [3, 4]);
    assert_eq!(versions(None, true, Some(2)).await, [4, 3]);
    assert_eq!(versions(Some(2), true, None).await, [2, 1]);

    let typed = store.stream(&id).events::<CounterEvent>().from(Version::new(3)).read();
    let typed: Vec<_> = typed.try_collect().await.expect("every event is read");
    let found: Vec<_> = typed.iter().map(|event| (event.version.get(), event.part)).collect();
    assert_eq!(found, [(3, 0), (3, 1), (3, 2)]);

    let mut foreign = store.stream(&id).events::<GaugeEvent>().read();
    assert!(matches!(foreign.try_next().await, Err(ReadError::Decode { .. })));
    assert!(foreign.next().await.is_none(), "an error is the last answer");
}
