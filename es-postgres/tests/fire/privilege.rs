//! Least privilege: what the application's role can do after the hardening, and what even the owner cannot.

use es_core::{EventStore, Filter, Position, StoredSnapshot, StreamId, Version};
use es_postgres::{MissingProtection, PostgresStore};
use futures_util::TryStreamExt;
use test_postgres::{Database, Server};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::contract::appends_and_reads;
use crate::trial::connect;
use crate::warnings::Warnings;

/// A log on a server of its own, since roles belong to the whole server, and an application without rights.
struct Hardened {
    // the database goes before its server
    database: Database,
    _server: Server,
}

impl Hardened {
    async fn new() -> Self {
        let server = Server::start(&[]).unwrap();
        let database = Database::on(&server.url()).unwrap();
        let store = PostgresStore::connect(&database.url()).await.unwrap();
        assert_eq!(store.missing_protections().await.unwrap(), [MissingProtection::Superuser]);
        let client = connect(&database.url()).await;
        client.batch_execute(&PostgresStore::hardening("app")).await.unwrap();
        // again, as after a migration
        client.batch_execute(&PostgresStore::hardening("app")).await.unwrap();
        Self { database, _server: server }
    }

    fn url(&self, user: &str) -> String {
        self.database.url().replace("postgres@", &format!("{user}@"))
    }
}

/// What an application has no business to do.
const FORBIDDEN: [&str; 23] = [
    "INSERT INTO es.events SELECT * FROM es.events",
    "INSERT INTO es.snapshots SELECT * FROM es.snapshots",
    "INSERT INTO es.incarnations SELECT * FROM es.incarnations",
    "INSERT INTO es.migrations SELECT * FROM es.migrations",
    "UPDATE es.events SET data = '{}'",
    "DELETE FROM es.events",
    "TRUNCATE es.events",
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
    "SELECT es.new_incarnation()",
    "SET session_replication_role = replica",
    "SET ROLE postgres",
];

async fn denied(client: &Client, statement: &str) -> bool {
    let outcome = client.batch_execute(statement).await;
    outcome.is_err_and(|error| error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE))
}

#[tokio::test]
async fn the_application_appends_and_reads_with_nothing_but_execute_and_select() {
    let hardened = Hardened::new().await;
    let store = PostgresStore::connect(&hardened.url("app")).await.unwrap();
    appends_and_reads(&store).await;
    assert_eq!(store.missing_protections().await.unwrap(), []);
    let stream = StreamId::new("day", "1").unwrap();
    let snapshot =
        StoredSnapshot { stream: stream.clone(), version: Version::FIRST, schema: "s".to_owned(), payload: "p".into() };
    store.store_snapshot(snapshot.clone()).await.unwrap();
    assert_eq!(store.load_snapshot(&stream, "s").await.unwrap(), Some(snapshot));
    let mut client = connect(&hardened.url("app")).await;
    let transaction = client.transaction().await.unwrap();
    let append = es_core::Append::new(stream, es_core::Expected::Exists, vec![crate::workload::event()]);
    store.append_in(&transaction, &[append]).await.unwrap();
    transaction.commit().await.unwrap();
    let all: Vec<_> = store.read_all(Position::START, &Filter::all(), None).try_collect().await.unwrap();
    assert_eq!(all.len(), 3);
}

#[tokio::test]
async fn the_application_is_denied_everything_else() {
    let hardened = Hardened::new().await;
    let store = PostgresStore::connect(&hardened.url("app")).await.unwrap();
    appends_and_reads(&store).await;
    let client = connect(&hardened.url("app")).await;
    for statement in FORBIDDEN {
        assert!(denied(&client, statement).await, "{statement}");
    }
    let keeper = format!("SET ROLE es_owner_{}", hardened.database.name());
    assert!(denied(&client, &keeper).await, "{keeper}");
    // a function of the same name in a schema of one's own is not what the store's functions call
    client.batch_execute("CREATE TEMP TABLE events (position bigint)").await.unwrap();
    let drawn = client.query_one("SELECT es.drawn() > 0", &[]).await.unwrap();
    assert!(drawn.get::<_, bool>(0));
    assert_eq!(store.missing_protections().await.unwrap(), []);
}

/// What the test above is for: an application that is the owner is denied nothing of it.
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

