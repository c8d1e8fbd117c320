//! The migrations of the schema.

use es_core::{EventStore, Expected};
use es_postgres::{PostgresConnectError, PostgresMigrateError, PostgresStore};
use test_postgres::Database;

use crate::fixture::{Fixture, all, connect, one};

#[tokio::test]
async fn ten_stores_can_start_at_once() {
    let database = Database::fresh().unwrap();
    let url = database.url();
    let starts = (0..10).map(|_| {
        let url = url.clone();
        tokio::spawn(async move { PostgresStore::connect(&url).await })
    });
    for start in futures_util::future::join_all(starts).await {
        start.unwrap().unwrap();
    }
    let client = connect(&url).await;
    let row = client.query_one("SELECT count(*), max(number)::bigint FROM es.migrations", &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), row.get::<_, i64>(1));
}

#[tokio::test]
async fn migrations_run_by_hand_make_a_usable_schema() {
    let database = Database::fresh().unwrap();
    for (_, sql) in PostgresStore::migrations("es").unwrap() {
        database.run(&[&sql]).unwrap();
    }
    let store = PostgresStore::builder(&database.url()).migrate(false).connect().await.unwrap();
    store.append(one("1", Expected::NoStream).into()).await.unwrap();
}

#[tokio::test]
async fn a_schema_without_migrations_is_refused_when_migrating_is_off() {
    let database = Database::fresh().unwrap();
    let refused = PostgresStore::builder(&database.url()).migrate(false).connect().await;
    assert!(
        matches!(refused, Err(PostgresConnectError::Migrate(PostgresMigrateError::Older { found: 0, .. }))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn an_older_schema_is_refused_when_migrating_is_off_and_migrated_otherwise() {
    let all = PostgresStore::migrations("es").unwrap();
    for count in 1..all.len() {
        let database = Database::fresh().unwrap();
        for (_, sql) in &all[..count] {
            database.run(&[sql]).unwrap();
        }
        let refused = PostgresStore::builder(&database.url()).migrate(false).connect().await.unwrap_err();
        let known = all.len() - 1;
        assert_eq!(
            refused.to_string(),
            format!(
                "the schema is at migration {}, this library needs {known}; run `PostgresStore::migrations()`",
                count - 1
            )
        );
        let store = PostgresStore::connect(&database.url()).await.unwrap();
        store.append(one("1", Expected::NoStream).into()).await.unwrap();
        PostgresStore::builder(&database.url()).migrate(false).connect().await.unwrap();
    }
}

#[tokio::test]
async fn a_schema_newer_than_the_library_is_refused() {
    let fixture = Fixture::new().await;
    let newer = "INSERT INTO es.migrations (number, name, library) VALUES (9999, 'later', '9')";
    fixture.database.run(&[newer]).unwrap();
    let refused = PostgresStore::connect(&fixture.database.url()).await;
    assert!(
        matches!(refused, Err(PostgresConnectError::Migrate(PostgresMigrateError::Newer { found: 9999, .. }))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_schema_of_other_migrations_is_refused_and_not_changed() {
    // Schemas from before the first release, at each of their migrations, and a history with a gap.
    let early =
        ["events", "frontier", "append", "snapshots", "incarnation", "protections", "moves", "arguments", "streams"];
    let early: Vec<(usize, &str)> = (1..).zip(early).collect();
    let histories = (1..=early.len()).map(|count| &early[..count]).chain([&[(1, "log"), (3, "incarnations")][..]]);
    for history in histories {
        let database = Database::fresh().unwrap();
        let (_, table) = PostgresStore::migrations("es").unwrap().swap_remove(0);
        database.run(&[&table]).unwrap();
        for (number, name) in history {
            let row = format!("INSERT INTO es.migrations (number, name, library) VALUES ({number}, '{name}', '0')");
            database.run(&[&row]).unwrap();
        }
        for migrate in [true, false] {
            let refused = PostgresStore::builder(&database.url()).migrate(migrate).connect().await.unwrap_err();
            let first = if history[0].1 == "log" { (2, "", "frontier") } else { (1, "events", "log") };
            let PostgresConnectError::Migrate(PostgresMigrateError::Other { number, found, known }) = refused else {
                panic!("{refused:?}")
            };
            assert_eq!((number, found.as_str(), known), first, "{history:?}");
        }
        let tables =
            "SELECT count(*) FROM pg_class WHERE relnamespace = 'es'::regnamespace AND relkind IN ('r', 'v', 'S')";
        let tables: i64 = connect(&database.url()).await.query_one(tables, &[]).await.unwrap().get(0);
        assert_eq!(tables, 1, "{history:?}: only the migrations table exists");
    }
}

#[tokio::test]
async fn logs_in_oddly_named_schemas_are_independent() {
    let database = Database::fresh().unwrap();
    for name in ["es", "we\"ird", "quo'te", "back\\slash", "{schema}", "über öß", "a.b", &"x".repeat(63)] {
        let store = PostgresStore::builder(&database.url()).schema(name).connect().await.unwrap();
        store.append(one("1", Expected::NoStream).into()).await.unwrap();
        assert_eq!(all(&store).await.len(), 1, "{name}");
        PostgresStore::builder(&database.url()).schema(name).connect().await.unwrap();
    }
}

#[tokio::test]
async fn everything_in_the_schema_has_a_comment() {
    let fixture = Fixture::new().await;
    let client = fixture.client().await;
    let bare = "
        SELECT 'relation ' || c.relname FROM pg_class c
          WHERE c.relnamespace = 'es'::regnamespace AND c.relkind IN ('r', 'v', 'S')
            AND obj_description(c.oid, 'pg_class') IS NULL
        UNION ALL SELECT 'column ' || c.relname || '.' || a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
          WHERE c.relnamespace = 'es'::regnamespace AND c.relkind IN ('r', 'v') AND a.attnum > 0 AND NOT a.attisdropped
            AND col_description(c.oid, a.attnum) IS NULL
        UNION ALL SELECT 'function ' || p.proname FROM pg_proc p
          WHERE p.pronamespace = 'es'::regnamespace AND obj_description(p.oid, 'pg_proc') IS NULL
        UNION ALL SELECT 'schema ' || n.nspname FROM pg_namespace n
          WHERE n.nspname = 'es' AND obj_description(n.oid, 'pg_namespace') IS NULL
        UNION ALL SELECT 'trigger ' || t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
          WHERE c.relnamespace = 'es'::regnamespace AND NOT t.tgisinternal
            AND obj_description(t.oid, 'pg_trigger') IS NULL";
    let bare_things =
        async || -> Vec<String> { client.query(bare, &[]).await.unwrap().iter().map(|row| row.get(0)).collect() };
    assert_eq!(bare_things().await, Vec::<String>::new());
    // Shows that the query finds missing comments.
    let strip = "COMMENT ON SCHEMA es IS NULL; COMMENT ON TABLE es.snapshots IS NULL; COMMENT ON VIEW es.es_in_flight IS NULL; \
                 COMMENT ON COLUMN es.events.slice IS NULL; COMMENT ON COLUMN es.es_in_flight.low IS NULL; \
                 COMMENT ON SEQUENCE es.position IS NULL; COMMENT ON FUNCTION es.fence() IS NULL; \
                 COMMENT ON TRIGGER events_never_change ON es.events IS NULL";
    client.batch_execute(strip).await.unwrap();
    assert_eq!(bare_things().await.len(), 8);
}
