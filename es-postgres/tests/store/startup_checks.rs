//! The checks of the server and the schema when a store is opened.

use es_core::{Append, EventStore, Expected, ReadError};
use es_postgres::{PostgresConnectError, PostgresError, PostgresReadError, PostgresStore, PostgresUnfitError};
use test_postgres::{Database, Server};

use crate::{
    fixture::{Fixture, all, one, stream},
    warnings::Warnings,
};

async fn refusal(url: &str) -> PostgresConnectError {
    PostgresStore::connect(url).await.unwrap_err()
}

#[tokio::test]
async fn a_server_that_may_lose_data_is_refused_unless_allowed() {
    for setting in ["fsync", "full_page_writes"] {
        let server = Server::start(&[(setting, "off")]).unwrap();
        let database = Database::on(&server.url()).unwrap();
        let refused = refusal(&database.url()).await;
        assert!(
            matches!(&refused, PostgresConnectError::Unfit(PostgresUnfitError::Unsafe { setting: named, .. }) if *named == setting),
            "{refused}"
        );
        assert!(refused.to_string().contains("allow_unsafe_server"));
        assert_eq!(allowed(&database, setting).await, 1);
    }
}

/// Opens a store on an unsafe server and appends; returns the number of warnings that name the setting.
async fn allowed(database: &Database, setting: &str) -> usize {
    let warnings = Warnings::default();
    let _subscribed = tracing::subscriber::set_default(warnings.clone());
    let store = PostgresStore::builder(&database.url()).allow_unsafe_server().connect().await.unwrap();
    store.append(one("1", Expected::NoStream).into()).await.unwrap();
    warnings.text().matches(&format!("set `{setting} = on`")).count()
}

#[tokio::test]
async fn a_server_that_is_too_old_is_refused() {
    let database = Database::fresh().unwrap();
    // Replaces the server's function, to report an old version.
    let old = "SET allow_system_table_mods = on;
         ALTER FUNCTION pg_catalog.current_setting(text) RENAME TO true_setting;
         CREATE FUNCTION pg_catalog.current_setting(text) RETURNS text LANGUAGE sql STABLE STRICT AS $$
         SELECT CASE $1 WHEN 'server_version_num' THEN '120022' WHEN 'server_version' THEN '12.22'
                ELSE pg_catalog.true_setting($1) END $$";
    database.run(&[old]).unwrap();
    let refused = refusal(&database.url()).await;
    assert!(
        matches!(&refused, PostgresConnectError::Unfit(PostgresUnfitError::TooOld { found }) if found == "12.22"),
        "{refused}"
    );
    assert!(refused.to_string().contains("13 or newer"), "{refused}");
}

#[tokio::test]
async fn a_server_where_connections_do_not_see_each_others_locks_is_refused() {
    let fixture = Fixture::new().await;
    let blind = [
        "ALTER VIEW es.es_in_flight RENAME TO all_in_flight",
        "CREATE VIEW es.es_in_flight AS SELECT * FROM es.all_in_flight WHERE pid = pg_backend_pid()",
    ];
    fixture.database.run(&blind).unwrap();
    let refused = refusal(&fixture.database.url()).await;
    assert!(matches!(refused, PostgresConnectError::LockUnseen), "{refused}");
    assert!(refused.to_string().contains("without the proxy"), "{refused}");
}

#[tokio::test]
async fn asynchronous_commit_is_refused_unless_allowed() {
    let database = Database::fresh().unwrap();
    database.run(&[&format!("ALTER DATABASE {} SET synchronous_commit = off", database.name())]).unwrap();
    let refused = refusal(&database.url()).await;
    assert!(
        matches!(
            &refused,
            PostgresConnectError::Unfit(PostgresUnfitError::Unsafe { setting: "synchronous_commit", .. })
        ),
        "{refused}"
    );
    assert_eq!(allowed(&database, "synchronous_commit").await, 1);
}

#[tokio::test]
async fn a_sequence_that_would_skip_or_repeat_is_refused_with_the_fix() {
    let fixture = Fixture::new().await;
    for _ in 0..3 {
        fixture.store.append(one("1", Expected::Any).into()).await.unwrap();
    }
    let broken = [
        "ALTER SEQUENCE es.position CACHE 10",
        "ALTER SEQUENCE es.position INCREMENT 2",
        "ALTER SEQUENCE es.position CYCLE",
        "SELECT setval('es.position', 2)",
        "ALTER SEQUENCE es.position RESTART WITH 1",
    ];
    for statement in broken {
        fixture.database.run(&[statement]).unwrap();
        match refusal(&fixture.database.url()).await {
            PostgresConnectError::Sequence { mend, .. } => fixture.database.run(&[&mend]).unwrap(),
            other => panic!("{statement}: {other}"),
        }
        PostgresStore::connect(&fixture.database.url()).await.unwrap();
    }
    assert_eq!(fixture.store.append(one("1", Expected::Any).into()).await.unwrap()[0].version, 4);
}

#[tokio::test]
async fn a_function_owner_without_the_sequence_privilege_is_refused() {
    let fixture = Fixture::new().await;
    fixture.store.append(one("1", Expected::Any).into()).await.unwrap();
    let role = format!("owner_{}", fixture.database.name());
    let statements = [
        &format!("CREATE ROLE {role}"),
        &format!("GRANT USAGE ON SCHEMA es TO {role}"),
        &format!("GRANT CREATE ON SCHEMA es TO {role}"),
        &format!("ALTER FUNCTION es.frontier() OWNER TO {role}"),
    ];
    fixture.database.run(&statements.map(String::as_str)).unwrap();
    let refused = refusal(&fixture.database.url()).await;
    fixture.database.run(&[&format!("DROP OWNED BY {role} CASCADE"), &format!("DROP ROLE {role}")]).unwrap();
    assert!(matches!(&refused, PostgresConnectError::Server(PostgresError::SequenceRight)), "{refused}");
}

#[tokio::test]
async fn a_replica_is_refused_and_gives_no_frontier() {
    let server = Server::start(&[]).unwrap();
    let database = Database::on(&server.url()).unwrap();
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    store.append(one("1", Expected::NoStream).into()).await.unwrap();
    server.kill().unwrap();
    server.write_file("standby.signal", b"").unwrap();
    server.restart().unwrap();
    let Err(ReadError::Store(source)) = store.frontier().await else { panic!("a replica gave a frontier") };
    assert!(matches!(source.downcast_ref(), Some(PostgresReadError::Server(PostgresError::Replica))), "{source}");
    // In a database with a log, and in one without.
    for url in [database.url(), server.url()] {
        assert!(matches!(refusal(&url).await, PostgresConnectError::Server(PostgresError::Replica)));
    }
    assert!(store.append(Append::assertion(stream("1"), Expected::Exists).into()).await.is_err());
}

#[tokio::test]
async fn a_plain_database_owner_can_connect_and_append() {
    let database = Database::fresh().unwrap();
    let role = format!("plain_{}", database.name());
    database
        .run(&[&format!("CREATE ROLE {role} LOGIN"), &format!("ALTER DATABASE {} OWNER TO {role}", database.name())])
        .unwrap();
    let url = database.url().replacen("postgres@", &format!("{role}@"), 1);
    let store = PostgresStore::connect(&url).await.unwrap();
    store.append(one("1", Expected::NoStream).into()).await.unwrap();
    assert_eq!(all(&store).await.len(), 1);
    drop(store);
    drop(database);
    let again = Database::fresh().unwrap();
    again.run(&[&format!("DROP ROLE {role}")]).unwrap();
}
