//! The pool of connections that readers use: the store's own, or one of the application's.

use std::ops::Deref;

use deadpool_postgres::{
    ClientWrapper, Connect, Manager, ManagerConfig, Object, Pool as Connections, PoolError, RecyclingMethod, Runtime,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config};

use crate::server::connection::{Connector, Scope};
use crate::server::error::PostgresError;

/// How many connections all readers share: they leave the pool for good. More of them brought nothing.
pub(crate) const SHARED_CONNECTIONS: usize = 4;

/// Where readers' connections come from; each is set up as the writer's are.
#[derive(Debug, Clone)]
pub(crate) struct Pool {
    connections: Connections,
    /// What the connections of an application's pool are told first; those of the store's own were told when opened.
    set_up: Option<SetUp>,
    /// Where the store was opened: what is kept outlives the runtime of a reader, which may lack what it takes to connect.
    runtime: Handle,
}

#[derive(Debug, Clone)]
struct SetUp {
    /// For a connection that is kept.
    session: String,
    /// For one that goes back: its settings end with the transaction, as the application has its own.
    transaction: String,
}

impl Pool {
    /// A pool that opens connections as the writer does, `size` of them with those that leave it.
    pub(crate) fn new(connector: &Connector, size: usize) -> Result<Self, PostgresError> {
        // no ping before each use: a broken connection is noticed by its use
        let config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_connect(connector.config.clone(), Opener(connector.clone()), config);
        let connections = Connections::builder(manager)
            .max_size(size.saturating_sub(SHARED_CONNECTIONS).max(1))
            .wait_timeout(Some(connector.statement_timeout).filter(|timeout| !timeout.is_zero()))
            .create_timeout(Some(connector.connect_timeout))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| PostgresError::Answer(error.into()))?;
        Ok(Self { connections, set_up: None, runtime: Handle::current() })
    }

    /// A pool of the application's.
    pub(crate) fn from_application(connections: Connections, connector: &Connector) -> Self {
        let transaction =
            format!("BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY; {}", connector.settings(Scope::Transaction));
        let set_up = SetUp { session: connector.settings(Scope::Session), transaction };
        Self { connections, set_up: Some(set_up), runtime: Handle::current() }
    }

    /// A connection for a while; it goes back as it came.
    pub(crate) async fn get(&self) -> Result<PooledConnection, PoolError> {
        let connection = self.connections.get().await?;
        let Some(set_up) = &self.set_up else { return Ok(PooledConnection { connection, in_transaction: false }) };
        // made before the transaction begins, so that it ends also when nobody awaits this any more
        let lent = PooledConnection { connection, in_transaction: true };
        lent.batch_execute(&set_up.transaction).await?;
        Ok(lent)
    }

    /// A connection that leaves the pool for good.
    pub(crate) async fn take(&self) -> Result<ClientWrapper, PoolError> {
        let Self { connections, set_up, .. } = self.clone();
        let taken = self.runtime.spawn(async move {
            let client = Object::take(connections.get().await?);
            if let Some(set_up) = set_up {
                client.batch_execute(&set_up.session).await?;
            }
            Ok(client)
        });
        // the runtime has ended, and the store's tasks with it
        taken.await.unwrap_or(Err(PoolError::Closed))
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
            // the first poll sends it, so it stands before whatever the next one to have the connection sends
            drop(self.connection.batch_execute("COMMIT").now_or_never());
        }
    }
}

/// Opens the pool's connections with the store's settings.
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
