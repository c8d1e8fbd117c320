//! One connection: opened and set up.

use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::{Client, Config};

use crate::server::driver::Notices;
use crate::server::error::PostgresError;
use crate::server::tls::Tls;

/// The longest time that a server and a socket can be told, some 24 days.
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

/// For how long settings hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    Session,
    Transaction,
}

/// An open connection with a task that drives it; dropping it closes it.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) client: Client,
    /// What the server said aside from answers.
    pub(crate) notices: Arc<Notices>,
    /// The server's process that it began on.
    pub(crate) backend: Backend,
}

/// A process of the server, told apart from a later one with the same number.
#[derive(Debug, Clone)]
pub(crate) struct Backend {
    pub(crate) pid: i32,
    /// In microseconds since the epoch, which no setting of a session changes.
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
        // with its first statements: a pooler takes the connection itself at once, and may have no server for it
        let opened = tokio::time::timeout(self.connect_timeout, self.set_up()).await;
        opened.unwrap_or(Err(PostgresError::Silent(self.connect_timeout)))
    }

    async fn set_up(&self) -> Result<Connection, PostgresError> {
        let (client, notices, _) = self.tls.open(&self.config).await.map_err(|error| self.tls.failed(error))?;
        client.batch_execute(&self.settings(Scope::Session)).await.map_err(PostgresError::statement)?;
        let backend = Backend::of(&client).await?;
        notices.set_own_backend(backend.pid);
        Ok(Connection { client, notices, backend })
    }

    /// The settings of each connection, as statements: for the session, or for a transaction alone.
    ///
    /// Every setting is here that a statement of the store depends on and that a server, a database, a role or an
    /// application may have changed; but `search_path`, which a pooler would give to somebody else: statements name the
    /// schema of what they use.
    pub(crate) fn settings(&self, scope: Scope) -> String {
        let (statement, lock) =
            (self.statement_timeout.as_millis().to_string(), self.lock_timeout.as_millis().to_string());
        let settings = [
            // plans made while the table was empty must not stay scans
            ("enable_seqscan", "off"),
            ("enable_bitmapscan", "off"),
            ("enable_sort", "off"),
            ("enable_incremental_sort", "off"),
            ("jit", "off"),
            ("plan_cache_mode", "force_generic_plan"),
            // a reader with a snapshot of its own skips
            ("default_transaction_isolation", "'read committed'"),
            // how text and literals are written
            ("client_encoding", "'UTF8'"),
            ("standard_conforming_strings", "on"),
            // an error ends a statement and not the session
            ("exit_on_error", "off"),
            ("statement_timeout", &statement),
            ("idle_in_transaction_session_timeout", &statement),
            ("lock_timeout", &lock),
        ];
        let (set, local) = match scope {
            Scope::Session => ("SET", false),
            Scope::Transaction => ("SET LOCAL", true),
        };
        let always = settings.map(|(setting, value)| format!("{set} {setting} = {value};"));
        // not every version has these; the time of each statement is limited above
        let newer = ["idle_session_timeout", "transaction_timeout"].map(|setting| {
            format!(
                "SELECT pg_catalog.set_config('{setting}', '0', {local}) \
                 WHERE pg_catalog.current_setting('{setting}', true) IS NOT NULL;"
            )
        });
        always.concat() + &newer.concat()
    }
}
