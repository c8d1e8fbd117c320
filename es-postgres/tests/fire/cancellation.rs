//! Callers that drop a future at every await point.

use std::{future::Future, pin::pin, sync::Arc, task::Poll, time::Duration};

use es_core::{
    Append, AsOf, Checkpoint, Claimed, Direction, EventStore, Expected, Filter, Position, ReadModelId,
    ReadModelRequest, ReadModelState, ReadModelStep, StoredRow, StoredSnapshot, StreamId, Version,
};
use es_postgres::PostgresStore;
use futures_util::StreamExt;
use test_postgres::Database;

use crate::{
    faults::faulty_store::{Fault, FaultyStore},
    tools::{
        ledger::{self, Ledger},
        recovery,
        trial::{builder, connect},
        workload::event,
    },
};

/// Polls `future` at most `polls` times and drops it; returns its output if it was ready by then.
async fn poll_at_most<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = polls;
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        let poll = future.as_mut().poll(context);
        if left == 0 && poll.is_pending() {
            return Poll::Ready(None);
        }
        poll.map(Some)
    })
    .await
}

/// Drops the future of `operation` after 0, 1, 2 … polls until it completes; returns how many futures it dropped.
async fn at_every_await<T, F: Future<Output = T>>(mut operation: impl FnMut() -> F) -> usize {
    for polls in 0..500 {
        if poll_at_most(polls, operation()).await.is_some() {
            return polls;
        }
    }
    panic!("the operation never completes");
}

fn append(stream: &str, count: usize) -> Vec<Append> {
    let stream = StreamId::new("fire", stream).unwrap();
    vec![Append::new(stream, Expected::Any, (0..count).map(|_| event()).collect())]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_dropped_at_any_await_leaves_nothing_behind() {
    let database = Database::fresh().unwrap();
    let url = database.url();
    let store = Arc::new(builder(&url).connect().await.unwrap());
    let ledger = Ledger::default();
    let mut points = 0;
    for _ in 0..20 {
        points += at_every_await(|| ledger.append(&*store, append("1", 3))).await;
        points += at_every_await(|| async {
            let mut client = connect(&url).await;
            let transaction = client.transaction().await.unwrap();
            let appends = append("2", 2);
            store.append_in(&transaction, appends).await.unwrap();
            // The transaction is never committed.
            drop(transaction);
        })
        .await;
    }
    points += at_every_await(|| async { builder(&url).connect().await.unwrap() }).await;
    points += at_every_await(|| async { store.frontier().await.unwrap().position() }).await;
    points += at_every_await(|| async { store.changed(Checkpoint::START).await.unwrap().position() }).await;
    points += at_every_await(|| async { store.read_all(Checkpoint::START, &Filter::all(), None).count().await }).await;
    let snapshots = store.snapshots().expect("the store has no snapshots");
    let stream = StreamId::new("fire", "1").unwrap();
    let first = store.read_stream(&stream, Version::FIRST, Direction::Forward, Some(1)).next().await;
    let snapshot = StoredSnapshot::after(&first.unwrap().unwrap(), "s", "p");
    points += at_every_await(|| async { snapshots.store(snapshot.clone()).await.unwrap() }).await;
    points += at_every_await(|| async { snapshots.nearest(&snapshot.stream, "s", AsOf::Newest).await.unwrap() }).await;
    points += read_models_at_every_await(&store).await;
    assert!(points > 70, "{points}");

    ledger.append(&*store, append("1", 1)).await.unwrap();
    recovery::every_stream_accepts_appends(&*store, &ledger, 4, recovery::TIMEOUT).await.unwrap();
    recovery::nothing_is_held(&url, 2, recovery::TIMEOUT).await.unwrap();
    let log = ledger::log(&url).await;
    let committed = log.events.iter().filter(|event| event.stream.id() == "1").count();
    assert!(committed > 1, "nothing was appended");
    ledger.check(&log, Vec::new()).unwrap();
    drop(store);
    recovery::no_session_is_left(&url, recovery::TIMEOUT).await.unwrap();
}

/// Drops claims, steps, requests and reads of a read model; returns how many. A later claim finds rows as the checkpoint says.
async fn read_models_at_every_await(store: &PostgresStore) -> usize {
    let read_models = store.capabilities().read_models.expect("the store keeps no read models");
    let model = ReadModelId::new("balances", 1).unwrap();
    let lease = Duration::from_mins(1);
    let claim = async || match read_models.claim(&model, "mine", lease).await.unwrap() {
        Claimed::Owned(claim) => claim,
        Claimed::Refused(status) => panic!("the owner is refused: {status:?}"),
    };
    let mut points = at_every_await(&claim).await;
    points += at_every_await(|| async {
        let claim = claim().await;
        let next = claim.handled.at(Position::new(claim.handled.position().get() + 1));
        let mut step = ReadModelStep::new(next, next, ReadModelState::Live);
        (step.rows, step.lease) = (vec![StoredRow::new("handled", next.position().to_string())], Some(lease));
        read_models.advance(&claim, step).await.unwrap();
    })
    .await;
    points += at_every_await(|| async { read_models.rows_after(&model, None, 10).await.unwrap() }).await;
    points += at_every_await(|| async { read_models.statuses().await.unwrap() }).await;
    points += at_every_await(|| async { read_models.events_after(Position::START).await.unwrap() }).await;
    let handled = claim().await.handled.position().to_string();
    assert_eq!(read_models.rows(&model, &["handled".to_owned()]).await.unwrap(), [Some(handled.into())]);
    points += at_every_await(|| async { read_models.ask(&model, ReadModelRequest::Rebuild).await.unwrap() }).await;
    points
}

/// Checks that the test above can fail: a dropped append of several transactions stays incomplete.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_appends_event_by_event_is_caught() {
    let database = Database::fresh().unwrap();
    let url = database.url();
    let broken = FaultyStore::new(builder(&url).connect().await.unwrap(), Fault::AppendsEventByEvent, &url);
    let ledger = Ledger::default();
    at_every_await(|| ledger.append(&broken, append("1", 3))).await;
    let caught = ledger.check(&ledger::log(&url).await, Vec::new()).unwrap_err();
    assert!(caught.contains("is stored in part"), "{caught}");
}
