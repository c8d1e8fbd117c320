//! A command whose answer was lost learns its outcome within the settle timeout.

use std::{error::Error, time::Duration};

use es_core::{
    AppendError, DEFAULT_SETTLE_TIMEOUT, EventStore, EventStoreExt, ExecuteError, Repository, RepositoryExt,
    StoreError, StoreErrorKind, UnknownOutcome, Unsettled,
};
use tokio::time::Instant;

use crate::{
    aggregate::{Count, Measure, Series, id, measured, series},
    store::{Next, Store},
};

#[tokio::test(start_paused = true)]
async fn a_command_whose_answer_was_lost_is_appended_only_once() {
    for next in [Next::AnswerLost, Next::LostAndAway(1), Next::LostAndAway(3)] {
        let (store, repository) = series();
        store.next(next);
        let executed = repository.execute(&id(), Measure(vec![1.0, 2.0])).await.unwrap();
        assert_eq!((executed.events.len(), executed.root.state().values.as_slice()), (2, &[1.0, 2.0][..]), "{next:?}");
        assert_eq!(store.events(&id()).len(), 2, "{next:?}");
        assert_eq!(executed.repeated, matches!(next, Next::AnswerLost), "{next:?}");
        let asked = store.asked();
        assert!(asked.len() > 1 && asked.iter().all(|append| *append == asked[0]), "{next:?}: the very same append");
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_that_was_not_stored_is_decided_again() {
    let (store, repository) = series();
    store.next(Next::LostAndOvertaken);
    let executed = repository.execute(&id(), Count).await.unwrap();
    assert_eq!(executed.root.state().values, [100.0, 1.0]);
    assert_eq!(store.events(&id()).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_settle_timeout_is_fifteen_seconds_by_default() {
    for within in [Duration::ZERO, Duration::from_secs(1), DEFAULT_SETTLE_TIMEOUT, Duration::from_mins(5)] {
        let (store, repository) = series();
        store.next(Next::Silent);
        let begun = Instant::now();
        let unknown = match within {
            DEFAULT_SETTLE_TIMEOUT => repository.execute(&id(), Measure(vec![1.0])).await,
            within => repository.with_settle_timeout(within).execute(&id(), Measure(vec![1.0])).await,
        };
        let Err(ExecuteError::Unknown(unsettled)) = unknown else { panic!("{unknown:?}") };
        let waited = begun.elapsed();
        assert!(waited <= within && waited + Duration::from_secs(1) >= within, "{waited:?} of {within:?}");
        assert_eq!(unsettled.into_root().to_append().unwrap(), store.asked()[0], "it keeps what was sent");
    }
    // The first pause is 10 ms: with exactly that timeout the append is sent again once.
    for (within, known) in [(9, false), (10, true)] {
        let (store, repository) = series();
        store.next(Next::AnswerLost);
        let commands = repository.with_settle_timeout(Duration::from_millis(within));
        assert_eq!(commands.execute(&id(), Measure(vec![1.0])).await.is_ok(), known, "{within} ms");
    }
    // A store that is unavailable from the start gives no unknown outcome.
    let (store, repository) = series();
    store.next(Next::LostAndAway(usize::MAX));
    let unknown = repository.execute(&id(), Measure(vec![1.0])).await;
    assert!(matches!(unknown, Err(ExecuteError::Unknown(_))), "{unknown:?}");
}

#[tokio::test(start_paused = true)]
async fn a_repeated_append_is_awaited_no_longer_than_the_settle_timeout() {
    for within in [Duration::from_millis(10), DEFAULT_SETTLE_TIMEOUT] {
        let (store, repository) = series();
        store.next(Next::LostAndHung);
        let begun = Instant::now();
        let unknown = repository.with_settle_timeout(within).execute(&id(), Measure(vec![1.0])).await;
        assert!(matches!(unknown, Err(ExecuteError::Unknown(_))), "{unknown:?}");
        assert_eq!(begun.elapsed(), within);

        let mut root = repository.load(&id()).await.unwrap();
        root.record(measured(&[1.0]));
        store.next(Next::LostAndHung);
        let begun = Instant::now();
        let unknown = store.batch().change(&mut root).with_settle_timeout(within).append().await;
        assert!(matches!(unknown, Err(AppendError::Unknown(_))), "{unknown:?}");
        assert_eq!((begun.elapsed(), root.pending().len()), (within, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_closed_store_ends_settling_with_an_unknown_outcome() {
    let (store, repository) = series();
    store.next(Next::LostAndClosed);
    let begun = Instant::now();
    let unknown = repository.execute(&id(), Measure(vec![1.0])).await;
    assert!(matches!(unknown, Err(ExecuteError::Unknown(_))), "{unknown:?}");
    assert_eq!((begun.elapsed(), store.asked().len()), (Duration::from_millis(10), 2));
}

#[tokio::test(start_paused = true)]
async fn a_refused_repeat_leaves_the_outcome_unknown() {
    let (store, repository) = series();
    store.next(Next::LostAndRefused);
    let begun = Instant::now();
    let unknown = repository.execute(&id(), Measure(vec![1.0])).await;
    let Err(ExecuteError::Unknown(unsettled)) = unknown else { panic!("the event is stored: {unknown:?}") };
    assert_eq!((begun.elapsed(), store.asked().len()), (Duration::from_millis(10), 2));

    let outcome = UnknownOutcome::new(store.asked().remove(0), StoreError::new(StoreErrorKind::TimedOut, "no answer"));
    let Err(AppendError::Unknown(again)) = store.resolve(outcome).await else { panic!("the event is stored") };
    let refusal = again.source().and_then(Error::source).map(<dyn Error>::is::<AppendError>);
    assert_eq!(refusal, Some(true), "it tells of the refusal: {again:?}");

    store.next(Next::Well);
    let executed = repository.settle(unsettled).await.unwrap();
    assert_eq!((executed.root.version().get(), store.events(&id()).len()), (1, 1));
}

#[tokio::test]
async fn resolving_on_an_unavailable_store_leaves_the_outcome_unknown() {
    let (store, repository) = series();
    let mut root = repository.load(&id()).await.unwrap();
    root.record(measured(&[1.0]));
    store.next(Next::AnswerLost);
    let Err(AppendError::Unknown(outcome)) = store.append(root.to_append().unwrap().into()).await else { panic!() };
    let request = outcome.request().clone();
    store.next(Next::Away);
    let Err(AppendError::Unknown(again)) = store.resolve(*outcome).await else { panic!("it is away") };
    assert_eq!(again.request(), &request);
    let answers = store.resolve(*again).await.unwrap();
    assert!(answers[0].repeated && store.events(&id()).len() == 1);
}

/// A command that failed before its lost answer was settled.
async fn unsettled(store: &Store, repository: &dyn Repository<Series>, next: Next) -> Unsettled<Series> {
    store.next(next);
    let unknown = repository.with_settle_timeout(Duration::ZERO).execute(&id(), Measure(vec![1.0, 2.0])).await;
    let Err(ExecuteError::Unknown(unsettled)) = unknown else { panic!("{unknown:?}") };
    assert_eq!((unsettled.root().version().get(), unsettled.root().pending().len()), (0, 2));
    unsettled
}

#[tokio::test(start_paused = true)]
async fn a_command_whose_settle_timeout_has_passed_can_be_settled_later() {
    // Stored by the first request, by the repeat, and after the store is available again.
    for next in [Next::AnswerLost, Next::LostAndBusy(0), Next::LostAndAway(3)] {
        let (store, repository) = series();
        let repository: &dyn Repository<Series> = &repository;
        let unsettled = unsettled(&store, repository, next).await;
        let executed = repository.settle(unsettled).await.unwrap();
        assert_eq!((executed.events.len(), executed.root.version().get()), (2, 2), "{next:?}");
        assert_eq!(executed.root.state().values, [1.0, 2.0], "{next:?}");
        assert_eq!((executed.root.pending().len(), store.events(&id()).len()), (0, 2), "{next:?}");
        let asked = store.asked();
        assert!(asked.len() > 1 && asked.iter().all(|append| *append == asked[0]), "{next:?}: the very same append");
    }
}

#[tokio::test(start_paused = true)]
async fn an_unsettled_command_that_conflicts_is_not_decided_again() {
    let (store, repository) = series();
    let unsettled = unsettled(&store, &repository, Next::LostAndOvertaken).await;
    let settled = repository.settle(unsettled).await;
    assert!(matches!(settled, Err(ExecuteError::Conflict { attempts: 1, .. })), "{settled:?}");
    assert_eq!((store.events(&id()).len(), store.asked().len()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_command_that_cannot_be_settled_keeps_its_root() {
    let (store, repository) = series();
    let mut unsettled = unsettled(&store, &repository, Next::Silent).await;
    for (within, asked) in [(Duration::ZERO, 2), (Duration::from_millis(10), 4)] {
        let begun = Instant::now();
        let unknown = repository.with_settle_timeout(within).settle(unsettled).await;
        let Err(ExecuteError::Unknown(again)) = unknown else { panic!("{unknown:?}") };
        assert_eq!((begun.elapsed(), store.asked().len(), again.root().pending().len()), (within, asked, 2));
        unsettled = again;
    }
    let begun = Instant::now();
    let unknown = repository.settle(unsettled).await;
    let Err(ExecuteError::Unknown(again)) = unknown else { panic!("{unknown:?}") };
    let waited = begun.elapsed();
    assert!(
        waited <= DEFAULT_SETTLE_TIMEOUT && waited + Duration::from_secs(1) >= DEFAULT_SETTLE_TIMEOUT,
        "{waited:?}"
    );
    // The root is usable like any other.
    let (sent, mut root) = (store.asked()[0].clone(), again.into_root());
    store.next(Next::Well);
    repository.append(&mut root).await.unwrap();
    assert_eq!((store.events(&id()).len(), store.asked().last()), (2, Some(&sent)));
}

#[tokio::test(start_paused = true)]
async fn an_unsettled_command_prints_its_stream_and_no_state() {
    let (store, repository) = series();
    let unsettled = unsettled(&store, &repository, Next::Silent).await;
    let lost = unsettled.outcome().to_string();
    let error: Box<dyn Error + Send + Sync> = ExecuteError::<_>::Unknown(unsettled).into();
    assert_eq!(
        error.to_string(),
        "the store's answer was lost, and it is not known whether 2 event(s) were appended to stream `series/a`; \
         settle it through the repository"
    );
    assert_eq!(error.source().map(ToString::to_string), Some(lost));
    let shown = format!("{error:?}");
    assert!(shown.contains("pending: 2") && !shown.contains("2.0"), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_settled_with_all_its_roots() {
    let (store, repository) = series();
    for next in [Next::Well, Next::AnswerLost] {
        let mut one = repository.load(&format!("one-{next:?}")).await.unwrap();
        let mut other = repository.load(&format!("other-{next:?}")).await.unwrap();
        one.record(measured(&[1.0]));
        other.record(measured(&[2.0, 3.0]));
        store.next(next);
        let answers = store.batch().change(&mut one).change(&mut other).append().await.unwrap();
        assert_eq!(answers.iter().map(|answer| answer.version.get()).collect::<Vec<_>>(), [1, 2]);
        assert_eq!((one.pending().len(), other.pending().len()), (0, 0));
        assert_eq!((one.take_recorded().len(), other.take_recorded().len()), (1, 2));
        assert_eq!(
            (store.events(&format!("one-{next:?}")).len(), store.events(&format!("other-{next:?}")).len()),
            (1, 2)
        );
    }
    // An answer that omits a stream settles no root.
    let mut root = repository.load(&"left-out".to_owned()).await.unwrap();
    root.record(measured(&[1.0]));
    store.next(Next::NoAnswer);
    let answer = store.batch().change(&mut root).append().await;
    assert!(matches!(answer, Err(AppendError::Unknown(_))) && root.pending().len() == 1);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_number_of_answers_leaves_the_outcome_unknown() {
    let (store, repository) = series();
    let mut root = repository.load(&id()).await.unwrap();
    root.record(measured(&[1.0]));
    store.next(Next::NoAnswer);
    let answer = repository.append(&mut root).await;
    let Err(AppendError::Unknown(outcome)) = answer else { panic!("{answer:?}") };
    let sent = root.to_append().unwrap();
    assert_eq!(
        outcome.request().appends(),
        std::slice::from_ref(&sent),
        "the root still holds what was sent, with the same ids"
    );
    let answer = repository.execute(&id(), Measure(vec![1.0])).await;
    assert!(matches!(answer, Err(ExecuteError::Unknown(_))), "{answer:?}");
    store.next(Next::Well);
    repository.append(&mut root).await.unwrap();
    assert_eq!(store.asked(), [sent]);
}

#[tokio::test]
async fn a_root_without_events_keeps_its_metadata_for_the_next_append() {
    let (store, repository) = series();
    let mut root = repository.load(&id()).await.unwrap();
    root.set_metadata(es_core::Metadata::new().with_actor("teller 7"));
    store.batch().change(&mut root).append().await.unwrap();
    root.record(measured(&[1.0]));
    store.batch().change(&mut root).append().await.unwrap();
    assert_eq!(root.take_recorded()[0].metadata.actor.as_deref(), Some("teller 7"));
}
