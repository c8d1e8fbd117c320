//! Nothing that is logged, displayed or debugged holds a payload, metadata, a snapshot or the password.
//!
//! A test of its own, as it listens to the log of the whole process.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod log;
mod needles;
mod scenes;

use std::time::Duration;

use test_postgres::{Database, Server};

use crate::log::Log;
use crate::needles::Needles;

/// What must not be seen. Each is told apart, and none has white space.
pub(crate) const PASSWORD: &str = "pa55word-of-the-application";
pub(crate) const PAYLOAD: &str = "canary4711-of-a-payload";
pub(crate) const METADATA: &str = "canary4712-of-metadata";
pub(crate) const SNAPSHOT: &str = "canary4713-of-a-snapshot";

/// A server that asks for the password and says as much as it can to its clients, and a database with its URL.
struct Stage {
    #[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "it ends when it is dropped"))]
    server: Server,
    database: Database,
    url: String,
}

impl Stage {
    async fn new() -> Self {
        let server = Server::start(&[]).unwrap();
        let database = Database::on(&server.url()).unwrap();
        let role = format!(
            "CREATE ROLE teller LOGIN SUPERUSER; SET password_encryption = 'scram-sha-256';
             ALTER ROLE teller PASSWORD '{PASSWORD}';
             ALTER ROLE teller SET client_min_messages = 'log';
             ALTER ROLE teller SET log_min_duration_statement = 0;
             ALTER ROLE teller SET log_parameter_max_length = -1;
             ALTER ROLE teller SET log_parameter_max_length_on_error = -1;"
        );
        let before: Vec<&str> = role.split(';').map(str::trim).filter(|statement| !statement.is_empty()).collect();
        database.run(&before).unwrap();
        let asks = "host all teller 127.0.0.1/32 scram-sha-256\nhost all teller ::1/128 scram-sha-256\n\
                    local all all trust\nhost all all 127.0.0.1/32 trust\n";
        server.write_file("pg_hba.conf", asks.as_bytes()).unwrap();
        database.run(&["SELECT pg_reload_conf()"]).unwrap();
        let url = database.url_as(&format!("teller:{PASSWORD}"));
        // the server reads the file when it comes to it
        let without = database.url_as("teller");
        while tokio_postgres::connect(&without, tokio_postgres::NoTls).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Self { server, database, url }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_is_said_holds_a_payload_or_the_password() {
    let stage = Stage::new().await;
    let secrets =
        [("the password", PASSWORD), ("a payload", PAYLOAD), ("metadata", METADATA), ("a snapshot", SNAPSHOT)];
    let log: &Log = log::listen(Needles::new(&secrets));
    scenes::urls(log).await;
    scenes::appends(&stage, log).await;
    scenes::transactions(&stage, log).await;
    scenes::reads(&stage, log).await;
    scenes::refusals(&stage, log).await;
    scenes::breaks(&stage, log).await;
    #[cfg(feature = "tls")]
    scenes::tls(&stage, log).await;
    let said = log.secrets(&["es_postgres", "tokio_postgres", "sqlx"]);
    assert!(said.is_empty(), "{said:#?}");
}
