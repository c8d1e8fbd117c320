//! No log line, `Display` or `Debug` output contains a payload, metadata, a snapshot or the password.
//!
//! A separate test binary, because it captures the log of the whole process.

#![expect(clippy::unwrap_used, reason = "a failed `unwrap` fails the test")]

mod capture;
mod encodings;
mod operations;

use std::time::Duration;

use test_postgres::{Database, Server};
use tokio_postgres::NoTls;

use crate::{capture::Capture, encodings::Encodings};

/// The secrets. They differ from each other and contain no white space.
pub(crate) const PASSWORD: &str = "pa55word-of-the-application";
pub(crate) const PAYLOAD: &str = "canary4711-of-a-payload";
pub(crate) const METADATA: &str = "canary4712-of-metadata";
pub(crate) const SNAPSHOT: &str = "canary4713-of-a-snapshot";

/// A server that asks for the password and sends its clients all messages, and a database on it.
struct Setup {
    #[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "dropping it stops the server"))]
    server: Server,
    database: Database,
    url: String,
}

impl Setup {
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
        // The server reloads its configuration asynchronously.
        let without = database.url_as("teller");
        while tokio_postgres::connect(&without, NoTls).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Self { server, database, url }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_output_contains_a_payload_or_the_password() {
    let setup = Setup::new().await;
    let secrets =
        [("the password", PASSWORD), ("a payload", PAYLOAD), ("metadata", METADATA), ("a snapshot", SNAPSHOT)];
    let capture: &Capture = capture::start(Encodings::new(&secrets));
    operations::urls(capture).await;
    operations::appends(&setup, capture).await;
    operations::transactions(&setup, capture).await;
    operations::reads(&setup, capture).await;
    operations::server_refusals(&setup, capture).await;
    operations::lost_sessions(&setup, capture).await;
    #[cfg(feature = "tls")]
    operations::tls(&setup, capture).await;
    let found = capture.secrets(&["es_postgres", "tokio_postgres", "sqlx"]);
    assert!(found.is_empty(), "{found:#?}");
}
