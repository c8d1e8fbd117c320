//! After a conflict a command is decided again, on fresh state and a bounded number of times.

use es_core::{AppendError, ExecuteError, Expected, LoadError, RETRIES, RepositoryExt, Version};

use crate::{
    aggregate::{Count, Measure, Measured, id, measured, series},
    store::Next,
};

#[tokio::test]
async fn a_command_is_decided_on_the_state_that_the_faster_writer_left() {
    let (store, repository) = series();
    store.next(Next::Overtaken(3));
    let executed = repository.execute(&id(), Count).await.unwrap();
    assert_eq!(executed.root.state().values, [100.0, 100.0, 100.0, 3.0]);
    let expected: Vec<_> = store.asked().iter().map(|append| append.expected).collect();
    assert_eq!(expected, [0, 1, 2, 3].map(|version| Expected::Exact(Version::new(version))));
}

#[tokio::test]
async fn so_many_retries_are_made_and_not_one_more() {
    for retries in [0, 1, 5] {
        let (store, repository) = series();
        store.next(Next::Overtaken(retries));
        repository.retries(retries).execute(&id(), Count).await.unwrap();
        assert_eq!(store.asked().len(), retries + 1);

        store.next(Next::Overtaken(retries + 1));
        let refused = repository.retries(retries).execute(&id(), Count).await;
        let Err(ExecuteError::Conflict { attempts, conflict }) = refused else { panic!("{refused:?}") };
        assert_eq!((attempts, store.asked().len()), (retries + 1, 2 * (retries + 1)));
        assert_eq!(conflict.actual().get(), 2 * retries as u64 + 2);
    }
    let (store, repository) = series();
    store.next(Next::Overtaken(usize::MAX));
    assert!(matches!(repository.execute(&id(), Count).await, Err(ExecuteError::Conflict { .. })));
    assert_eq!(store.asked().len(), RETRIES + 1);
}

#[tokio::test]
async fn nothing_but_a_conflict_and_a_lost_answer_is_tried_again() {
    for next in [Next::Away, Next::NoAnswer] {
        let (store, repository) = series();
        store.next(next);
        let refused = repository.execute(&id(), Measure(vec![1.0])).await;
        let answers = match refused {
            Err(ExecuteError::Append(AppendError::Store(_))) => store.asked().len() <= 1,
            _ => false,
        };
        assert!(answers, "{next:?}: {refused:?}");
    }
}

#[tokio::test]
async fn closures_run_again_on_fresh_state() {
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
async fn an_id_that_names_no_stream_is_refused_before_anything_is_decided() {
    let (store, repository) = series();
    let refused = repository.update(&String::new(), |_| -> Measured { panic!("nothing is decided") }).await;
    assert!(matches!(refused, Err(ExecuteError::<_>::Load(LoadError::Id(_)))), "{refused:?}");
    assert!(store.asked().is_empty());
}
