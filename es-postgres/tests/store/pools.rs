//! Reads over an application's pool, whatever the settings of its connections.

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use es_core::{Append, Checkpoint, Direction, EventStore, Expected, Filter, Version};
use es_postgres::{PostgresConnectError, PostgresStore};
use futures_util::TryStreamExt;
use test_postgres::Database;
use tokio_postgres::{Config, NoTls};

use crate::fixture::{Fixture, all, connect, event, one, stream};

/// Settings that an application may use, and that would break the store's reads.
const ODD_SETTINGS: &str = "-c default_transaction_isolation=repeatable\\ read -c enable_indexscan=on -c statement_timeout=7000 \
                      -c plan_cache_mode=auto";

pub(crate) fn pool(database: &Database, size: usize, options: &str) -> Pool {
    let mut config: Config = database.url().parse().unwrap();
    config.options(options).application_name("theirs");
    let manager = Manager::from_config(config, NoTls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
    Pool::builder(manager).max_size(size).build().unwrap()
}

#[tokio::test]
async fn a_repeatable_read_pool_reads_everything_and_keeps_its_settings() {
    let database = Database::fresh().unwrap();
    let pool = pool(&database, 1, ODD_SETTINGS);
    let store = PostgresStore::from_pool(pool.clone(), &database.url()).await.unwrap();
    for _ in 0..5 {
        let events = (0..1_000).map(|_| event("{}")).collect();
        store.append(Append::new(stream("1"), Expected::Any, events).into()).await.unwrap();
    }
    assert_eq!(all(&store).await.len(), 5_000);
    let events = store.read_stream(&stream("1"), Version::FIRST, Direction::Forward, None);
    assert_eq!(events.try_collect::<Vec<_>>().await.unwrap().len(), 5_000);
    // A read that is dropped before its end.
    let mut events = store.read_all(Checkpoint::START, &Filter::all(), None);
    for _ in 0..700 {
        events.try_next().await.unwrap();
    }
    drop(events);
    let client = pool.get().await.unwrap();
    for (setting, value) in [
        ("default_transaction_isolation", "repeatable read"),
        ("transaction_isolation", "repeatable read"),
        ("transaction_read_only", "off"),
        ("enable_seqscan", "on"),
        ("enable_sort", "on"),
        ("plan_cache_mode", "auto"),
        ("statement_timeout", "7s"),
    ] {
        let shown: String = client.query_one(&format!("SHOW {setting}"), &[]).await.unwrap().get(0);
        assert_eq!(shown, value, "{setting}");
    }
    client.batch_execute("CREATE TABLE theirs ()").await.unwrap();
    let other = connect(&database.url()).await;
    other.batch_execute("DROP TABLE theirs").await.unwrap();
    let read =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'theirs'
                AND query ~ 'events|COMMIT|frontier|SHOW|CREATE'";
    assert!(other.query_one(read, &[]).await.unwrap().get::<_, i64>(0) > 1, "nothing was read over the pool");
}

#[tokio::test]
async fn a_subscription_over_a_repeatable_read_pool_waits_for_open_transactions() {
    let fixture = Fixture::new().await;
    let store =
        PostgresStore::from_pool(pool(&fixture.database, 2, ODD_SETTINGS), &fixture.database.url()).await.unwrap();
    let mut events = store.subscribe(Checkpoint::START, &Filter::all());
    let mut client = fixture.client().await;
    for number in 0..20 {
        let transaction = client.transaction().await.unwrap();
        fixture.store.append_in(&transaction, one("slow", Expected::Any)).await.unwrap();
        store.append(one("quick", Expected::Any).into()).await.unwrap();
        assert_eq!(all(&store).await.len(), 2 * number);
        transaction.commit().await.unwrap();
        for stream in ["slow", "quick"] {
            assert_eq!(events.try_next().await.unwrap().unwrap().stream.id(), stream);
        }
    }
}

#[tokio::test]
async fn a_pool_of_another_log_is_refused() {
    let (one, other) = (Fixture::new().await, Fixture::new().await);
    let refused = PostgresStore::from_pool(pool(&one.database, 4, ""), &other.database.url()).await;
    assert!(matches!(refused, Err(PostgresConnectError::OtherLog)), "{refused:?}");
}
