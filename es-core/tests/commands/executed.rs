//! A command returns the events that the store holds.

use es_core::{Checkpoint, Executed, Metadata, Recorded, Repository, RepositoryExt, StoredEvent, Version};

use crate::{
    aggregate::{Measure, Measured, Series, SeriesEvent, id, measured, series},
    store::{INCARNATION, Next, Store},
};

/// Compares the result of the last command with the stored events, decoded one by one.
#[track_caller]
fn shows_what_is_stored(store: &Store, executed: &Executed<Series>, metadata: &Metadata, values: &[f64]) {
    let stored = store.events("a");
    let new: Vec<&StoredEvent> = stored.iter().skip(stored.len() - values.len()).collect();
    assert_eq!(executed.events.len(), values.len(), "every event of the decision is answered");
    for ((answered, stored), value) in executed.events.iter().zip(&new).zip(values) {
        let Recorded { id, stream, version, position, part, recorded_at, metadata: given, event, .. } = answered;
        assert_eq!((*id, stream, *version, *position), (stored.id, &stored.stream, stored.version, stored.position));
        assert_eq!((*part, *recorded_at, given), (0, stored.recorded_at, metadata));
        assert_eq!(*event, SeriesEvent::Measured(Measured { value: *value }));
        assert_eq!(stored.decode::<SeriesEvent>().unwrap(), std::slice::from_ref(answered));
    }
    assert_eq!(executed.root.version(), stored.last().map_or(Version::NONE, |last| last.version));
    assert_eq!(executed.root.pending().len(), 0, "what is stored is not pending");
    assert_eq!(executed.checkpoint, new.last().map(|last| Checkpoint::new(INCARNATION, last.position)));
    assert!(!executed.repeated);
}

#[tokio::test]
async fn all_events_of_a_decision_are_stored_and_returned() {
    for first in 0..4 {
        for count in 0..6 {
            let (store, repository) = series();
            let before = [0.5; 3][..first.min(3)].to_vec();
            repository.execute(&id(), Measure(before.clone())).await.unwrap();
            let values: Vec<f64> = (0..count).map(f64::from).collect();
            let executed = repository.execute(&id(), Measure(values.clone())).await.unwrap();
            shows_what_is_stored(&store, &executed, &Metadata::new(), &values);
            assert_eq!(executed.root.state().values, [before, values].concat());
            assert_eq!(repository.load(&id()).await.unwrap().state(), executed.root.state());
        }
    }
}

#[tokio::test]
async fn all_events_of_a_closure_are_stored_and_returned() {
    let (id, (store, repository)) = (id(), series());
    let given = repository.update(&id, |_| measured(&[1.0, 2.0, 3.0, 4.0])).await.unwrap();
    shows_what_is_stored(&store, &given, &Metadata::new(), &[1.0, 2.0, 3.0, 4.0]);
    let recorded = repository.try_update(&id, |root| {
        root.record(measured(&[5.0, 6.0]));
        root.handle(Measure(vec![7.0, 8.0, 9.0]))?;
        Ok::<_, std::convert::Infallible>([Measured { value: 10.0 }, Measured { value: 11.0 }])
    });
    let recorded = recorded.await.unwrap();
    shows_what_is_stored(&store, &recorded, &Metadata::new(), &[5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0]);
}

#[tokio::test]
async fn after_a_conflict_the_result_is_that_of_the_last_attempt() {
    let (store, repository) = series();
    store.next(Next::Overtaken(2));
    let metadata = Metadata::new().with_actor("Ada");
    let executed =
        repository.with_metadata(metadata.clone()).execute(&id(), Measure(vec![1.0, 2.0, 3.0])).await.unwrap();
    shows_what_is_stored(&store, &executed, &metadata, &[1.0, 2.0, 3.0]);
    assert_eq!(executed.root.state().values, [100.0, 100.0, 1.0, 2.0, 3.0]);
}

#[tokio::test]
async fn each_command_returns_only_its_own_events() {
    let (_, repository) = series();
    let mut root = repository.load(&id()).await.unwrap();
    for round in 1..4 {
        root.record(measured(&[1.0, 2.0]));
        let appended = repository.append(&mut root).await.unwrap();
        assert_eq!(appended.version, Version::new(round * 2));
        assert_eq!(appended.first_version(), Version::new(round * 2 - 1));
        let recorded: Vec<_> = root.take_recorded().iter().map(|event| event.version.get()).collect();
        assert_eq!(recorded, [round * 2 - 1, round * 2]);
        assert!(root.take_recorded().is_empty(), "they are taken out once");
    }
}

#[tokio::test]
async fn debug_shows_the_root_and_the_events() {
    let (_, repository) = series();
    let shown = format!("{:?}", repository.execute(&id(), Measure(vec![1.5])).await.unwrap());
    for part in ["Executed", "root: Root", "events: [Recorded", "Measured(Measured { value: 1.5 })"] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
}
