//! Least privilege: what the application's role can do after hardening, and what even the owner cannot.

use std::sync::Arc;

use es_core::{Append, AsOf, Checkpoint, Direction, EventStore, Expected, Filter, StoredSnapshot, StreamId, Version};
use es_postgres::{MissingProtection, PostgresStore};
use futures_util::TryStreamExt;
use test_postgres::{Database, Server};
use tokio_postgres::{Client, error::SqlState};

use crate::{
    faults::altered_sql::change,
    tools::{hardened_log::HardenedLog, smoke_test::appends_and_reads, trial::connect, workload::event},
};

/// Statements that an application must not be able to run.
const FORBIDDEN: [&str; 34] = [
    "INSERT INTO es.events SELECT * FROM es.events",
    "INSERT INTO es.snapshots SELECT * FROM es.snapshots",
    "INSERT INTO es.incarnations SELECT * FROM es.incarnations",
    "INSERT INTO es.migrations SELECT * FROM es.migrations",
    "UPDATE es.events SET payload = '{}'",
    "DELETE FROM es.events",
    "TRUNCATE es.events",
    "INSERT INTO es.projections (name, version) VALUES ('mine', 1)",
    "UPDATE es.projections SET handled = 0",
    "DELETE FROM es.projections",
    "INSERT INTO es.rows VALUES ('mine', 1, 'key', '{}')",
    "UPDATE es.rows SET state = '{}'",
    "DELETE FROM es.rows",
    "SELECT es.commit_durably()",
    "SELECT nextval('es.position')",
    "SELECT setval('es.position', 1)",
    "SELECT last_value FROM es.position",
    "ALTER SEQUENCE es.position CACHE 10",
    "ALTER TABLE es.events DISABLE TRIGGER events_never_change",
    "DROP TRIGGER events_never_change ON es.events",
    "CREATE TRIGGER mine BEFORE INSERT ON es.events FOR EACH ROW EXECUTE FUNCTION es.refuse()",
    "ALTER TABLE es.events OWNER TO app",
    "DROP TABLE es.events",
    "DROP SCHEMA es CASCADE",
    "CREATE TABLE es.mine ()",
    "CREATE OR REPLACE FUNCTION es.drawn() RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'",
    "SELECT es.fence()",
    "SELECT es.lock_streams('{1}')",
    "LOCK TABLE es.appending IN ROW SHARE MODE",
    "SELECT nextval('es.announced')",
    "SELECT es.new_incarnation()",
    "SELECT es.place()",
    "SET session_replication_role = replica",
    "SET ROLE postgres",
];

async fn denied(client: &Client, statement: &str) -> bool {
    let outcome = client.batch_execute(statement).await;
    outcome.is_err_and(|error| error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE))
}

#[tokio::test]
async fn the_application_works_with_execute_and_select_only() {
    let hardened = HardenedLog::new().await;
    let store = PostgresStore::connect(&hardened.url("app")).await.unwrap();
    appends_and_reads(&store).await;
    assert_eq!(store.missing_protections().await.unwrap(), []);
    let stream = StreamId::new("day", "1").unwrap();
    let snapshots = store.snapshots().expect("the store has no snapshots");
    let mut events = store.read_stream(&stream, Version::FIRST, Direction::Forward, Some(1));
    let snapshot = StoredSnapshot::after(&events.try_next().await.unwrap().unwrap(), "s", "p");
    snapshots.store(snapshot.clone()).await.unwrap();
    assert_eq!(snapshots.nearest(&stream, "s", AsOf::Newest).await.unwrap(), Some(snapshot));
    let mut client = connect(&hardened.url("app")).await;
    let transaction = client.transaction().await.unwrap();
    let append = Append::new(stream, Expected::Exists, vec![event()]);
    store.append_in(&transaction, append).await.unwrap();
    transaction.commit().await.unwrap();
    let all: Vec<_> = store.read_all(Checkpoint::START, &Filter::all(), None).try_collect().await.unwrap();
    assert_eq!(all.len(), 3);
}

/// The application is denied every forbidden statement.
async fn is_denied_everything_else(hardened: &HardenedLog) -> Result<(), String> {
    let store = PostgresStore::connect(&hardened.url("app")).await.map_err(|error| error.to_string())?;
    appends_and_reads(&store).await;
    let client = connect(&hardened.url("app")).await;
    let owner_role = format!("SET ROLE es_owner_{}", hardened.database.name());
    for statement in FORBIDDEN.into_iter().chain([owner_role.as_str()]) {
        if !denied(&client, &format!("BEGIN; {statement}")).await {
            return Err(format!("`{statement}` is not denied"));
        }
        client.batch_execute("ROLLBACK").await.unwrap();
    }
    // A temporary table of the same name does not shadow the log's table inside the store's functions.
    client.batch_execute("CREATE TEMP TABLE events (position bigint)").await.unwrap();
    let drawn = client.query_one("SELECT es.drawn() > 0", &[]).await.unwrap();
    assert!(drawn.get::<_, bool>(0));
    let missing = store.missing_protections().await.unwrap();
    if missing.is_empty() { Ok(()) } else { Err(format!("{missing:?} is missing")) }
}

#[tokio::test]
async fn the_application_is_denied_everything_else() {
    is_denied_everything_else(&HardenedLog::new().await).await.unwrap();
}

