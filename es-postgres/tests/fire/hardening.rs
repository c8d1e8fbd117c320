//! Who may harden a log, which roles are refused, and what start-up says of a log that is not hardened.

use es_postgres::{MissingProtection, PostgresConnectError, PostgresStore};
use test_postgres::{Database, Server};
use tracing::subscriber::NoSubscriber;

use crate::faults::altered::{Change, change};
use crate::tools::contract::appends_and_reads;
use crate::tools::hardened::Hardened;
use crate::tools::trial::connect;
use crate::warnings::Warnings;

/// A server on which the owners of databases are no superusers.
fn server() -> Server {
    let server = Server::start(&[]).unwrap();
    Database::on(&server.url()).unwrap().run(&["CREATE ROLE joe LOGIN CREATEROLE"]).unwrap();
    server
}

/// The owner of a database hardens a log of an odd name for a role of an odd name.
async fn hardened_by_its_owner(server: &Server, change: Change) -> Result<(), String> {
    let database = Database::on(&server.url()).unwrap();
    let name = database.name();
    database.run(&[&format!("ALTER DATABASE {name} OWNER TO joe")]).unwrap();
    let joe = database.url().replace("postgres@", "joe@");
    let builder = |url: &str| PostgresStore::builder(url).schema("we\"ird'%I");
    let store = builder(&joe).connect().await.unwrap();
    assert!(store.missing_protections().await.unwrap().contains(&MissingProtection::OwnsEvents));
    let hardening = change.of(&builder(&joe).hardening("o'dd\"app\\").unwrap());
    let done = connect(&joe).await.batch_execute(&hardening).await;
    done.map_err(|error| format!("it is refused: {}", error.as_db_error().unwrap().message()))?;
    let odd = database.url().replace("postgres@", "o'dd%22app%5C@");
    let store = builder(&odd).connect().await.map_err(|error| format!("the application is refused: {error}"))?;
    appends_and_reads(&store).await;
    let missing = store.missing_protections().await.unwrap();
    let creates = format!("SELECT has_database_privilege('es_owner_{name}', current_database(), 'CREATE')");
    let creates: bool = connect(&database.url()).await.query_one(&creates, &[]).await.unwrap().get(0);
    if missing.is_empty() && !creates {
        return Ok(());
    }
    Err(format!("{missing:?} is missing; the keeper may create: {creates}"))
}

#[tokio::test]
async fn an_owner_of_the_database_hardens_without_a_superuser_and_odd_names_are_quoted() {
    hardened_by_its_owner(&server(), Change::NONE).await.unwrap();
}

/// What the test above is for.
#[tokio::test]
async fn a_hardening_for_superusers_and_plain_names_alone_is_caught() {
    let server = server();
    for (change, as_what) in [
        (
            change("EXECUTE format('GRANT %I TO CURRENT_USER'", "PERFORM format('GRANT %I TO CURRENT_USER'"),
            "it is refused",
        ),
        (change("CREATE ROLE %I LOGIN", "CREATE ROLE %s LOGIN"), "it is refused: unterminated"),
        (change("'GRANT USAGE ON SCHEMA %I", "'GRANT USAGE ON SCHEMA %s"), "it is refused"),
        (change("EXECUTE format('ALTER SCHEMA %I OWNER", "PERFORM format('ALTER SCHEMA %I OWNER"), "it is refused"),
        // the last, since it leaves the role behind that the others would create
        (change("EXECUTE format('REVOKE CREATE", "PERFORM format('REVOKE CREATE"), "the keeper may create: true"),
    ] {
        let caught = hardened_by_its_owner(&server, change).await.expect_err(change.part);
        assert!(caught.contains(as_what), "{change:?}: {caught}");
    }
}

/// Roles that nothing would hold, or that cannot be, are refused.
async fn odd_roles_are_refused(server: &Server, change: Change) -> Result<(), String> {
    let database = Database::on(&server.url()).unwrap();
    let client = connect(&database.url()).await;
    let refused = async |role: &str, as_what: &str| {
        let outcome = client.batch_execute(&change.of(&PostgresStore::hardening(role))).await;
        client.batch_execute("ROLLBACK").await.unwrap();
        match outcome {
            Ok(()) => Err(format!("`{role}` is accepted, and not refused: {as_what}")),
            Err(error) => {
                let message = error.as_db_error().unwrap().message();
                message.contains(as_what).then_some(()).ok_or_else(|| format!("`{role}`: {message}, not {as_what}"))
            }
        }
    };
    refused("app", "no log in this database").await?;
    PostgresStore::connect(&database.url()).await.unwrap();
    refused("postgres", "would not apply to it").await?;
    refused(&"x".repeat(64), "1 to 63 bytes").await
}

#[tokio::test]
async fn a_role_that_nothing_would_hold_is_refused() {
    odd_roles_are_refused(&Server::start(&[]).unwrap(), Change::NONE).await.unwrap();
}

/// What the test above is for.
#[tokio::test]
async fn a_hardening_that_takes_any_role_is_caught() {
    let server = Server::start(&[]).unwrap();
    for (change, as_what) in [
        (change("IF home IS NULL", "IF false"), "not no log in this database"),
        (change("IF pg_catalog.pg_has_role(application, keeper, 'MEMBER')", "IF false"), "`postgres` is accepted"),
        (change("OR octet_length(application) NOT BETWEEN 1 AND 63", ""), "xxx` is accepted"),
    ] {
        let caught = odd_roles_are_refused(&server, change).await.unwrap_err();
        assert!(caught.contains(as_what), "{change:?}: {caught}");
    }
}

/// A store that starts by `start` says which protections are off, and nothing when all are on.
async fn start_up_says(
    start: impl AsyncFn(String) -> Result<PostgresStore, PostgresConnectError>,
) -> Result<(), String> {
    let hardened = Hardened::new().await;
    let warnings = Warnings::default();
    let _listening = tracing::subscriber::set_default(warnings.clone());
    start(hardened.url("app")).await.unwrap();
    if !warnings.said().is_empty() {
        return Err(format!("of a log that is hardened it says `{}`", warnings.said()));
    }
    start(hardened.database.url()).await.unwrap();
    let said = warnings.said();
    if said.contains("superuser") && said.contains("PostgresStore::hardening") {
        return Ok(());
    }
    Err(format!("of a superuser it says `{said}`"))
}

#[tokio::test]
async fn start_up_says_which_protections_are_off_and_nothing_when_all_are_on() {
    start_up_says(async |url| PostgresStore::connect(&url).await).await.unwrap();
}

/// What the test above is for: a start-up that is silent, and one that always warns.
#[tokio::test]
async fn a_start_up_that_says_nothing_or_the_same_each_time_is_caught() {
    let silent = async |url: String| {
        let _nobody_listens = tracing::subscriber::set_default(NoSubscriber::default());
        PostgresStore::connect(&url).await
    };
    assert_eq!(start_up_says(silent).await.unwrap_err(), "of a superuser it says ``");
    let timid = async |url: String| {
        tracing::warn!("protections may be off: see `PostgresStore::hardening`");
        PostgresStore::connect(&url).await
    };
    let caught = start_up_says(timid).await.unwrap_err();
    assert!(caught.starts_with("of a log that is hardened it says"), "{caught}");
}
