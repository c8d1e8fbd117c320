//! A store whose runtime has ended: whatever is asked of it from another one ends, and says why.

use std::error::Error;
use std::time::Duration;

use es_core::{
    AppendError, AsOf, Checkpoint, Direction, EventStore, Expected, Filter, Position, StoreError, StoreErrorKind,
    StoredSnapshot, Timestamp, UnknownOutcome, Version,
};
use es_postgres::{PostgresError, PostgresStore};
use futures_util::{StreamExt, TryStreamExt};
use test_postgres::Database;
use tokio::runtime::{Builder, Runtime};

use crate::fixture::{connect, one, stream};
use crate::pools::pool;

/// Nothing that hangs is waited for any longer.
const LIMIT: Duration = Duration::from_secs(30);

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

async fn ends<T>(what: &str, outcome: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, outcome).await.unwrap_or_else(|_| panic!("`{what}` hangs"))
}

/// Whether it ended because the store is closed.
fn says_closed<T, E: Error + 'static>(what: &str, outcome: Result<T, E>) {
    let Err(error) = outcome else { panic!("`{what}` goes on") };
    let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(error) = cause {
        let kind = error.downcast_ref().map(StoreError::kind);
        if kind == Some(StoreErrorKind::Closed) || matches!(error.downcast_ref(), Some(PostgresError::Closed)) {
            return;
        }
        cause = error.source();
    }
    panic!("`{what}` says {error:?}");
}

/// Asks everything of a store whose runtime has ended.
async fn everything_ends(store: &PostgresStore, database: &Database, checkpoint: Checkpoint) {
    let (all, stream) = (Filter::all(), stream("1"));
    says_closed("append", ends("append", store.append(one("1", Expected::Any).into())).await);
    let unknown = UnknownOutcome::new(one("1", Expected::Any), StoreError::new(StoreErrorKind::Unavailable, "lost"));
    let resolved = ends("resolve", store.resolve(unknown)).await;
    assert!(matches!(resolved, Err(AppendError::Unknown(_))), "{resolved:?}");
    says_closed("resolve", resolved);
    for direction in [Direction::Forward, Direction::Backward] {
        let events = store.read_stream(&stream, Version::FIRST, direction, None).try_collect::<Vec<_>>();
        says_closed("read_stream", ends("read_stream", events).await);
    }
    for filter in [all.clone(), Filter::all().category("account"), Filter::all().name("account.deposited")] {
        let events = store.read_all(Checkpoint::START, &filter, None).try_collect::<Vec<_>>();
        says_closed("read_all", ends("read_all", events).await);
    }
    says_closed(
        "visit_stream",
        ends(
            "visit_stream",
            store.visit_stream(&stream, Version::FIRST, &mut |_| Ok(std::ops::ControlFlow::Continue(()))),
        )
        .await,
    );
    says_closed("frontier", ends("frontier", store.frontier()).await);
    // also where it is known that the frontier is above
    for seen in [Position::START, checkpoint.position(), Position::MAX] {
        says_closed("changed", ends("changed", store.changed(seen.into())).await);
        let mut events = store.subscribe(seen.into(), &all);
        says_closed("subscribe", ends("subscribe", events.next()).await.expect("it ends after an error"));
        assert!(ends("subscribe", events.next()).await.is_none());
    }
    let snapshots = store.snapshots().expect("a closed store says what it can do");
    says_closed("nearest", ends("nearest", snapshots.nearest(&stream, "1", AsOf::Newest)).await);
    let snapshot = StoredSnapshot::new(stream, Version::FIRST, Position::new(1), Timestamp::UNIX_EPOCH, "1", "{}");
    says_closed("store", ends("store", snapshots.store(snapshot)).await);
    let page = ends("subscribe_pages", store.subscribe_pages(checkpoint, &all).next()).await;
    says_closed("subscribe_pages", page.expect("it ends after an error"));
    for direction in [Direction::Forward, Direction::Backward] {
        let mut pages = store.read_pages(checkpoint, direction, &all, None);
        says_closed("read_pages", ends("read_pages", pages.next()).await.expect("it ends after an error"));
    }
    says_closed("missing_protections", ends("missing_protections", store.missing_protections()).await);
    // the caller's connection is not the store's
    let mut client = connect(&database.url()).await;
    let transaction = client.transaction().await.unwrap();
    ends("append_in", store.append_in(&transaction, one("2", Expected::Any))).await.unwrap();
    let statement = store.append_statement(one("3", Expected::Any)).unwrap();
    let row = transaction.query_one(statement.sql(), &[&statement.parameter()]).await.unwrap();
    assert_eq!(statement.outcome(row.get(0)).unwrap()[0].version, 1);
    transaction.commit().await.unwrap();
    assert_eq!(store.open_readers(), 0);
}

fn what_ends(with_pool: bool) {
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
    // begun before the end, from another runtime
    let under_way: Vec<_> = (0..2)
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
        let append = ends("an append that is under way", append).await.unwrap();
        assert!(matches!(append, Err(AppendError::Unknown(_))), "{append:?}");
        says_closed("an append that is under way", append);
        drop(client);
        for begun in under_way {
            let (next, changed) = ends("what is under way", begun).await.unwrap();
            says_closed("a subscription that is under way", next);
            says_closed("`changed` that is under way", changed);
        }
        everything_ends(&store, &database, checkpoint).await;
    });
}

#[test]
fn whatever_is_asked_of_a_store_whose_runtime_has_ended_ends_too() {
    what_ends(false);
}

#[test]
fn so_it_does_over_a_pool_of_the_applications() {
    what_ends(true);
}

/// A pool that its application has closed gives no connections any more.
#[tokio::test]
async fn readers_over_a_pool_that_was_closed_end() {
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
    says_closed("read_all", ends("read_all", events).await);
    let mut events = store.subscribe(Checkpoint::START, &Filter::all());
    says_closed("subscribe", ends("subscribe", events.next()).await.unwrap());
}