/// Checks that the test above can fail.
#[tokio::test]
async fn hardening_that_leaves_a_privilege_is_caught() {
    let server = Arc::new(Server::start(&[]).unwrap());
    // The first function that is not denied depends on the server's version: on 18 it is `fence`.
    for (change, expected) in [
        (change("'SCHEMA', ", ""), "`CREATE TABLE es.mine ()`"),
        (change("'ALL TABLES IN SCHEMA', ", ""), "`INSERT INTO es.events"),
        (change("'ALL SEQUENCES IN SCHEMA', ", ""), "`SELECT nextval('es.position')`"),
        (change(", 'ALL FUNCTIONS IN SCHEMA'", ""), "`SELECT es."),
        (change("AND p.prosecdef", ""), "`SELECT es."),
        (change("GRANT SELECT ON ALL TABLES", "GRANT SELECT, DELETE ON ALL TABLES"), "`DELETE FROM es.events`"),
    ] {
        let caught = is_denied_everything_else(&HardenedLog::with(&server, change).await).await.unwrap_err();
        assert!(caught.starts_with(expected), "{change:?}: {caught}");
    }
}

/// Checks that the statements are valid: an application that owns the log can run them.
#[tokio::test]
async fn an_application_that_owns_the_log_is_denied_nothing() {
    let database = Database::fresh().unwrap();
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    appends_and_reads(&store).await;
    let client = connect(&database.url()).await;
    for statement in FORBIDDEN.iter().filter(|statement| !statement.contains("app")) {
        assert!(!denied(&client, &format!("BEGIN; {statement}")).await, "{statement}");
        client.batch_execute("ROLLBACK").await.unwrap();
    }
}

/// `missing_protections` names each excess privilege.
#[tokio::test]
async fn each_excess_privilege_is_named() {
    let hardened = HardenedLog::new().await;
    let store = PostgresStore::connect(&hardened.url("app")).await.unwrap();
    let owner_role = format!("es_owner_{}", hardened.database.name());
    let client = connect(&hardened.database.url()).await;
    for (give, take, missing) in [
        ("GRANT INSERT ON es.events TO app", "REVOKE INSERT ON es.events FROM app", MissingProtection::ChangesEvents),
        (
            "GRANT UPDATE (payload) ON es.events TO PUBLIC",
            "REVOKE UPDATE (payload) ON es.events FROM PUBLIC",
            MissingProtection::ChangesEvents,
        ),
        ("GRANT USAGE ON es.position TO app", "REVOKE USAGE ON es.position FROM app", MissingProtection::ChangesEvents),
        ("ALTER ROLE app CREATEROLE", "ALTER ROLE app NOCREATEROLE", MissingProtection::CreatesRoles),
        ("ALTER ROLE app SUPERUSER", "ALTER ROLE app NOSUPERUSER", MissingProtection::Superuser),
        (
            &format!("GRANT {owner_role} TO app"),
            &format!("REVOKE {owner_role} FROM app"),
            MissingProtection::OwnsEvents,
        ),
        (
            "ALTER TABLE es.events DISABLE TRIGGER events_never_change",
            "ALTER TABLE es.events ENABLE ALWAYS TRIGGER events_never_change",
            MissingProtection::TriggerOff,
        ),
        ("GRANT DELETE ON es.rows TO app", "REVOKE DELETE ON es.rows FROM app", MissingProtection::ChangesReadModels),
        (
            "GRANT UPDATE (epoch) ON es.projections TO PUBLIC",
            "REVOKE UPDATE (epoch) ON es.projections FROM PUBLIC",
            MissingProtection::ChangesReadModels,
        ),
    ] {
        client.batch_execute(give).await.unwrap();
        assert_eq!(store.missing_protections().await.unwrap(), [missing], "{give}");
        client.batch_execute(take).await.unwrap();
        assert_eq!(store.missing_protections().await.unwrap(), [], "{take}");
    }
}

#[tokio::test]
async fn events_are_immutable_even_for_their_owner() {
    let hardened = HardenedLog::new().await;
    let store = PostgresStore::connect(&hardened.url("app")).await.unwrap();
    appends_and_reads(&store).await;
    let client = connect(&hardened.database.url()).await;
    client.batch_execute(&format!("SET ROLE es_owner_{}", hardened.database.name())).await.unwrap();
    for statement in [
        "UPDATE es.events SET payload = '{}'",
        "UPDATE es.events SET payload = '{}' WHERE false",
        "DELETE FROM es.events",
        "TRUNCATE es.events",
        "INSERT INTO es.events SELECT * FROM es.events ON CONFLICT (position) DO UPDATE SET payload = '{}'",
    ] {
        let error = client.batch_execute(statement).await.unwrap_err();
        assert_eq!(error.code().map(SqlState::code), Some("ES005"), "{statement}: {error}");
    }
    // The replication role disables ordinary triggers.
    client.batch_execute("RESET ROLE; SET session_replication_role = replica").await.unwrap();
    let error = client.batch_execute("DELETE FROM es.events").await.unwrap_err();
    assert_eq!(error.code().map(SqlState::code), Some("ES005"), "{error}");
    let all: Vec<_> = store.read_all(Checkpoint::START, &Filter::all(), None).try_collect().await.unwrap();
    assert_eq!(all.len(), 2);
    // Shows that the test can fail: an ordinary trigger does not fire in the replication role.
    client.batch_execute("ALTER TABLE es.events ENABLE TRIGGER events_never_change").await.unwrap();
    assert_eq!(client.execute("DELETE FROM es.events", &[]).await.unwrap(), 2);
}
