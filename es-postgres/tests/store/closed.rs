//! A store whose runtime has ended: every operation from another runtime ends with the error kind `Closed`.

use std::{error::Error, ops::ControlFlow, time::Duration};

use es_core::{
    AppendError, AsOf, Checkpoint, Claim, Direction, EventStore, Expected, Filter, Position, ReadModelId,
    ReadModelRequest, ReadModelState, ReadModelStep, StoreError, StoreErrorKind, StoredSnapshot, Timestamp,
    UnknownOutcome, Version,
};
use es_postgres::{PostgresProtectionError, PostgresStore};
use futures_util::{StreamExt, TryStreamExt};
use test_postgres::Database;
use tokio::runtime::{Builder, Runtime};

use crate::{
    fixture::{connect, one, stream},
    pools::pool,
};

/// An operation that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(30);

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

async fn within_limit<T>(what: &str, outcome: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, outcome).await.unwrap_or_else(|_| panic!("`{what}` hangs"))
}

/// The outcome is an error because the store is closed.
fn assert_closed<T, E: Error + 'static>(what: &str, outcome: Result<T, E>) {
    let Err(error) = outcome else { panic!("`{what}` succeeds") };
    let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(error) = cause {
        let kind = error.downcast_ref().map(StoreError::kind);
        let kind = kind.or_else(|| error.downcast_ref().map(PostgresProtectionError::kind));
        if kind == Some(StoreErrorKind::Closed) {
            return;
        }
        cause = error.source();
    }
    panic!("`{what}` fails with {error:?}");
}

/// Calls every operation of a store whose runtime has ended.
async fn every_operation_ends(store: &PostgresStore, database: &Database, checkpoint: Checkpoint) {
    let (all, stream) = (Filter::all(), stream("1"));
    assert_closed("append", within_limit("append", store.append(one("1", Expected::Any).into())).await);
    let unknown = UnknownOutcome::new(one("1", Expected::Any), StoreError::new(StoreErrorKind::Unavailable, "lost"));
    let resolved = within_limit("resolve", store.resolve(unknown)).await;
    assert!(matches!(resolved, Err(AppendError::Unknown(_))), "{resolved:?}");
    assert_closed("resolve", resolved);
    for direction in [Direction::Forward, Direction::Backward] {
        let events = store.read_stream(&stream, Version::FIRST, direction, None).try_collect::<Vec<_>>();
        assert_closed("read_stream", within_limit("read_stream", events).await);
    }
    for filter in [all.clone(), Filter::all().category("account"), Filter::all().name("account.deposited")] {
        let events = store.read_all(Checkpoint::START, &filter, None).try_collect::<Vec<_>>();
        assert_closed("read_all", within_limit("read_all", events).await);
    }
    assert_closed(
        "visit_stream",
        within_limit(
            "visit_stream",
            store.visit_stream(&stream, Version::FIRST, &mut |_| Ok(ControlFlow::Continue(()))),
        )
        .await,
    );
    assert_closed("frontier", within_limit("frontier", store.frontier()).await);
    // Also where the store already knows a frontier above the position.
    for seen in [Position::START, checkpoint.position(), Position::MAX] {
        assert_closed("changed", within_limit("changed", store.changed(seen.into())).await);
        let mut events = store.subscribe(seen.into(), &all);
        assert_closed(
            "subscribe",
            within_limit("subscribe", events.next()).await.expect("the stream ends without an error"),
        );
        assert!(within_limit("subscribe", events.next()).await.is_none());
    }
    let snapshots = store.snapshots().expect("a closed store has no snapshots");
    assert_closed("nearest", within_limit("nearest", snapshots.nearest(&stream, "1", AsOf::Newest)).await);
    let snapshot = StoredSnapshot::new(stream, Version::FIRST, Position::new(1), Timestamp::UNIX_EPOCH, "1", "{}");
    assert_closed("store", within_limit("store", snapshots.store(snapshot)).await);
    every_operation_on_read_models_ends(store).await;
    let page = within_limit("subscribe_pages", store.subscribe_pages(checkpoint, &all).next()).await;
    assert_closed("subscribe_pages", page.expect("the stream ends without an error"));
    for direction in [Direction::Forward, Direction::Backward] {
        let mut pages = store.read_pages(checkpoint, direction, &all, None);
        assert_closed(
            "read_pages",
            within_limit("read_pages", pages.next()).await.expect("the stream ends without an error"),
        );
    }
    assert_closed("missing_protections", within_limit("missing_protections", store.missing_protections()).await);
    // The caller's own connection still works.
    let mut client = connect(&database.url()).await;
    let transaction = client.transaction().await.unwrap();
    within_limit("append_in", store.append_in(&transaction, one("2", Expected::Any))).await.unwrap();
    let statement = store.append_statement(one("3", Expected::Any)).unwrap();
    let row = transaction.query_one(statement.sql(), &[&statement.parameter()]).await.unwrap();
    assert_eq!(statement.outcome(row.get(0)).unwrap()[0].version, 1);
    transaction.commit().await.unwrap();
    assert_eq!(store.open_readers(), 0);
}

