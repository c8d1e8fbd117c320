//! Hardening by a database owner, roles that it refuses, and the start-up warnings of a log that is not hardened.

use es_postgres::{MissingProtection, PostgresConnectError, PostgresStore};
use test_postgres::{Database, Server};
use tracing::subscriber::NoSubscriber;

use crate::{
    faults::altered_sql::{Change, change},
    tools::{hardened_log::HardenedLog, smoke_test::appends_and_reads, trial::connect},
    warnings::Warnings,
};

/// A server with a role that owns databases and is no superuser.
fn server() -> Server {
    let server = Server::start(&[]).unwrap();
    Database::on(&server.url()).unwrap().run(&["CREATE ROLE joe LOGIN CREATEROLE"]).unwrap();
    server
}

/// The owner of a database hardens a log with an odd name for a role with an odd name.
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
    done.map_err(|error| format!("hardening is refused: {}", error.as_db_error().unwrap().message()))?;
    let odd = database.url().replace("postgres@", "o'dd%22app%5C@");
    let store = builder(&odd).connect().await.map_err(|error| format!("the application is refused: {error}"))?;
    appends_and_reads(&store).await;
    let missing = store.missing_protections().await.unwrap();
    let creates = format!("SELECT has_database_privilege('es_owner_{name}', current_database(), 'CREATE')");
    let creates: bool = connect(&database.url()).await.query_one(&creates, &[]).await.unwrap().get(0);
    if missing.is_empty() && !creates {
        return Ok(());
    }
    Err(format!("{missing:?} is missing; the owner role may create: {creates}"))
}

#[tokio::test]
async fn a_database_owner_hardens_without_superuser_and_odd_names_are_quoted() {
    hardened_by_its_owner(&server(), Change::NONE).await.unwrap();
}

/// Checks that the test above can fail.
#[tokio::test]
async fn hardening_that_needs_a_superuser_or_plain_names_is_caught() {
    let server = server();
    for (change, expected) in [
        (
            change("EXECUTE format('GRANT %I TO CURRENT_USER'", "PERFORM format('GRANT %I TO CURRENT_USER'"),
            "hardening is refused",
        ),
        (change("CREATE ROLE %I LOGIN", "CREATE ROLE %s LOGIN"), "hardening is refused: unterminated"),
        (change("'GRANT USAGE ON SCHEMA %I", "'GRANT USAGE ON SCHEMA %s"), "hardening is refused"),
        (
            change("EXECUTE format('ALTER SCHEMA %I OWNER", "PERFORM format('ALTER SCHEMA %I OWNER"),
            "hardening is refused",
        ),
        // Last, because it leaves behind the role that the others create.
        (change("EXECUTE format('REVOKE CREATE", "PERFORM format('REVOKE CREATE"), "the owner role may create: true"),
    ] {
        let caught = hardened_by_its_owner(&server, change).await.expect_err(change.part);
        assert!(caught.contains(expected), "{change:?}: {caught}");
    }
}

/// Hardening refuses roles that it cannot restrict, and impossible role names.
async fn odd_roles_are_refused(server: &Server, change: Change) -> Result<(), String> {
    let database = Database::on(&server.url()).unwrap();
    let client = connect(&database.url()).await;
    let refused = async |role: &str, expected: &str| {
        let outcome = client.batch_execute(&change.of(&PostgresStore::hardening(role))).await;
        client.batch_execute("ROLLBACK").await.unwrap();
        match outcome {
            Ok(()) => Err(format!("`{role}` is accepted, and not refused: {expected}")),
            Err(error) => {
                let message = error.as_db_error().unwrap().message();
                message.contains(expected).then_some(()).ok_or_else(|| format!("`{role}`: {message}, not {expected}"))
            }
        }
    };
    refused("app", "no log in this database").await?;
    PostgresStore::connect(&database.url()).await.unwrap();
    refused("postgres", "would not apply to it").await?;
    client.batch_execute("DROP ROLE IF EXISTS lone; CREATE ROLE lone NOINHERIT").await.unwrap();
    refused("lone", "does not inherit the rights").await?;
    // As an owner of tables of projections, the application would be the owner of the log, too.
    let owns =
        format!("CREATE ROLE es_owner_{0}; CREATE ROLE es_projections_{0} IN ROLE es_owner_{0}", database.name());
    client.batch_execute(&owns).await.unwrap();
    refused("app", "would not apply to it").await?;
    client
        .batch_execute(&format!("DROP ROLE es_projections_{0}; DROP ROLE es_owner_{0}", database.name()))
        .await
        .unwrap();
    refused(&"x".repeat(64), "1 to 63 bytes").await
}

#[tokio::test]
async fn a_role_that_hardening_cannot_restrict_is_refused() {
    odd_roles_are_refused(&Server::start(&[]).unwrap(), Change::NONE).await.unwrap();
}

/// Checks that the test above can fail.
#[tokio::test]
async fn hardening_that_accepts_any_role_is_caught() {
    let server = Server::start(&[]).unwrap();
    for (change, expected) in [
        (change("IF home IS NULL", "IF false"), "not no log in this database"),
        (change("IF pg_catalog.pg_has_role(application, keeper, 'MEMBER')", "IF false"), "`postgres` is accepted"),
        (change("IF NOT (SELECT r.rolinherit", "IF NULL AND (SELECT r.rolinherit"), "`lone` is accepted"),
        (change("IF pg_catalog.pg_has_role(projector, keeper, 'MEMBER')", "IF false"), "`app` is accepted"),
        (change("OR octet_length(application) NOT BETWEEN 1 AND 63", ""), "xxx` is accepted"),
    ] {
        let caught = odd_roles_are_refused(&server, change).await.unwrap_err();
        assert!(caught.contains(expected), "{change:?}: {caught}");
    }
}

/// A store opened by `start` warns about missing protections, and does not warn when there are none.
async fn check_start_up_warnings(
    start: impl AsyncFn(String) -> Result<PostgresStore, PostgresConnectError>,
) -> Result<(), String> {
    let hardened = HardenedLog::new().await;
    let warnings = Warnings::default();
    let _subscribed = tracing::subscriber::set_default(warnings.clone());
    start(hardened.url("app")).await.unwrap();
    if !warnings.text().is_empty() {
        return Err(format!("for a hardened log it logs `{}`", warnings.text()));
    }
    start(hardened.database.url()).await.unwrap();
    let logged = warnings.text();
    if logged.contains("superuser") && logged.contains("PostgresStore::hardening") {
        return Ok(());
    }
    Err(format!("for a superuser it logs `{logged}`"))
}

#[tokio::test]
async fn start_up_warns_of_missing_protections_only() {
    check_start_up_warnings(async |url| PostgresStore::connect(&url).await).await.unwrap();
}

/// Checks that the test above can fail.
#[tokio::test]
async fn a_start_up_that_never_or_always_warns_is_caught() {
    let silent = async |url: String| {
        let _unsubscribed = tracing::subscriber::set_default(NoSubscriber::default());
        PostgresStore::connect(&url).await
    };
    assert_eq!(check_start_up_warnings(silent).await.unwrap_err(), "for a superuser it logs ``");
    let always_warns = async |url: String| {
        tracing::warn!("protections may be off: see `PostgresStore::hardening`");
        PostgresStore::connect(&url).await
    };
    let caught = check_start_up_warnings(always_warns).await.unwrap_err();
    assert!(caught.starts_with("for a hardened log it logs"), "{caught}");
}
