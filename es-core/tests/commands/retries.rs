//! After a conflict a command is decided again on fresh state, a limited number of times.

use es_core::{
    AppendError, DEFAULT_RETRIES, EventStoreExt, ExecuteError, Expected, LoadError, ReadError, Repository,
    RepositoryExt, StoreError, StoreErrorKind, UnknownOutcome, Version,
};

use crate::{
    aggregate::{Count, Measure, Measured, Series, id, measured, series},
    store::Next,
};

#[tokio::test]
async fn a_conflicting_command_is_decided_again_on_the_new_state() {
    let (store, repository) = series();
    store.next(Next::Overtaken(3));
    let executed = repository.execute(&id(), Count).await.unwrap();
    assert_eq!(executed.root.state().values, [100.0, 100.0, 100.0, 3.0]);
    let expected: Vec<_> = store.asked().iter().map(|append| append.expected).collect();
    assert_eq!(expected, [0, 1, 2, 3].map(|version| Expected::Exact(Version::new(version))));
}

#[tokio::test]
async fn a_command_is_retried_at_most_the_given_number_of_times() {
    for retries in [0, 1, 5] {
        let (store, repository) = series();
        store.next(Next::Overtaken(retries));
        repository.with_retries(retries).execute(&id(), Count).await.unwrap();
        assert_eq!(store.asked().len(), retries + 1);

        store.next(Next::Overtaken(retries + 1));
        let refused = repository.with_retries(retries).execute(&id(), Count).await;
        let Err(ExecuteError::Conflict { attempts, conflict }) = refused else { panic!("{refused:?}") };
        assert_eq!((attempts, store.asked().len()), (retries + 1, 2 * (retries + 1)));
        assert_eq!(conflict.actual(), Some(Version::new(2 * retries as u64 + 2)));
    }
    let (store, repository) = series();
    store.next(Next::Overtaken(usize::MAX));
    assert!(matches!(repository.execute(&id(), Count).await, Err(ExecuteError::Conflict { .. })));
    assert_eq!(store.asked().len(), DEFAULT_RETRIES + 1);
}

