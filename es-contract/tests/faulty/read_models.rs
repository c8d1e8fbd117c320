//! Read models of the faulty store.

use std::{sync::Arc, time::Duration};

use es_contract::BrokenPromise;
use es_core::{
    Checkpoint, Claim, Claimed, EventStore, Position, ReadModelError, ReadModelId, ReadModelRequest, ReadModelState,
    ReadModelStatus, ReadModelStep, ReadModels, StoreErrorKind, StoredRow,
};
use es_memory::MemoryStore;
use es_testing::FaultyStore;

use crate::{EventsAlone, passes_on};

const LEASE: Duration = Duration::from_hours(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn read_models_of_the_inner_store_are_passed_on() -> Result<(), BrokenPromise> {
    passes_on("read_models").await
}

#[tokio::test]
async fn no_read_models_are_offered_where_the_inner_store_has_none() {
    let (memory, claim) = owned().await;
    let store = FaultyStore::new(EventsAlone(memory), 1);
    assert!(store.read_models().is_none() && store.capabilities().read_models.is_none());
    assert!(Arc::new(store.clone()).read_models().is_none());
    // Calling the trait directly gives an error.
    for error in reads(&store).await.into_iter().chain(writes(&store, &claim).await) {
        assert_eq!(kind(&error), Some(StoreErrorKind::Misconfigured), "{error:?}");
    }
}

#[tokio::test]
async fn reading_a_read_model_fails_with_the_chance_of_reads() {
    let (memory, claim) = owned().await;
    let store = FaultyStore::new(memory.clone(), 1).read_errors(1.0);
    let kept = store.read_models().expect("it keeps read models");
    kept.advance(&claim, step(&claim)).await.expect("only reads fail");
    for error in reads(kept).await {
        assert_eq!(kind(&error), Some(StoreErrorKind::Unavailable), "{error:?}");
        assert!(error.is_transient());
    }
    assert_eq!(counted(&memory).await, 1);
}

#[tokio::test]
async fn a_call_that_fails_before_it_is_sent_changes_nothing() {
    type Faults = fn(FaultyStore<MemoryStore>) -> FaultyStore<MemoryStore>;
    let faults: [(Faults, StoreErrorKind); 2] = [
        (|store| store.errors_before(1.0), StoreErrorKind::Unavailable),
        (|store| store.busy(1.0), StoreErrorKind::Busy),
    ];
    for (faulty, expected) in faults {
        let (memory, claim) = owned().await;
        let before = status(&memory).await;
        let store = faulty(FaultyStore::new(memory.clone(), 1));
        for error in writes(store.read_models().expect("it keeps read models"), &claim).await {
            assert_eq!(kind(&error), Some(expected), "{error:?}");
        }
        assert_eq!((status(&memory).await, counted(&memory).await), (before, 0));
    }
}

#[tokio::test]
async fn a_call_whose_answer_is_lost_is_done() {
    let (memory, claim) = owned().await;
    let store = FaultyStore::new(memory.clone(), 1).lost_answers(1.0);
    let kept = store.read_models().expect("it keeps read models");
    let error = kept.advance(&claim, step(&claim)).await.unwrap_err();
    assert_eq!(kind(&error), Some(StoreErrorKind::Unavailable), "{error:?}");
    assert_eq!(counted(&memory).await, 1);
    let again = kept.advance(&claim, step(&claim)).await.unwrap_err();
    assert!(matches!(again, ReadModelError::Fenced { .. }), "{again:?}");
    let error = kept.claim(&balances(), "one", LEASE).await.unwrap_err();
    assert_eq!(kind(&error), Some(StoreErrorKind::Unavailable), "{error:?}");
    assert_eq!(status(&memory).await.epoch, claim.epoch + 1);
    let error = kept.ask(&balances(), ReadModelRequest::Pause).await.unwrap_err();
    assert_eq!(kind(&error), Some(StoreErrorKind::Unavailable), "{error:?}");
    assert_eq!(status(&memory).await.state, ReadModelState::Paused);
}

#[tokio::test]
async fn a_cancelled_step_is_taken_or_not() {
    let mut taken = 0;
    for seed in 0..40 {
        let (memory, claim) = owned().await;
        let store = FaultyStore::new(memory.clone(), seed).cancellations(1.0);
        let error = store.read_models().expect("it keeps them").advance(&claim, step(&claim)).await.unwrap_err();
        assert_eq!(kind(&error), Some(StoreErrorKind::Unavailable), "{error:?}");
        taken += counted(&memory).await;
    }
    assert!((1..40).contains(&taken), "{taken}");
}

#[tokio::test]
async fn an_owner_that_claims_again_after_each_failure_counts_each_event_once() {
    const EVENTS: u64 = 200;
    let memory = MemoryStore::new();
    let faulty =
        FaultyStore::new(memory.clone(), 4711).errors_before(0.1).busy(0.1).lost_answers(0.2).cancellations(0.2);
    let kept = faulty.read_models().expect("it keeps read models");
    let mut failures = 0;
    while status_of(&memory).await.is_none_or(|status| status.handled.position().get() < EVENTS) {
        let Ok(Claimed::Owned(mut claim)) = kept.claim(&balances(), "one", LEASE).await else {
            failures += 1;
            continue;
        };
        while claim.handled.position().get() < EVENTS {
            let mut next = step(&claim);
            next.rows = vec![StoredRow::new("count", (counted(&memory).await + 1).to_string())];
            let after = claim.after(&next);
            match kept.advance(&claim, next).await {
                Ok(()) => claim = after,
                Err(error) => {
                    assert!(error.is_transient(), "{error:?}");
                    failures += 1;
                    break;
                }
            }
        }
    }
    assert!(failures > 50, "{failures}");
    assert_eq!(counted(&memory).await, EVENTS);
}

fn balances() -> ReadModelId {
    ReadModelId::new("balances", 1).unwrap()
}

/// A store with a read model, and its claim.
async fn owned() -> (MemoryStore, Claim) {
    let memory = MemoryStore::new();
    match memory.claim(&balances(), "one", LEASE).await.unwrap() {
        Claimed::Owned(claim) => (memory, claim),
        refused @ Claimed::Refused(_) => panic!("{refused:?}"),
    }
}

/// The step to the next event, which counts it.
fn step(claim: &Claim) -> ReadModelStep {
    let next = Checkpoint::from(claim.handled.position().plus(1));
    let mut step = ReadModelStep::new(next, next, ReadModelState::Live);
    (step.rows, step.lease) = (vec![StoredRow::new("count", "1")], Some(LEASE));
    step
}

/// The errors of all calls that read.
async fn reads(kept: &dyn ReadModels) -> Vec<ReadModelError> {
    vec![
        kept.rows(&balances(), &["count".to_owned()]).await.unwrap_err(),
        kept.rows_after(&balances(), None, 10).await.unwrap_err(),
        kept.statuses().await.unwrap_err(),
        kept.events_after(Position::START).await.unwrap_err(),
    ]
}

/// The errors of all calls that write.
async fn writes(kept: &dyn ReadModels, claim: &Claim) -> Vec<ReadModelError> {
    vec![
        kept.claim(&balances(), "one", LEASE).await.unwrap_err(),
        kept.advance(claim, step(claim)).await.unwrap_err(),
        kept.ask(&balances(), ReadModelRequest::Pause).await.unwrap_err(),
    ]
}

async fn status_of(memory: &MemoryStore) -> Option<ReadModelStatus> {
    memory.statuses().await.unwrap().pop()
}

/// The status, without what is left of the lease.
async fn status(memory: &MemoryStore) -> ReadModelStatus {
    let mut status = status_of(memory).await.unwrap();
    status.lease_left = None;
    status
}

/// How many events the row counts.
async fn counted(memory: &MemoryStore) -> u64 {
    let count = ReadModels::rows(memory, &balances(), &["count".to_owned()]).await.unwrap().pop().flatten();
    count.map_or(0, |count| str::from_utf8(&count).unwrap().parse().unwrap())
}

fn kind(error: &ReadModelError) -> Option<StoreErrorKind> {
    match error {
        ReadModelError::Store(error) => Some(error.kind()),
        _ => None,
    }
}
