//! Metadata is stored with every event of its append, and with no other.

use es_core::{AppendError, Metadata, Repository, RepositoryExt};

use crate::{
    aggregate::{Measure, Measured, id, measured, series},
    store::{Next, Store},
};

fn by(actor: &str) -> Metadata {
    Metadata::new().with_actor(actor)
}

/// The actor of each stored event, or `-` for an event without metadata.
fn actors(store: &Store) -> Vec<String> {
    let actor = |metadata: Option<Metadata>| metadata.map_or("-".to_owned(), |all| all.actor.unwrap_or_default());
    store.events("a").iter().map(|event| actor(event.decode_metadata().unwrap())).collect()
}

#[tokio::test]
async fn a_command_that_is_decided_again_keeps_its_metadata() {
    for overtaken in 0..4 {
        let (store, repository) = series();
        store.next(Next::Overtaken(overtaken));
        let executed = repository.with_metadata(by("Ada")).execute(&id(), Measure(vec![1.0, 2.0, 3.0])).await.unwrap();
        let mut expected = vec!["-"; overtaken];
        expected.extend(["Ada"; 3]);
        assert_eq!(actors(&store), expected);
        assert!(executed.events.iter().all(|event| event.metadata == by("Ada")));
    }
}

#[tokio::test]
async fn every_kind_of_command_stores_its_metadata_with_every_event() {
    let (store, repository) = series();
    let by_ada = repository.with_metadata(by("Ada"));
    by_ada.execute(&id(), Measure(vec![1.0, 2.0])).await.unwrap();
    by_ada.update(&id(), |_| measured(&[3.0])).await.unwrap();
    by_ada.try_update(&id(), |_| Ok::<_, String>(measured(&[4.0, 5.0]))).await.unwrap();
    by_ada.clone().with_retries(0).execute(&id(), Measure(vec![6.0])).await.unwrap();
    repository.with_retries(2).with_metadata(by("Bob")).execute(&id(), Measure(vec![7.0])).await.unwrap();
    repository.with_metadata(by("Eve")).with_metadata(by("Cy")).execute(&id(), Measure(vec![8.0])).await.unwrap();
    repository.execute(&id(), Measure(vec![9.0])).await.unwrap();
    assert_eq!(actors(&store), ["Ada", "Ada", "Ada", "Ada", "Ada", "Ada", "Bob", "Cy", "-"]);
}

#[tokio::test]
async fn metadata_of_one_append_is_not_used_for_the_next() {
    let (store, repository) = series();
    let mut root = repository.load(&id()).await.unwrap();
    root.set_metadata(by("Ada"));
    root.record(measured(&[1.0, 2.0]));
    repository.append(&mut root).await.unwrap();
    assert!(root.take_recorded().iter().all(|event| event.metadata == by("Ada")));
    root.record(Measured { value: 3.0 });
    repository.append(&mut root).await.unwrap();
    assert_eq!(root.take_recorded()[0].metadata, Metadata::new());
    root.set_metadata(by("Bob"));
    root.record(Measured { value: 4.0 });
    repository.append(&mut root).await.unwrap();
    assert_eq!(actors(&store), ["Ada", "Ada", "-", "Bob"]);

    let executed = repository.with_metadata(by("Cy")).execute(&id(), Measure(vec![5.0])).await.unwrap();
    let mut root = executed.root;
    root.record(Measured { value: 6.0 });
    repository.append(&mut root).await.unwrap();
    assert_eq!(actors(&store)[4..], ["Cy", "-"]);
}

#[tokio::test]
async fn metadata_is_kept_until_an_append_stores_events() {
    let (store, repository) = series();
    let mut root = repository.load(&id()).await.unwrap();
    root.set_metadata(by("Ada"));
    repository.append(&mut root).await.unwrap();
    root.record(Measured { value: 1.0 });
    store.next(Next::Away);
    assert!(matches!(repository.append(&mut root).await, Err(AppendError::Store(_))));
    repository.append(&mut root).await.unwrap();
    assert_eq!(actors(&store), ["Ada"]);
}

#[tokio::test]
async fn an_append_whose_answer_was_lost_is_sent_again_with_the_same_ids_and_metadata() {
    let (store, repository) = series();
    let mut root = repository.load(&id()).await.unwrap();
    root.set_metadata(by("Ada"));
    root.record(measured(&[1.0, 2.0, 3.0]));
    store.next(Next::AnswerLost);
    assert!(matches!(repository.append(&mut root).await, Err(AppendError::Unknown(_))));
    assert_eq!((root.pending().len(), root.version().get()), (3, 0), "it is not known whether they are stored");
    let again = repository.append(&mut root).await.unwrap();
    assert!(again.repeated);
    let asked = store.asked();
    assert_eq!(asked[0], asked[1], "the very same append is sent again");
    assert_eq!(actors(&store), ["Ada"; 3]);
    let recorded = root.take_recorded();
    assert_eq!(recorded.iter().map(|event| event.version.get()).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(recorded.iter().all(|event| event.metadata == by("Ada")));
}