#[tokio::test]
async fn only_conflicts_busy_stores_and_lost_answers_are_retried() {
    let (store, repository) = series();
    store.next(Next::Away);
    let refused = repository.execute(&id(), Measure(vec![1.0])).await;
    let Err(ExecuteError::Append(AppendError::Store(error))) = refused else { panic!("{refused:?}") };
    assert_eq!((error.kind(), store.asked().len()), (StoreErrorKind::Unavailable, 1));

    store.next(Next::AwayToRead);
    let refused = repository.execute(&id(), Measure(vec![1.0])).await;
    let Err(ExecuteError::Load(LoadError::Read(ReadError::Store(error)))) = refused else { panic!("{refused:?}") };
    assert_eq!((error.kind(), store.reads(), store.asked().len()), (StoreErrorKind::Unavailable, 2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_busy_store_is_retried_with_a_new_decision_within_the_same_limit() {
    for retries in [0, 1, 5, DEFAULT_RETRIES] {
        let (store, repository) = series();
        store.next(Next::Busy(retries));
        let mut decided = 0;
        let (id, commands) = (id(), repository.with_retries(retries));
        let executed = commands.update(&id, |_| {
            decided += 1;
            measured(&[1.0])
        });
        assert_eq!(executed.await.unwrap().root.state().values, [1.0]);
        assert_eq!((decided, store.asked().len(), store.events(&id).len()), (retries + 1, retries + 1, 1));

        store.next(Next::Busy(retries + 1));
        let refused = commands.execute(&id, Count).await.unwrap_err();
        assert!(refused.is_transient(), "{refused:?}");
        let ExecuteError::Append(AppendError::Store(error)) = refused else { panic!("{refused:?}") };
        assert_eq!((error.kind(), store.asked().len()), (StoreErrorKind::Busy, 2 * (retries + 1)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_too_busy_to_read_is_retried_within_the_same_limit() {
    for retries in [0, 1, 5] {
        let (store, repository) = series();
        let (id, commands) = (id(), repository.with_retries(retries));
        store.next(Next::BusyToRead(retries));
        commands.execute(&id, Measure(vec![1.0])).await.unwrap();
        assert_eq!((store.reads(), store.asked().len()), (retries + 1, 1));

        store.next(Next::BusyToRead(retries + 1));
        let refused = commands.execute(&id, Count).await.unwrap_err();
        let ExecuteError::Load(LoadError::Read(ReadError::Store(error))) = refused else { panic!("{refused:?}") };
        assert_eq!((error.kind(), store.reads(), store.asked().len()), (StoreErrorKind::Busy, 2 * (retries + 1), 1));
    }
}

#[tokio::test(start_paused = true)]
async fn the_pause_before_a_retry_doubles() {
    let (store, repository) = series();
    store.next(Next::Busy(9));
    let start = tokio::time::Instant::now();
    repository.with_retries(9).execute(&id(), Measure(vec![1.0])).await.unwrap();
    // 10 ms, doubled each time, up to a second.
    assert_eq!(start.elapsed().as_millis(), 10 + 20 + 40 + 80 + 160 + 320 + 640 + 1_000 + 1_000);
}

#[tokio::test(start_paused = true)]
async fn a_busy_answer_to_a_repeat_leaves_the_outcome_unknown() {
    let (store, repository) = series();
    store.next(Next::LostAndBusy(3));
    repository.with_retries(0).execute(&id(), Measure(vec![1.0])).await.unwrap();
    let asked = store.asked();
    assert!(asked.len() == 5 && asked.iter().all(|append| *append == asked[0]), "it is not decided again: {asked:?}");
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_retried_while_the_store_is_busy() {
    for retries in [0, 3] {
        let (store, repository) = series();
        let mut root = repository.load(&id()).await.unwrap();
        root.record(measured(&[1.0]));
        store.next(Next::Busy(retries + 1));
        let refused = store.batch().change(&mut root).with_retries(retries).append().await;
        assert!(refused.unwrap_err().is_transient() && root.pending().len() == 1);
        store.next(Next::Busy(retries));
        store.batch().change(&mut root).with_retries(retries).append().await.unwrap();
        assert_eq!((store.asked().len(), store.events(&id()).len()), (2 * (retries + 1), 1));
    }
}

#[test]
fn three_kinds_of_store_errors_are_transient() {
    use StoreErrorKind::{Busy, Closed, Corrupt, Misconfigured, Moved, Other, TimedOut, Unavailable};
    for (kind, passes) in [
        (Unavailable, true),
        (TimedOut, true),
        (Busy, true),
        (Closed, false),
        (Misconfigured, false),
        (Moved, false),
        (Corrupt, false),
        (Other, false),
    ] {
        let error = || StoreError::new(kind, "it is what it is");
        let unknown = AppendError::from(UnknownOutcome::new(Vec::new(), error()));
        assert!(!unknown.is_transient(), "{kind:?}");
        assert_eq!(AppendError::Store(error()).is_transient(), passes, "{kind:?}");
        assert_eq!(ExecuteError::<Series>::Append(AppendError::Store(error())).is_transient(), passes, "{kind:?}");
        let load = LoadError::Read(ReadError::Store(error()));
        assert_eq!(
            (load.is_transient(), ExecuteError::<Series>::Load(load).is_transient()),
            (passes, passes),
            "{kind:?}"
        );
    }
}

#[tokio::test]
async fn closures_are_called_again_on_fresh_state() {
    let (id, (store, repository)) = (id(), series());
    store.next(Next::Overtaken(2));
    let mut seen = Vec::new();
    let executed = repository.update(&id, |root| {
        seen.push((root.version().get(), root.pending().len(), root.state().values.len()));
        measured(&[1.0, 2.0])
    });
    let executed = executed.await.unwrap();
    assert_eq!(executed.root.state().values, [100.0, 100.0, 1.0, 2.0]);
    assert_eq!(seen, [(0, 0, 0), (1, 0, 1), (2, 0, 2)]);

    let mut tries = 0;
    store.next(Next::Overtaken(1));
    let refused = repository.try_update(&id, |root| {
        tries += 1;
        if tries == 2 { Err(root.state().values.len()) } else { Ok(measured(&[3.0])) }
    });
    assert!(matches!(refused.await, Err(ExecuteError::Refused(5))));
}

#[tokio::test]
async fn a_bad_id_is_refused_before_anything_is_decided() {
    let (store, repository) = series();
    let refused = repository.update(&String::new(), |_| -> Measured { panic!("nothing is decided") }).await;
    assert!(matches!(refused, Err(ExecuteError::Load(LoadError::Id(_)))), "{refused:?}");
    assert!(store.asked().is_empty());
}
