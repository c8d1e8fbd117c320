//! Snapshots of the faulty store.

use std::sync::Arc;

use es_contract::BrokenPromise;
use es_core::{
    Append, AsOf, Direction, EventName, EventStore, Expected, NewEvent, SchemaVersion, SnapshotError, Snapshots,
    StoreErrorKind, StoredSnapshot, StreamId, Version,
};
use es_memory::MemoryStore;
use es_testing::FaultyStore;
use futures_util::TryStreamExt;
use uuid::Uuid;

use crate::{EventsAlone, passes_on};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn snapshots_of_the_inner_store_are_passed_on() -> Result<(), BrokenPromise> {
    passes_on("snapshots").await
}

#[tokio::test]
async fn no_snapshots_are_offered_where_the_inner_store_has_none() {
    let memory = MemoryStore::new();
    let snapshot = snapshot(&memory).await;
    let store = FaultyStore::new(EventsAlone(memory), 1);
    assert!(store.snapshots().is_none() && store.capabilities().snapshots.is_none());
    assert!(Arc::new(store.clone()).snapshots().is_none());
    // Calling the trait directly gives an error.
    for error in [
        Snapshots::store(&store, snapshot.clone()).await.unwrap_err(),
        Snapshots::nearest(&store, &snapshot.stream, "1", AsOf::Newest).await.unwrap_err(),
    ] {
        assert_eq!(kind(&error), Some(StoreErrorKind::Misconfigured), "{error:?}");
    }
}

#[tokio::test]
async fn finding_a_snapshot_fails_with_the_chance_of_reads() {
    let memory = MemoryStore::new();
    let snapshot = snapshot(&memory).await;
    let store = FaultyStore::new(memory, 1).read_errors(1.0);
    let snapshots = store.snapshots().expect("it keeps snapshots");
    snapshots.store(snapshot.clone()).await.expect("only reads fail");
    let error = snapshots.nearest(&snapshot.stream, "1", AsOf::Newest).await.unwrap_err();
    assert_eq!(kind(&error), Some(StoreErrorKind::Unavailable), "{error:?}");
    assert!(error.is_transient());
    assert_eq!(found(store.into_inner(), &snapshot).await, Some(snapshot));
}

#[tokio::test]
async fn a_snapshot_that_fails_before_it_is_sent_is_not_stored() {
    type Faults = fn(FaultyStore<MemoryStore>) -> FaultyStore<MemoryStore>;
    let faults: [(Faults, StoreErrorKind); 2] = [
        (|store| store.errors_before(1.0), StoreErrorKind::Unavailable),
        (|store| store.busy(1.0), StoreErrorKind::Busy),
    ];
    for (faulty, expected) in faults {
        let memory = MemoryStore::new();
        let snapshot = snapshot(&memory).await;
        let store = faulty(FaultyStore::new(memory, 1));
        let error = store.snapshots().expect("it keeps snapshots").store(snapshot.clone()).await.unwrap_err();
        assert_eq!(kind(&error), Some(expected), "{error:?}");
        assert_eq!(found(store.into_inner(), &snapshot).await, None);
    }
}

#[tokio::test]
async fn a_snapshot_whose_answer_is_lost_is_stored() {
    let memory = MemoryStore::new();
    let snapshot = snapshot(&memory).await;
    let store = FaultyStore::new(memory, 1).lost_answers(1.0);
    let snapshots = store.snapshots().expect("it keeps snapshots");
    for _ in 0..2 {
        let error = snapshots.store(snapshot.clone()).await.unwrap_err();
        assert_eq!(kind(&error), Some(StoreErrorKind::Unavailable), "{error:?}");
        assert_eq!(snapshots.nearest(&snapshot.stream, "1", AsOf::Newest).await.unwrap().as_ref(), Some(&snapshot));
    }
}

#[tokio::test]
async fn a_cancelled_snapshot_is_stored_or_not() {
    let mut stored = 0;
    for seed in 0..40 {
        let memory = MemoryStore::new();
        let snapshot = snapshot(&memory).await;
        let store = FaultyStore::new(memory, seed).cancellations(1.0);
        let error = store.snapshots().expect("it keeps snapshots").store(snapshot.clone()).await.unwrap_err();
        assert_eq!(kind(&error), Some(StoreErrorKind::Unavailable), "{error:?}");
        stored += usize::from(found(store.into_inner(), &snapshot).await.is_some());
    }
    assert!((1..40).contains(&stored), "{stored}");
}

/// Appends an event, and gives a snapshot of it.
async fn snapshot(memory: &MemoryStore) -> StoredSnapshot {
    let stream = StreamId::new("sample", "1").unwrap();
    let name = EventName::from_static("sample.noted").unwrap();
    let event = NewEvent::from_json(Uuid::now_v7(), name, SchemaVersion::FIRST, "1").unwrap();
    memory.append(Append::new(stream.clone(), Expected::Any, vec![event]).into()).await.unwrap();
    let mut events = memory.read_stream(&stream, Version::FIRST, Direction::Forward, None);
    StoredSnapshot::after(&events.try_next().await.unwrap().unwrap(), "1", "state")
}

async fn found(memory: MemoryStore, snapshot: &StoredSnapshot) -> Option<StoredSnapshot> {
    Snapshots::nearest(&memory, &snapshot.stream, &snapshot.schema, AsOf::Newest).await.unwrap()
}

fn kind(error: &SnapshotError) -> Option<StoreErrorKind> {
    match error {
        SnapshotError::Store(error) => Some(error.kind()),
        _ => None,
    }
}