/// What the two tests above are for: one right too many is named.
#[tokio::test]
async fn a_right_too_many_is_named() {
    let hardened = Hardened::new().await;
    let store = PostgresStore::connect(&hardened.url("app")).await.unwrap();
    let keeper = format!("es_owner_{}", hardened.database.name());
    let client = connect(&hardened.database.url()).await;
    for (give, take, missing) in [
        ("GRANT INSERT ON es.events TO app", "REVOKE INSERT ON es.events FROM app", MissingProtection::ChangesEvents),
        (
            "GRANT UPDATE (data) ON es.events TO PUBLIC",
            "REVOKE UPDATE (data) ON es.events FROM PUBLIC",
            MissingProtection::ChangesEvents,
        ),
        ("GRANT USAGE ON es.position TO app", "REVOKE USAGE ON es.position FROM app", MissingProtection::ChangesEvents),
        ("ALTER ROLE app CREATEROLE", "ALTER ROLE app NOCREATEROLE", MissingProtection::CreatesRoles),
        ("ALTER ROLE app SUPERUSER", "ALTER ROLE app NOSUPERUSER", MissingProtection::Superuser),
        (&format!("GRANT {keeper} TO app"), &format!("REVOKE {keeper} FROM app"), MissingProtection::OwnsEvents),
        (
            "ALTER TABLE es.events DISABLE TRIGGER events_never_change",
            "ALTER TABLE es.events ENABLE ALWAYS TRIGGER events_never_change",
            MissingProtection::TriggerOff,
        ),
    ] {
        client.batch_execute(give).await.unwrap();
        assert_eq!(store.missing_protections().await.unwrap(), [missing], "{give}");
        client.batch_execute(take).await.unwrap();
        assert_eq!(store.missing_protections().await.unwrap(), [], "{take}");
    }
}

#[tokio::test]
async fn events_never_change_not_even_for_their_owner() {
    let hardened = Hardened::new().await;
    let store = PostgresStore::connect(&hardened.url("app")).await.unwrap();
    appends_and_reads(&store).await;
    let client = connect(&hardened.database.url()).await;
    client.batch_execute(&format!("SET ROLE es_owner_{}", hardened.database.name())).await.unwrap();
    for statement in [
        "UPDATE es.events SET data = '{}'",
        "UPDATE es.events SET data = '{}' WHERE false",
        "DELETE FROM es.events",
        "TRUNCATE es.events",
        "INSERT INTO es.events SELECT * FROM es.events ON CONFLICT (position) DO UPDATE SET data = '{}'",
    ] {
        let error = client.batch_execute(statement).await.unwrap_err();
        assert_eq!(error.code().map(SqlState::code), Some("ES005"), "{statement}: {error}");
    }
    // replication switches ordinary triggers off
    client.batch_execute("RESET ROLE; SET session_replication_role = replica").await.unwrap();
    let error = client.batch_execute("DELETE FROM es.events").await.unwrap_err();
    assert_eq!(error.code().map(SqlState::code), Some("ES005"), "{error}");
    let all: Vec<_> = store.read_all(Position::START, &Filter::all(), None).try_collect().await.unwrap();
    assert_eq!(all.len(), 2);
    // what this test is for: an ordinary trigger lets replication through
    client.batch_execute("ALTER TABLE es.events ENABLE TRIGGER events_never_change").await.unwrap();
    assert_eq!(client.execute("DELETE FROM es.events", &[]).await.unwrap(), 2);
}

#[tokio::test]
async fn an_owner_of_the_database_hardens_without_a_superuser_and_odd_names_are_quoted() {
    let server = Server::start(&[]).unwrap();
    let database = Database::on(&server.url()).unwrap();
    let name = database.name();
    database.run(&["CREATE ROLE joe LOGIN CREATEROLE", &format!("ALTER DATABASE {name} OWNER TO joe")]).unwrap();
    let joe = database.url().replace("postgres@", "joe@");
    let builder = |url: &str| PostgresStore::builder(url).schema("we\"ird'%I");
    let store = builder(&joe).connect().await.unwrap();
    assert!(store.missing_protections().await.unwrap().contains(&MissingProtection::OwnsEvents));
    let hardening = builder(&joe).hardening("o'dd\"app\\").unwrap();
    connect(&joe).await.batch_execute(&hardening).await.unwrap();
    let odd = database.url().replace("postgres@", "o'dd%22app%5C@");
    let store = builder(&odd).connect().await.unwrap();
    appends_and_reads(&store).await;
    assert_eq!(store.missing_protections().await.unwrap(), []);
}

#[tokio::test]
async fn a_role_that_nothing_would_hold_is_refused() {
    let server = Server::start(&[]).unwrap();
    let database = Database::on(&server.url()).unwrap();
    let client = connect(&database.url()).await;
    let early = client.batch_execute(&PostgresStore::hardening("app")).await.unwrap_err();
    assert!(early.as_db_error().unwrap().message().contains("no log in this database"), "{early}");
    client.batch_execute("ROLLBACK").await.unwrap();
    PostgresStore::connect(&database.url()).await.unwrap();
    let mighty = client.batch_execute(&PostgresStore::hardening("postgres")).await.unwrap_err();
    assert!(mighty.as_db_error().unwrap().message().contains("nothing would hold it"), "{mighty}");
}

#[tokio::test]
async fn start_up_says_which_protections_are_off_and_nothing_when_all_are_on() {
    let hardened = Hardened::new().await;
    let warnings = Warnings::default();
    let _listening = tracing::subscriber::set_default(warnings.clone());
    PostgresStore::connect(&hardened.url("app")).await.unwrap();
    assert_eq!(warnings.said(), "");
    PostgresStore::connect(&hardened.database.url()).await.unwrap();
    let said = warnings.said();
    assert!(said.contains("superuser") && said.contains("PostgresStore::hardening"), "{said}");
}
