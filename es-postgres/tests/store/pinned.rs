//! Settings that a server, a database or a role may have, and on which nothing of the store depends.

use std::time::Duration;

use deadpool_postgres::Pool;
use es_core::{AppendError, AsOf, Checkpoint, Direction, EventStore, Expected, Filter, StoredSnapshot, Version};
use es_postgres::{PostgresAppendError, PostgresConnectError, PostgresError, PostgresStore, PostgresUnfitError};
use futures_util::TryStreamExt;
use test_postgres::{Database, Server};

use crate::fixture::{Fixture, all, connect, event, exact, one, stream};
use crate::pools::pool;

/// Functions and an operator that stand before the server's own where `search_path` says so, and lie.
const LIARS: &str = "CREATE SCHEMA liars;
    CREATE FUNCTION liars.never(bigint, bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false';
    CREATE OPERATOR liars.> (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = liars.never);
    CREATE OPERATOR liars.<= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = liars.never);
    CREATE FUNCTION liars.json_build_object(VARIADIC \"any\") RETURNS json LANGUAGE internal AS 'json_build_object_noargs';
    CREATE FUNCTION liars.unnest(anyarray) RETURNS SETOF anyelement LANGUAGE sql AS 'SELECT $1[1] WHERE false';
    CREATE FUNCTION liars.current_setting(text) RETURNS text LANGUAGE sql AS $$ SELECT 'off' $$;
    CREATE FUNCTION liars.set_config(text, text, boolean) RETURNS text LANGUAGE sql AS $$ SELECT 'off' $$;
    CREATE DOMAIN liars.json AS text CHECK (value IS NULL)";

const ODD: [(&str, &str); 19] = [
    ("search_path", "liars, pg_catalog"),
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

fn odd() -> Database {
    let database = Database::fresh().unwrap();
    database.run(&[LIARS]).unwrap();
    for (setting, value) in ODD {
        database.run(&[&format!("ALTER DATABASE {} SET {setting} = {value}", database.name())]).unwrap();
    }
    database
}

async fn works(store: &PostgresStore) {
    let payload = "{\"snow\":\"\u{2603}\",\"back\":\"\\\\\"}";
    let odd = es_core::StreamId::new("account", "it's \\ a \u{2603}").unwrap();
    let mut events = store.subscribe(Checkpoint::START, &Filter::all());
    for version in 0..3 {
        let append = es_core::Append::new(odd.clone(), exact(version), vec![event(payload)]);
        store.append(append.into()).await.unwrap();
        // longer than a session or a transaction may do nothing here
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
    let snapshots = store.snapshots().expect("it keeps snapshots");
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

/// Why the store appends nothing, once it knows that its session is gone.
async fn refusal(store: &PostgresStore) -> PostgresAppendError {
    loop {
        match store.append(one("1", Expected::Exists).into()).await {
            Err(AppendError::Store(source)) => return *source.into_inner().downcast().unwrap(),
            // sent to the session that was ended: the next one goes over another
            Err(AppendError::Unknown(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// The sessions of the store: which processes they are.
async fn sessions(database: &Database) -> Vec<i32> {
    let client = connect(&database.url()).await;
    let pids =
        "SELECT pid FROM pg_catalog.pg_stat_activity WHERE datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
                AND application_name = 'es' ORDER BY backend_start";
    client.query(pids, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_with_odd_settings_is_read_and_written_as_any_other() {
    let database = odd();
    // the log is made under them, too
    let store = PostgresStore::builder(&database.url()).allow_unsafe_server().connect().await.unwrap();
    works(&store).await;
    let before = sessions(&database).await;
    tokio::time::sleep(Duration::from_millis(900)).await;
    assert_eq!(sessions(&database).await, before, "sessions were ended that had nothing to do");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_with_odd_settings_reads_everything_and_keeps_them() {
    let database = odd();
    let pool: Pool = pool(&database, 6, "");
    let store = PostgresStore::from_pool(pool.clone(), &database.url()).await.unwrap();
    for _ in 0..5 {
        let events = (0..1_000).map(|_| event("{}")).collect();
        store.append(es_core::Append::new(stream("many"), Expected::Any, events).into()).await.unwrap();
    }
    assert_eq!(all(&store).await.len(), 5_000);
    let client = pool.get().await.unwrap();
    for (setting, value) in [("search_path", "liars, pg_catalog"), ("exit_on_error", "on")] {
        let shown: String = client.query_one(&format!("SHOW {setting}"), &[]).await.unwrap().get(0);
        assert_eq!(shown, value, "{setting}");
    }
}

/// Whatever the caller's connection is set to, the statement means the same.
#[tokio::test]
async fn a_transaction_with_odd_settings_takes_part() {
    let database = odd();
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
async fn a_server_started_again_that_may_lose_data_takes_no_more_appends() {
    let server = Server::start(&[]).unwrap();
    let database = Database::on(&server.url()).unwrap();
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    let told = PostgresStore::builder(&database.url()).allow_unsafe_server().connect().await.unwrap();
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
        told.append(one("1", Expected::Exists).into()).await.unwrap();
        restart("on").await;
    }
    assert_eq!(store.append(one("1", Expected::Exists).into()).await.unwrap()[0].version, 5);
}

/// An administrator's brake: it holds, and it is said.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_switched_to_read_only_refuses_appends_and_is_read() {
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
async fn an_append_is_durable_in_a_transaction_that_was_not_and_leaves_what_is_more() {
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
        // one that goes back with its event
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
