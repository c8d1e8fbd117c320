//! Settings of a server, a database or a role, which must not change what the store does.

use std::time::Duration;

use deadpool_postgres::Pool;
use es_core::{
    Append, AppendError, AsOf, Checkpoint, Direction, EventStore, Expected, Filter, StoredSnapshot, StreamId, Version,
};
use es_postgres::{PostgresAppendError, PostgresConnectError, PostgresError, PostgresStore, PostgresUnfitError};
use futures_util::TryStreamExt;
use test_postgres::{Database, Server};

use crate::{
    fixture::{Fixture, all, connect, event, exact, one, stream},
    pools::pool,
};

/// Functions, operators and a type that shadow the server's own through `search_path`, and give wrong results.
const SHADOWS: &str = "CREATE SCHEMA shadow;
    CREATE FUNCTION shadow.never(bigint, bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false';
    CREATE OPERATOR shadow.> (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = shadow.never);
    CREATE OPERATOR shadow.<= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = shadow.never);
    CREATE FUNCTION shadow.json_build_object(VARIADIC \"any\") RETURNS json LANGUAGE internal AS 'json_build_object_noargs';
    CREATE FUNCTION shadow.unnest(anyarray) RETURNS SETOF anyelement LANGUAGE sql AS 'SELECT $1[1] WHERE false';
    CREATE FUNCTION shadow.current_setting(text) RETURNS text LANGUAGE sql AS $$ SELECT 'off' $$;
    CREATE FUNCTION shadow.set_config(text, text, boolean) RETURNS text LANGUAGE sql AS $$ SELECT 'off' $$;
    CREATE DOMAIN shadow.json AS text CHECK (value IS NULL)";

const ODD_SETTINGS: [(&str, &str); 19] = [
    ("search_path", "shadow, pg_catalog"),
    ("client_encoding", "LATIN1"),
    ("standard_conforming_strings", "off"),
    ("exit_on_error", "on"),
    ("client_min_messages", "error"),
    ("idle_in_transaction_session_timeout", "'400ms'"),
    ("idle_session_timeout", "'400ms'"),
    ("lock_timeout", "1"),
    ("default_transaction_isolation", "serializable"),
    ("datestyle", "'SQL, DMY'"),
    ("intervalstyle", "sql_standard"),
    ("timezone", "'Asia/Kathmandu'"),
    ("bytea_output", "escape"),
    ("extra_float_digits", "'-15'"),
    ("array_nulls", "off"),
    ("transform_null_equals", "on"),
    ("xmloption", "document"),
    ("synchronous_commit", "local"),
    ("plan_cache_mode", "force_custom_plan"),
];

fn database_with_odd_settings() -> Database {
    let database = Database::fresh().unwrap();
    database.run(&[SHADOWS]).unwrap();
    for (setting, value) in ODD_SETTINGS {
        database.run(&[&format!("ALTER DATABASE {} SET {setting} = {value}", database.name())]).unwrap();
    }
    database
}

async fn works(store: &PostgresStore) {
    let payload = "{\"snow\":\"\u{2603}\",\"back\":\"\\\\\"}";
    let odd = StreamId::new("account", "it's \\ a \u{2603}").unwrap();
    let mut events = store.subscribe(Checkpoint::START, &Filter::all());
    for version in 0..3 {
        let append = Append::new(odd.clone(), exact(version), vec![event(payload)]);
        store.append(append.into()).await.unwrap();
        // Longer than the idle timeouts.
        tokio::time::sleep(Duration::from_millis(600)).await;
    }
    let both = [one("1", Expected::NoStream), one("2", Expected::NoStream)].concat();
    assert!(!store.append(both.clone().into()).await.unwrap()[1].repeated);
    assert!(store.append(both.into()).await.unwrap()[1].repeated);
    assert!(matches!(store.append(one("1", Expected::NoStream).into()).await, Err(AppendError::Conflict(_))));
    for read in [
        store.read_all(Checkpoint::START, &Filter::all(), None),
        store.read_stream(&odd, Version::FIRST, Direction::Forward, None),
    ] {
        let read: Vec<_> = read.try_collect().await.unwrap();
        assert!(read.len() >= 3);
        assert!(read[..3].iter().all(|event| event.payload == payload.as_bytes() && event.stream == odd));
    }
    for _ in 0..5 {
        events.try_next().await.unwrap().unwrap();
    }
    let events: Vec<_> =
        store.read_stream(&odd, Version::FIRST, Direction::Forward, Some(2)).try_collect().await.unwrap();
    let snapshots = store.snapshots().expect("the store has no snapshots");
    for event in &events {
        let snapshot = StoredSnapshot::after(event, "s", vec![0, 255, 92]);
        snapshots.store(snapshot.clone()).await.unwrap();
        for at in
            [AsOf::Newest, AsOf::Version(event.version), AsOf::Position(event.position), AsOf::Time(event.recorded_at)]
        {
            assert_eq!(snapshots.nearest(&odd, "s", at).await.unwrap().as_ref(), Some(&snapshot), "{at:?}");
        }
    }
}

/// The store's refusal to append, after it has noticed that its session has ended.
async fn refusal(store: &PostgresStore) -> PostgresAppendError {
    loop {
        match store.append(one("1", Expected::Exists).into()).await {
            Err(AppendError::Store(source)) => return *source.into_inner().downcast().unwrap(),
            // Sent over the ended session; the next append goes over a new one.
            Err(AppendError::Unknown(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// The process ids of the store's sessions.
async fn sessions(database: &Database) -> Vec<i32> {
    let client = connect(&database.url()).await;
    let pids =
        "SELECT pid FROM pg_catalog.pg_stat_activity WHERE datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
                AND application_name = 'es' ORDER BY backend_start";
    client.query(pids, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn odd_database_settings_change_nothing() {
    let database = database_with_odd_settings();
    // The migrations run under these settings, too.
    let store = PostgresStore::builder(&database.url()).allow_unsafe_server().connect().await.unwrap();
    works(&store).await;
    let before = sessions(&database).await;
    tokio::time::sleep(Duration::from_millis(900)).await;
    assert_eq!(sessions(&database).await, before, "idle sessions were ended");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn odd_pool_settings_change_nothing_and_are_kept() {
    let database = database_with_odd_settings();
    let pool: Pool = pool(&database, 6, "");
    let store = PostgresStore::from_pool(pool.clone(), &database.url()).await.unwrap();
    for _ in 0..5 {
        let events = (0..1_000).map(|_| event("{}")).collect();
        store.append(Append::new(stream("many"), Expected::Any, events).into()).await.unwrap();
    }
    assert_eq!(all(&store).await.len(), 5_000);
    let client = pool.get().await.unwrap();
    for (setting, value) in [("search_path", "shadow, pg_catalog"), ("exit_on_error", "on")] {
        let shown: String = client.query_one(&format!("SHOW {setting}"), &[]).await.unwrap().get(0);
        assert_eq!(shown, value, "{setting}");
    }
}

/// The settings of the caller's connection do not change the meaning of the statement.
#[tokio::test]
async fn odd_settings_of_a_callers_transaction_change_nothing() {
    let database = database_with_odd_settings();
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    let mut client = connect(&database.url()).await;
    client.batch_execute("SET default_transaction_isolation = 'read committed'").await.unwrap();
    let transaction = client.transaction().await.unwrap();
    store.append_in(&transaction, one("1", Expected::NoStream)).await.unwrap();
    let appends = [one("1", exact(1)), one("2", Expected::NoStream)].concat();
    let statement = store.append_statement(appends).unwrap();
    let row = transaction.query_one(statement.sql(), &[&statement.parameter()]).await.unwrap();
    assert_eq!(statement.outcome(row.get(0)).unwrap()[0].version, 2);
    store.commit(transaction).await.unwrap();
    assert_eq!(all(&store).await.len(), 3);
}

#[tokio::test]
async fn a_database_of_another_encoding_is_refused_before_anything_is_written() {
    let server = Database::fresh().unwrap();
    for encoding in ["LATIN1", "WIN1252", "EUC_JP", "SQL_ASCII"] {
        let name = format!("{}_{}", server.name(), encoding.to_lowercase());
        let create =
            format!("CREATE DATABASE {name} ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
        server.run(&[&create]).unwrap();
        let url = server.url().replace(server.name(), &name);
        let refused = PostgresStore::builder(&url).allow_unsafe_server().connect().await.unwrap_err();
        let client = connect(&url).await;
        let made: i64 =
            client.query_one("SELECT count(*) FROM pg_namespace WHERE nspname = 'es'", &[]).await.unwrap().get(0);
        server.run(&[&format!("DROP DATABASE {name} WITH (FORCE)")]).unwrap();
        assert!(
            matches!(&refused, PostgresConnectError::Unfit(PostgresUnfitError::Encoding { found }) if found == encoding),
            "{refused}"
        );
        assert!(refused.to_string().contains("ENCODING 'UTF8'"), "{refused}");
        assert_eq!(made, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_are_refused_after_a_restart_with_unsafe_settings() {
    let server = Server::start(&[]).unwrap();
    let database = Database::on(&server.url()).unwrap();
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    let unsafe_allowed = PostgresStore::builder(&database.url()).allow_unsafe_server().connect().await.unwrap();
    for (setting, number) in [("fsync", 0), ("full_page_writes", 1)] {
        store.append(one("1", exact(2 * number)).into()).await.unwrap();
        let restart = async |value: &str| {
            database.run(&[&format!("ALTER SYSTEM SET {setting} = {value}")]).unwrap();
            server.kill().unwrap();
            server.restart().unwrap();
        };
        restart("off").await;
        let refused = refusal(&store).await;
        assert!(
            matches!(&refused, PostgresAppendError::Unfit(PostgresUnfitError::Unsafe { setting: named, .. }) if *named == setting),
            "{refused}"
        );
        unsafe_allowed.append(one("1", Expected::Exists).into()).await.unwrap();
        restart("on").await;
    }
    assert_eq!(store.append(one("1", Expected::Exists).into()).await.unwrap()[0].version, 5);
}

/// An administrator may stop appends this way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_only_database_refuses_appends_and_serves_reads() {
    let fixture = Fixture::new().await;
    fixture.store.append(one("1", Expected::NoStream).into()).await.unwrap();
    let name = fixture.database.name();
    fixture.database.run(&[&format!("ALTER DATABASE {name} SET default_transaction_read_only = on")]).unwrap();
    let client = fixture.client().await;
    let reconnect = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                     WHERE datname = current_database() AND pid <> pg_backend_pid()";
    client.execute(reconnect, &[]).await.unwrap();
    let refused = refusal(&fixture.store).await;
    assert!(
        matches!(&refused, PostgresAppendError::Server(error) if matches!(&**error, PostgresError::Refused { code, .. } if code == "25006")),
        "{refused}"
    );
    assert_eq!(all(&fixture.store).await.len(), 1);
}

#[tokio::test]
async fn an_append_raises_synchronous_commit_and_never_lowers_it() {
    let fixture = Fixture::new().await;
    let mut client = fixture.client().await;
    for (set, meant) in [
        ("off", "on"),
        ("local", "on"),
        ("on", "on"),
        ("remote_write", "remote_write"),
        ("remote_apply", "remote_apply"),
    ] {
        client.batch_execute(&format!("SET synchronous_commit = {set}")).await.unwrap();
        let transaction = client.transaction().await.unwrap();
        // The append's setting is rolled back with its event.
        transaction.batch_execute("SAVEPOINT s").await.unwrap();
        fixture.store.append_in(&transaction, one(set, Expected::NoStream)).await.unwrap();
        transaction.batch_execute("ROLLBACK TO s").await.unwrap();
        fixture.store.append_in(&transaction, one(set, Expected::NoStream)).await.unwrap();
        let shown: String = transaction.query_one("SHOW synchronous_commit", &[]).await.unwrap().get(0);
        assert_eq!(shown, meant);
        fixture.store.commit(transaction).await.unwrap();
        let shown: String = client.query_one("SHOW synchronous_commit", &[]).await.unwrap().get(0);
        assert_eq!(shown, set);
    }
}
