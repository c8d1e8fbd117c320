//! The store in memory beyond the promises of every store: the caller's clock, `Debug`, and the count of open readers.

use std::{
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use es_core::{
    Append, Checkpoint, Direction, EventName, EventStore, Expected, Filter, NewEvent, Position, SchemaVersion,
    StreamId, Timestamp, Version,
};
use es_memory::MemoryStore;
use uuid::Uuid;

fn append(id: &str, count: usize) -> Append {
    let name = EventName::from_static("noted").expect("a name");
    let event = || NewEvent::from_json(Uuid::now_v7(), name.clone(), SchemaVersion::FIRST, "1").expect("an event");
    let stream = StreamId::new("note", id).expect("a stream");
    Append::new(stream, Expected::Any, (0..count).map(|_| event()).collect())
}

#[tokio::test]
async fn recorded_times_follow_the_callers_clock_and_never_decrease_within_a_stream() {
    let clock = Arc::new(AtomicI64::new(50));
    let shown = Arc::clone(&clock);
    let store = MemoryStore::with_clock(move || Timestamp::from_micros(shown.load(Ordering::SeqCst)).unwrap());
    for (time, a, b) in [(50, 50, 50), (70, 70, 70), (60, 70, 70), (70, 70, 70), (71, 71, 71)] {
        clock.store(time, Ordering::SeqCst);
        let answer =
            store.append(vec![append("a", 1), append("b", 2), append(&time.to_string(), 1)].into()).await.unwrap();
        let recorded: Vec<_> = answer.iter().map(|one| one.recorded_at.unwrap().as_micros()).collect();
        assert_eq!(recorded[..2], [a, b], "at {time}");
    }
    clock.store(10, Ordering::SeqCst);
    let new = store.append(append("new", 1).into()).await.unwrap();
    assert_eq!(new[0].recorded_at, Timestamp::from_micros(10), "a new stream begins at the clock's time");
    assert_eq!(store.append(append("a", 0).into()).await.unwrap()[0].recorded_at, None);
}

#[tokio::test]
async fn debug_shows_the_counts_and_open_readers_are_counted() {
    let store = MemoryStore::new();
    assert_eq!(format!("{store:?}"), "MemoryStore { events: 0, streams: 0 }");
    store.append(vec![append("a", 3), append("b", 1)].into()).await.unwrap();
    assert_eq!(format!("{:?}", store.clone()), "MemoryStore { events: 4, streams: 2 }");
    assert_eq!(store.open_readers(), 0);
    let stream = StreamId::new("note", "a").unwrap();
    let one = store.read_all(Checkpoint::START, &Filter::all(), None);
    let two = store.read_stream(&stream, Version::FIRST, Direction::Forward, Some(0));
    assert_eq!(store.clone().open_readers(), 2, "clones share the log");
    drop((one, two));
    assert_eq!(store.open_readers(), 0);
    let waiting = tokio::time::timeout(std::time::Duration::ZERO, store.changed(Position::new(4).into()));
    assert!(waiting.await.is_err(), "nothing changes");
    assert_eq!(store.open_readers(), 0, "a waiter that was dropped is not counted");
}

#[tokio::test]
async fn a_reader_that_appends_for_each_event_ends() {
    let store = MemoryStore::new();
    let stream = StreamId::new("note", "a").unwrap();
    store.append(append("a", 3).into()).await.unwrap();
    for there in [3_u64, 6] {
        let mut events = store.read_stream(&stream, Version::FIRST, Direction::Forward, None);
        for version in 1..=there {
            let event = poll_fn(|context| events.as_mut().poll_next(context)).await.unwrap().unwrap();
            assert_eq!(event.version, version);
            store.append(append("a", 1).into()).await.unwrap();
        }
        let more = poll_fn(|context| events.as_mut().poll_next(context)).await;
        assert!(more.is_none(), "events that were appended since are for the next reader");
    }
}
