//! Loading: every stored event once, in order, also up to a point in the past.

use std::sync::Arc;

use es_core::{AsOf, LoadError, Position, ReadError, Repository, RepositoryExt, Root, StoredEvent, Version};

use crate::{
    aggregate::{Measure, Series, id, series},
    store::{Next, Store, time},
};

async fn five() -> (Store, es_core::StoreRepository<Series, Store>) {
    let (store, repository) = series();
    repository.execute(&"b".to_owned(), Measure(vec![0.0])).await.unwrap();
    for values in [vec![1.0, 2.0, 3.0], vec![4.0], vec![5.0]] {
        repository.execute(&id(), Measure(values)).await.unwrap();
    }
    (store, repository)
}

#[tokio::test]
async fn a_loaded_aggregate_is_folded_from_every_event_of_its_stream() {
    let (store, repository) = five().await;
    let root = repository.load(&id()).await.unwrap();
    assert_eq!((root.version().get(), &root.state().values[..]), (5, &[1.0, 2.0, 3.0, 4.0, 5.0][..]));
    assert_eq!(repository.load(&"c".to_owned()).await.unwrap().version(), Version::NONE);
    let shared: Arc<dyn Repository<Series>> = Arc::new(repository.clone());
    assert_eq!(shared.load(&id()).await.unwrap().state(), root.state());
    assert_eq!(format!("{:?}", repository.store()), format!("{store:?}"));
    let shown = format!("{repository:?}");
    assert!(shown.contains("StoreRepository") && shown.contains("\"series\""), "{shown}");
}

#[tokio::test]
async fn a_load_at_a_point_includes_the_event_at_that_point() {
    let (_, repository) = five().await;
    let shared: Arc<dyn Repository<Series>> = Arc::new(repository.clone());
    for (at, version) in [
        (AsOf::Version(Version::NONE), 0),
        (AsOf::Version(Version::new(2)), 2),
        (AsOf::Version(Version::new(5)), 5),
        (AsOf::Version(Version::MAX), 5),
        (AsOf::Position(Position::START), 0),
        (AsOf::Position(Position::new(10)), 0),
        (AsOf::Position(Position::new(29)), 1),
        (AsOf::Position(Position::new(30)), 2),
        (AsOf::Position(Position::new(50)), 4),
        (AsOf::Position(Position::MAX), 5),
        (AsOf::Time(time(10)), 0),
        (AsOf::Time(time(20)), 3),
        (AsOf::Time(time(49)), 3),
        (AsOf::Time(time(50)), 4),
        (AsOf::Time(time(99)), 5),
        (AsOf::Newest, 5),
    ] {
        let root = shared.load_at(&id(), at).await.unwrap();
        assert_eq!(
            (root.version().get(), root.state().values.len()),
            (version, usize::try_from(root.version().get()).unwrap()),
            "{at:?}"
        );
    }
}

#[tokio::test]
async fn a_hole_in_a_stream_is_reported_with_both_ends() {
    let (store, _) = five().await;
    let events: Vec<StoredEvent> = store.events("a");
    for (replayed, next, after) in [(0, 1, 0), (1, 2, 1), (2, 1, 2), (2, 4, 2), (3, 2, 3)] {
        let mut root = Root::<Series>::new(id()).unwrap();
        for event in &events[..replayed] {
            root.replay(event).unwrap();
        }
        let Err(ReadError::Hole { stream, after: found_after, found }) = root.replay(&events[next]) else {
            panic!("event {next} was replayed after {replayed}")
        };
        assert_eq!((&stream, found_after.get(), found), (root.stream(), after, events[next].version));
        assert_eq!((root.version().get(), root.state().values.len()), (after, replayed), "nothing of it is applied");
    }
}

#[tokio::test]
async fn an_event_that_does_not_decode_fails_the_load() {
    let (store, _) = five().await;
    let mut event = store.events("a")[0].clone();
    event.payload = bytes::Bytes::from_static(b"{}");
    let mut root = Root::<Series>::new(id()).unwrap();
    assert!(matches!(root.replay(&event), Err(ReadError::Decode { .. })));
    assert_eq!((root.version(), root.state().values.len()), (Version::NONE, 0));
}

#[tokio::test]
async fn a_failed_load_gives_the_reason() {
    let (store, repository) = five().await;
    store.next(Next::Away);
    assert!(repository.load(&id()).await.is_ok(), "a load appends nothing");
    assert!(matches!(repository.load(&"x".repeat(513)).await, Err(LoadError::Id(_))));
}