async fn every_operation_on_read_models_ends(store: &PostgresStore) {
    let read_models = store.capabilities().read_models.expect("a closed store keeps no read models");
    let model = ReadModelId::new("balances", 1).unwrap();
    let claimed = within_limit("claim", read_models.claim(&model, "mine", Duration::from_secs(5))).await;
    assert_closed("claim", claimed);
    let claim = Claim::new(model.clone(), 1, Checkpoint::START, Checkpoint::START, false);
    let step = ReadModelStep::new(Checkpoint::START, Checkpoint::START, ReadModelState::Live);
    assert_closed("advance", within_limit("advance", read_models.advance(&claim, step)).await);
    assert_closed("rows", within_limit("rows", read_models.rows(&model, &["1".to_owned()])).await);
    assert_closed("rows_after", within_limit("rows_after", read_models.rows_after(&model, None, 1)).await);
    assert_closed("statuses", within_limit("statuses", read_models.statuses()).await);
    assert_closed("ask", within_limit("ask", read_models.ask(&model, ReadModelRequest::Pause)).await);
    assert_closed("events_after", within_limit("events_after", read_models.events_after(Position::START)).await);
}

fn operations_end(with_pool: bool) {
    let database = Database::fresh().unwrap();
    let (own, other) = (runtime(), runtime());
    let (store, checkpoint) = own.block_on(async {
        let mut builder = PostgresStore::builder(&database.url());
        if with_pool {
            builder = builder.pool(pool(&database, 8, ""));
        }
        let store = builder.connect().await.unwrap();
        let position = store.append(one("1", Expected::Any).into()).await.unwrap()[0].positions[0];
        store.changed(Checkpoint::START).await.unwrap();
        (store.clone(), store.frontier().await.unwrap().at(position))
    });
    // Begun from another runtime before the store's runtime ends.
    let in_flight: Vec<_> = (0..2)
        .map(|_| {
            let (store, seen) = (store.clone(), checkpoint.position());
            let (caught_up, is_caught_up) = tokio::sync::oneshot::channel();
            let begun = async move {
                let mut events = store.subscribe(Checkpoint::START, &Filter::all());
                events.next().await.unwrap().unwrap();
                caught_up.send(()).unwrap();
                let (next, changed) = futures_util::future::join(events.next(), store.changed(seen.into())).await;
                (next.unwrap().map(drop), changed.map(drop))
            };
            let begun = other.spawn(begun);
            other.block_on(is_caught_up).unwrap();
            begun
        })
        .collect();
    let held = other.block_on(async {
        let client = connect(&database.url()).await;
        let held = store.clone();
        client.batch_execute("BEGIN; LOCK TABLE es.events").await.unwrap();
        let append = tokio::spawn(async move { held.append(one("held", Expected::Any).into()).await });
        let waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'es.events'::regclass";
        while client.query_one(waits, &[]).await.unwrap().get::<_, i64>(0) == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        (client, append)
    });
    drop(own);
    other.block_on(async {
        let (client, append) = held;
        let append = within_limit("an append in flight", append).await.unwrap();
        assert!(matches!(append, Err(AppendError::Unknown(_))), "{append:?}");
        assert_closed("an append in flight", append);
        drop(client);
        for begun in in_flight {
            let (next, changed) = within_limit("an operation in flight", begun).await.unwrap();
            assert_closed("a subscription in flight", next);
            assert_closed("`changed` in flight", changed);
        }
        every_operation_ends(&store, &database, checkpoint).await;
    });
}

#[test]
fn every_operation_ends_after_the_runtime_has_ended() {
    operations_end(false);
}

#[test]
fn every_operation_over_an_application_pool_ends_after_the_runtime_has_ended() {
    operations_end(true);
}

/// The application closes its pool, so that the store gets no more connections.
#[tokio::test]
async fn reads_over_a_closed_pool_end() {
    let database = Database::fresh().unwrap();
    let pool = pool(&database, 8, "");
    let store = PostgresStore::from_pool(pool.clone(), &database.url()).await.unwrap();
    store.append(one("1", Expected::Any).into()).await.unwrap();
    pool.close();
    let client = connect(&database.url()).await;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'theirs' \
               AND datname = current_database()";
    client.query(end, &[]).await.unwrap();
    let events = store.read_all(Checkpoint::START, &Filter::all(), None).try_collect::<Vec<_>>();
    assert_closed("read_all", within_limit("read_all", events).await);
    let mut events = store.subscribe(Checkpoint::START, &Filter::all());
    assert_closed("subscribe", within_limit("subscribe", events.next()).await.unwrap());
}
