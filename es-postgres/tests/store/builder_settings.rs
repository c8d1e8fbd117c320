//! The settings of `PostgresBuilder` have their documented effect.

use std::time::Duration;

use es_core::{Append, Checkpoint, Direction, EventStore, Expected, Filter, ReadError, Version};
use es_postgres::{BatchLimits, PostgresError, PostgresReadError, PostgresStore};
use futures_util::{TryStreamExt, future::join_all};
use test_postgres::Database;
use tokio_postgres::Client;

use crate::fixture::{Fixture, connect, event, one, stream};

async fn count(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_use_no_more_connections_than_the_pool_size() {
    let fixture = Fixture::with(|builder| builder.pool_size(7).application_name("counted")).await;
    for _ in 0..2 {
        let events = (0..1_000).map(|_| event("{}")).collect();
        fixture.store.append(Append::new(stream("1"), Expected::Any, events).into()).await.unwrap();
    }
    let reads = (0..40).map(|_| {
        let store = fixture.store.clone();
        tokio::spawn(async move {
            let events = store.read_all(Checkpoint::START, &Filter::all(), None);
            assert_eq!(events.try_collect::<Vec<_>>().await.unwrap().len(), 2_000);
        })
    });
    join_all(reads).await.into_iter().for_each(Result::unwrap);
    // The sessions of the writer and the listener do not count.
    let readers =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'counted'
                   AND query !~ 'LISTEN|pg_notify|append'";
    let open = count(&fixture.client().await, readers).await;
    // The shared connections, and at least one more for pages.
    assert!((5..=7).contains(&open), "{open} connections");
}

#[tokio::test]
async fn sessions_carry_the_application_name() {
    let fixture = Fixture::with(|builder| builder.application_name("mine")).await;
    fixture.store.append(one("1", Expected::Any).into()).await.unwrap();
    let client = fixture.client().await;
    let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
                  AND backend_type = 'client backend' AND application_name <> 'mine'";
    assert_eq!(count(&client, others).await, 0);
    // A name in the URL wins.
    let url = format!("{}?application_name=nightly", fixture.database.url());
    let nightly = PostgresStore::builder(&url).application_name("mine").connect().await.unwrap();
    assert!(count(&client, others).await > 0);
    drop(nightly);

    let mut holder = connect(&url).await;
    let pid: i32 = holder.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
    let transaction = holder.transaction().await.unwrap();
    fixture.store.append_in(&transaction, one("2", Expected::Any)).await.unwrap();
    let who = "SELECT pid, application, age > interval '0', state, low FROM es.es_in_flight";
    let row = client.query_one(who, &[]).await.unwrap();
    let who: (i32, String, bool, String, i64) = (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4));
    assert_eq!(who, (pid, "nightly".to_owned(), true, "idle in transaction".to_owned(), 1));
}

/// On one thread, so that all appends are queued before the writer takes the first.
#[tokio::test]
async fn batches_respect_their_limits() {
    let transactions = async |bytes, events, streams| {
        let limits = BatchLimits::new().with_bytes(bytes).with_events(events).with_streams(streams);
        let fixture = Fixture::with(|builder| builder.batch_limits(limits)).await;
        let appends = (0..60).map(|number| fixture.store.append(one(&number.to_string(), Expected::Any).into()));
        join_all(appends).await.into_iter().for_each(|append| drop(append.unwrap()));
        count(&fixture.client().await, "SELECT count(DISTINCT xmin::text) FROM es.events").await
    };
    assert_eq!(transactions(1, 1_000, 1_000).await, 60);
    assert_eq!(transactions(1_000_000, 1, 1_000).await, 60);
    assert_eq!(transactions(1_000_000, 1_000, 1).await, 60);
    assert!(transactions(1_000_000, 1_000, 1_000).await < 40);
}

#[tokio::test]
async fn a_statement_over_its_timeout_is_cancelled() {
    let fixture = Fixture::with(|builder| {
        builder.statement_timeout(Duration::from_millis(300)).lock_timeout(Duration::from_mins(1))
    })
    .await;
    let mut client = fixture.client().await;
    let transaction = client.transaction().await.unwrap();
    transaction.batch_execute("LOCK TABLE es.events IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let read = fixture.store.read_stream(&stream("1"), Version::FIRST, Direction::Forward, None);
    let read = tokio::time::timeout(Duration::from_secs(15), read.try_collect::<Vec<_>>()).await.unwrap();
    let Err(ReadError::Store(source)) = read else { panic!("the read did not wait for the lock") };
    let ended = source.downcast_ref();
    assert!(
        matches!(ended, Some(PostgresReadError::Server(PostgresError::Refused { code, .. })) if code == "57014"),
        "{source}"
    );
    let append = tokio::time::timeout(Duration::from_secs(15), fixture.store.append(one("1", Expected::Any).into()));
    assert!(append.await.unwrap().is_err());
    transaction.commit().await.unwrap();
    fixture.store.append(one("1", Expected::Any).into()).await.unwrap();
}

#[tokio::test]
async fn both_url_schemes_open_the_same_log() {
    let database = Database::fresh().unwrap();
    let first = PostgresStore::builder(&database.url()).schema("bank").connect().await.unwrap();
    first.append(one("1", Expected::NoStream).into()).await.unwrap();
    let other = database.url().replacen("postgres://", "postgresql://", 1);
    let second = PostgresStore::builder(&other).schema("bank").connect().await.unwrap();
    assert_eq!(second.append(one("1", Expected::Exists).into()).await.unwrap()[0].version, 2);
}
