//! Opens and sets up one connection.

use std::{sync::Arc, time::Duration};

use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config};

use crate::server::{driver::Notices, error::PostgresError, tls::Tls};

/// The longest time-out that the server and a socket accept, about 24 days.
pub(crate) const LONGEST: Duration = Duration::from_millis(i32::MAX as u64);

/// How connections are opened.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    pub(crate) config: Config,
    pub(crate) tls: Tls,
    pub(crate) connect_timeout: Duration,
    pub(crate) statement_timeout: Duration,
    pub(crate) lock_timeout: Duration,
}

/// How long settings apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    Session,
    Transaction,
}

impl Scope {
    const fn set(self) -> &'static str {
        match self {
            Self::Session => "SET",
            Self::Transaction => "SET LOCAL",
        }
    }
}

/// An open connection with the task that drives it. Dropping it closes the connection.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) client: Client,
    /// Notices and notifications from the server.
    pub(crate) notices: Arc<Notices>,
    /// The backend that the connection was opened on.
    pub(crate) backend: Backend,
    /// The task that drives the connection.
    pub(crate) driver: JoinHandle<()>,
}

/// A backend of the server, distinguishable from a later one with the same process id.
#[derive(Debug, Clone)]
pub(crate) struct Backend {
    pub(crate) pid: i32,
    /// When the backend started, in microseconds since the epoch. As a number it does not depend on the session's settings.
    pub(crate) started: i64,
}

impl Backend {
    pub(crate) async fn of(client: &Client) -> Result<Self, PostgresError> {
        let own = "SELECT pid, (extract(epoch FROM backend_start) OPERATOR(pg_catalog.*) 1000000)::bigint \
                   FROM pg_catalog.pg_stat_activity WHERE pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()";
        let row = client.query_one(own, &[]).await.map_err(PostgresError::statement)?;
        let read = || Ok(Self { pid: row.try_get(0)?, started: row.try_get(1)? });
        read().map_err(|error: tokio_postgres::Error| PostgresError::Answer(error.into()))
    }
}

impl Connector {
    pub(crate) async fn open(&self) -> Result<Connection, PostgresError> {
        self.open_with(&self.settings(Scope::Session)).await
    }

    /// Opens a connection for statements of the application, which get the plans that the server's settings lead to.
    pub(crate) async fn open_for_application(&self) -> Result<Connection, PostgresError> {
        // A backend whose client is gone holds its locks until it notices that. Versions before 14 and other systems than Linux
        // notice it when the statement has ended.
        let noticing = "SELECT pg_catalog.set_config('client_connection_check_interval', '1s', false) \
                        WHERE pg_catalog.current_setting('client_connection_check_interval', true) IS NOT NULL \
                        AND pg_catalog.version() OPERATOR(pg_catalog.~) 'linux';";
        self.open_with(&(self.session_settings(Scope::Session) + noticing)).await
    }

    async fn open_with(&self, settings: &str) -> Result<Connection, PostgresError> {
        // The time-out includes the first statements: a pooler accepts the connection before it has a backend for it.
        let opened = tokio::time::timeout(self.connect_timeout, self.set_up(settings)).await;
        opened.unwrap_or(Err(PostgresError::Silent(self.connect_timeout)))
    }

    async fn set_up(&self, settings: &str) -> Result<Connection, PostgresError> {
        let opened = self.tls.open(&self.config).await;
        let (client, notices, driver) = opened.map_err(|error| self.tls.connect_error(error))?;
        client.batch_execute(settings).await.map_err(PostgresError::statement)?;
        let backend = Backend::of(&client).await?;
        notices.set_own_backend(backend.pid);
        Ok(Connection { client, notices, backend, driver })
    }

    /// The settings of each connection, as statements: for the session, or for one transaction.
    ///
    /// These are all settings that the store's statements depend on and that a server, a database, a role or an application
    /// may have changed. The one exception is `search_path`: a pooler would hand the changed session to other clients.
    /// Statements qualify every name instead.
    pub(crate) fn settings(&self, scope: Scope) -> String {
        let planner = [
            // A generic plan made while the table was empty must not stay a sequential scan.
            ("enable_seqscan", "off"),
            ("enable_bitmapscan", "off"),
            ("enable_sort", "off"),
            ("enable_incremental_sort", "off"),
            ("jit", "off"),
            ("plan_cache_mode", "force_generic_plan"),
        ];
        let set = scope.set();
        planner.map(|(setting, value)| format!("{set} {setting} = {value};")).concat() + &self.session_settings(scope)
    }

    /// The settings that do not concern plans.
    fn session_settings(&self, scope: Scope) -> String {
        let (statement, lock) =
            (self.statement_timeout.as_millis().to_string(), self.lock_timeout.as_millis().to_string());
        let settings = [
            // At a stricter level a reader's snapshot would be older than the frontier and would skip events.
            ("default_transaction_isolation", "'read committed'"),
            // The syntax of text and literals.
            ("client_encoding", "'UTF8'"),
            ("standard_conforming_strings", "on"),
            // An error must end the statement only, not the session.
            ("exit_on_error", "off"),
            ("statement_timeout", &statement),
            ("idle_in_transaction_session_timeout", &statement),
            ("lock_timeout", &lock),
        ];
        let (set, local) = (scope.set(), scope == Scope::Transaction);
        let always = settings.map(|(setting, value)| format!("{set} {setting} = {value};"));
        // Not every version has these. `statement_timeout` limits each statement already.
        let newer = ["idle_session_timeout", "transaction_timeout"].map(|setting| {
            format!(
                "SELECT pg_catalog.set_config('{setting}', '0', {local}) \
                 WHERE pg_catalog.current_setting('{setting}', true) IS NOT NULL;"
            )
        });
        always.concat() + &newer.concat()
    }
}
