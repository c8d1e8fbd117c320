//! The pool of connections that readers use.

use deadpool_postgres::{Connect, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use futures_util::future::BoxFuture;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config};

use crate::PostgresError;
use crate::connection::Connector;

/// A pool that opens connections as the writer does.
pub(crate) fn build(connector: &Connector, size: usize) -> Result<Pool, PostgresError> {
    // no ping before each use: a broken connection is noticed by its use
    let config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = Manager::from_connect(connector.config.clone(), SetUp(connector.clone()), config);
    Pool::builder(manager)
        .max_size(size)
        .wait_timeout(Some(connector.statement_timeout).filter(|timeout| !timeout.is_zero()))
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(|error| PostgresError::Answer(error.into()))
}

/// Opens the pool's connections with the store's settings.
#[derive(Debug, Clone)]
struct SetUp(Connector);

impl Connect for SetUp {
    fn connect(&self, _: &Config) -> BoxFuture<'_, Result<(Client, JoinHandle<()>), tokio_postgres::Error>> {
        Box::pin(async move {
            let (client, _, driver) = self.0.tls.open(&self.0.config).await?;
            client.batch_execute(&self.0.set_up()).await?;
            Ok((client, driver))
        })
    }
}
