//! The pool of readers' connections: the store's own, or the application's.

use std::ops::Deref;

use deadpool_postgres::{
    ClientWrapper, Connect, Manager, ManagerConfig, Object, Pool as Connections, PoolError, RecyclingMethod, Runtime,
};
use futures_util::{FutureExt, future::BoxFuture};
use tokio::{runtime::Handle, task::JoinHandle};
use tokio_postgres::{Client, Config};

use crate::server::{
    connection::{Connector, Scope},
    error::PostgresError,
    tls::Tls,
};

/// Provides readers with connections that have the same settings as the writer's.
#[derive(Debug, Clone)]
pub(crate) struct Pool {
    connections: Connections,
    /// The settings for connections of an application's pool. Those of the store's own pool are set when they are opened.
    set_up: Option<SetUp>,
    /// The TLS of the store's own pool. An application's pool has its own, which the store does not know.
    tls: Tls,
    /// The runtime in which the store was opened. Shared connections must outlive the runtime of the reader that needs one,
    /// and that runtime may have no I/O driver.
    runtime: Handle,
}

#[derive(Debug, Clone)]
struct SetUp {
    /// For a connection that leaves the pool.
    session: String,
    /// For a connection that goes back to the pool. Its settings end with the transaction, so that the application finds
    /// its own.
    transaction: String,
}

impl Pool {
    /// Creates the store's own pool of `size` connections, besides those that leave it.
    pub(crate) fn new(connector: &Connector, size: usize) -> Result<Self, PostgresError> {
        // No ping before each use: the next statement detects a broken connection.
        let config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_connect(connector.config.clone(), Opener(connector.clone()), config);
        let connections = Connections::builder(manager)
            .max_size(size)
            .wait_timeout(Some(connector.statement_timeout).filter(|timeout| !timeout.is_zero()))
            .create_timeout(Some(connector.connect_timeout))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| PostgresError::Answer(error.into()))?;
        Ok(Self { connections, set_up: None, tls: connector.tls.clone(), runtime: Handle::current() })
    }

    /// Uses the application's pool.
    pub(crate) fn from_application(connections: Connections, connector: &Connector) -> Self {
        let transaction =
            format!("BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY; {}", connector.settings(Scope::Transaction));
        let set_up = SetUp { session: connector.settings(Scope::Session), transaction };
        Self { connections, set_up: Some(set_up), tls: Tls::Off, runtime: Handle::current() }
    }

    /// Borrows a connection. It goes back to the pool with the settings it had.
    pub(crate) async fn get(&self) -> Result<PooledConnection, PostgresError> {
        let connection = self.connections.get().await.map_err(|error| self.error(error))?;
        let Some(set_up) = &self.set_up else { return Ok(PooledConnection { connection, in_transaction: false }) };
        // Construct the guard before `BEGIN`: it ends the transaction even if this future is dropped.
        let pooled = PooledConnection { connection, in_transaction: true };
        pooled.batch_execute(&set_up.transaction).await.map_err(|error| self.error(error.into()))?;
        Ok(pooled)
    }

    /// Takes a connection out of the pool for good.
    pub(crate) async fn take(&self) -> Result<ClientWrapper, PostgresError> {
        let Self { connections, set_up, .. } = self.clone();
        let taken = self.runtime.spawn(async move {
            let client = Object::take(connections.get().await?);
            if let Some(set_up) = set_up {
                client.batch_execute(&set_up.session).await?;
            }
            Ok(client)
        });
        // The task is cancelled only when its runtime ends, and the store's tasks with it.
        taken.await.unwrap_or(Err(PoolError::Closed)).map_err(|error| self.error(error))
    }

    /// Converts an error of the pool. A failure of TLS is the same error as on the writer's connections.
    fn error(&self, error: PoolError) -> PostgresError {
        match error {
            PoolError::Closed => PostgresError::Closed,
            PoolError::Backend(error) if self.tls.is_tls_failure(&error) => PostgresError::Tls(error),
            error => PostgresError::Pool(error),
        }
    }
}

/// A connection that goes back to its pool when it is dropped.
#[derive(Debug)]
pub(crate) struct PooledConnection {
    connection: Object,
    in_transaction: bool,
}

impl Deref for PooledConnection {
    type Target = ClientWrapper;

    fn deref(&self) -> &ClientWrapper {
        &self.connection
    }
}

impl Drop for PooledConnection {
    fn drop(&mut self) {
        if self.in_transaction {
            // The first poll queues `COMMIT`, so it precedes every statement of the connection's next user.
            drop(self.connection.batch_execute("COMMIT").now_or_never());
        }
    }
}

/// Opens the pool's connections with the store's TLS and settings.
#[derive(Debug, Clone)]
struct Opener(Connector);

impl Connect for Opener {
    fn connect(&self, _: &Config) -> BoxFuture<'_, Result<(Client, JoinHandle<()>), tokio_postgres::Error>> {
        Box::pin(async move {
            let (client, _, driver) = self.0.tls.open(&self.0.config).await?;
            client.batch_execute(&self.0.settings(Scope::Session)).await?;
            Ok((client, driver))
        })
    }
}
