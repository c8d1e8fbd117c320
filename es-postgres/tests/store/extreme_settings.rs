//! Extreme settings: no value makes a store hang or panic.

use std::time::Duration;

use es_core::{AppendError, Checkpoint, EventStore, Expected, Filter, StoreError, StoreErrorKind};
use es_postgres::{BatchLimits, PostgresAppendError, PostgresBuilder, PostgresStore};
use futures_util::{TryStreamExt, future::join_all};
use test_postgres::Database;

use crate::fixture::{connect, one};

/// An operation that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(30);
const DAYS_30: Duration = Duration::from_hours(30 * 24);
const TIMES: [Duration; 5] =
    [Duration::MAX, DAYS_30, Duration::from_millis(i32::MAX as u64 + 1), Duration::from_nanos(1), Duration::ZERO];
const NUMBERS: [usize; 4] = [usize::MAX, usize::MAX / 2, 1, 0];

/// Opens a store, appends to several streams at once, and reads.
async fn works(builder: PostgresBuilder) -> Result<(), String> {
    let store = builder.connect().await.map_err(|error| format!("connect: {error:?}"))?;
    let appends = (0..20).map(|number| store.append(one(&(number % 7).to_string(), Expected::Any).into()));
    for append in join_all(appends).await {
        append.map_err(|error| format!("append: {error:?}"))?;
    }
    let position = store.frontier().await.map_err(|error| format!("frontier: {error:?}"))?;
    let changed = store.changed(Checkpoint::START).await.map_err(|error| format!("changed: {error:?}"))?;
    for limit in [None, Some(usize::MAX), Some(usize::MAX / 2)] {
        let read = store.read_all(Checkpoint::START, &Filter::all(), limit).try_collect::<Vec<_>>().await;
        let read = read.map_err(|error| format!("read: {error:?}"))?;
        if read.len() != 20 || changed != position {
            return Err(format!("{} events up to {changed:?}, and not {position:?}", read.len()));
        }
    }
    Ok(())
}

async fn in_time(what: &str, works: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    tokio::time::timeout(LIMIT, works).await.unwrap_or_else(|_| panic!("{what} hangs"))
}

async fn set(what: &str, set_up: impl FnOnce(PostgresBuilder) -> PostgresBuilder) -> Result<(), String> {
    let database = Database::fresh().unwrap();
    in_time(what, works(set_up(PostgresStore::builder(&database.url())))).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn extreme_numbers_are_clamped() {
    for number in NUMBERS {
        set("pool_size", |store| store.pool_size(number)).await.unwrap();
        let limits = BatchLimits::new().with_bytes(number).with_events(number).with_streams(number);
        set("batch_limits", |store| store.batch_limits(limits)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn extreme_durations_are_clamped() {
    for time in TIMES {
        set("retry_for", |store| store.retry_for(time)).await.unwrap();
        set("lock_timeout", |store| store.lock_timeout(time)).await.unwrap();
        let whole = set("statement_timeout", |store| store.statement_timeout(time)).await;
        let connected = set("connect_timeout", |store| store.connect_timeout(time)).await;
        if time > Duration::from_millis(1) {
            whole.unwrap();
            connected.unwrap();
            continue;
        }
        // A millisecond is too short for most operations. Zero means no limit for statements only.
        match whole {
            Err(error) if !time.is_zero() && error.contains("57014") => {}
            whole => whole.unwrap(),
        }
        match connected {
            Err(error) if error.contains("Silent(1ms)") || error.contains("Timeout(Create)") => {}
            connected => connected.unwrap(),
        }
    }
    let all = |store: PostgresBuilder, time| {
        store.retry_for(time).lock_timeout(time).statement_timeout(time).connect_timeout(time)
    };
    set("all times", |store| all(store, Duration::MAX)).await.unwrap();
}

/// To the server, zero means no limit, so a duration below a millisecond must not be rounded to zero.
#[tokio::test]
async fn the_shortest_durations_are_limits() {
    let database = Database::fresh().unwrap();
    let store = PostgresStore::builder(&database.url()).lock_timeout(Duration::from_nanos(1)).connect().await.unwrap();
    let mut client = connect(&database.url()).await;
    let transaction = client.transaction().await.unwrap();
    store.append_in(&transaction, one("1", Expected::Any)).await.unwrap();
    let append = tokio::time::timeout(LIMIT, store.append(one("1", Expected::Any).into())).await.expect("it hangs");
    let Err(AppendError::Store(held)) = append else { panic!("{append:?}") };
    assert!(matches!(held.downcast_ref(), Some(PostgresAppendError::Held(time)) if *time == Duration::from_millis(1)));
    transaction.rollback().await.unwrap();
    // A statement that takes longer than the shortest timeout.
    let store = PostgresStore::builder(&database.url()).retry_for(Duration::ZERO);
    let read = async {
        let store = store
            .statement_timeout(Duration::from_nanos(1))
            .migrate(false)
            .connect()
            .await
            .map_err(StoreError::from)?;
        client.batch_execute("BEGIN; LOCK TABLE es.events IN ACCESS EXCLUSIVE MODE").await.unwrap();
        let events = store.read_all(Checkpoint::START, &Filter::all(), None).try_collect::<Vec<_>>().await;
        events.map_err(|error| StoreError::new(StoreErrorKind::Other, error))
    };
    let read = tokio::time::timeout(LIMIT, read).await.expect("it hangs");
    assert!(format!("{read:?}").contains("57014"), "{read:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn extreme_url_values_work_or_are_refused() {
    let database = Database::fresh().unwrap();
    let numbers = ["-1", "0", "1", "2592000", "2147483648", "9223372036854775807", "9223372036854775808", "x", ""];
    let options = [
        "connect_timeout",
        "tcp_user_timeout",
        "keepalives",
        "keepalives_idle",
        "keepalives_interval",
        "keepalives_retries",
    ];
    for (option, number) in options.iter().flat_map(|option| numbers.map(|number| (option, number))) {
        let url = format!("{}?{option}={number}", database.url());
        let connected = in_time(&url, async {
            let store = PostgresStore::connect(&url).await.map_err(|error| format!("{error:?}"))?;
            store.append(one("1", Expected::Any).into()).await.map(drop).map_err(|error| format!("append: {error:?}"))
        });
        match connected.await {
            Err(error) if error.starts_with("Url(") || error.starts_with("Server(Connect(") => {}
            connected => connected.unwrap_or_else(|error| panic!("`{option}={number}`: {error}")),
        }
    }
    for name in ["a\0b", &"n".repeat(100_000), ""] {
        if let Err(error) = set("application_name", |store| store.application_name(name)).await {
            // The server closes the connection when the start message is too long.
            assert!(!name.is_empty() && error.starts_with("connect: Server(Connect("), "{error}");
        }
        let schema = PostgresStore::builder(&database.url()).schema(name);
        let refused = in_time("schema", works(schema)).await.unwrap_err();
        assert!(refused.contains("SchemaName"), "{refused}");
    }
}
