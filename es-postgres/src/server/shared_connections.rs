//! A few connections that all readers share: what they send is pipelined.

use std::sync::{Arc, Mutex, PoisonError};

use deadpool_postgres::ClientWrapper;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::server::error::PostgresError;
use crate::server::pool::{Pool, SHARED_CONNECTIONS};

/// Connections taken out of the pool for good, and replaced when they break.
#[derive(Debug, Clone)]
pub(crate) struct SharedConnections(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    pool: Pool,
    slots: Mutex<[Option<Arc<ClientWrapper>>; SHARED_CONNECTIONS]>,
    /// One connection is opened at a time.
    opening: tokio::sync::Mutex<()>,
}

impl SharedConnections {
    pub(crate) fn new(pool: Pool) -> Self {
        Self(Arc::new(Shared { pool, slots: Mutex::default(), opening: tokio::sync::Mutex::default() }))
    }

    /// A statement with few rows.
    pub(crate) async fn query(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, PostgresError> {
        let client = self.least_busy().await?;
        let statement = client.prepare_cached(sql).await.map_err(PostgresError::statement)?;
        client.query(&statement, parameters).await.map_err(PostgresError::statement)
    }

    /// The connection that has the least to do; of idle ones the first, whose server process is the warmest.
    pub(crate) async fn least_busy(&self) -> Result<Arc<ClientWrapper>, PostgresError> {
        if let Ok(ready) = self.idle_or_free_slot() {
            return Ok(ready);
        }
        let _opening = self.0.opening.lock().await;
        let slot = match self.idle_or_free_slot() {
            Ok(ready) => return Ok(ready),
            Err(slot) => slot,
        };
        let client = Arc::new(self.0.pool.take().await.map_err(PostgresError::pool)?);
        self.0.slots.lock().unwrap_or_else(PoisonError::into_inner)[slot] = Some(Arc::clone(&client));
        Ok(client)
    }

    /// An idle connection, or the least busy where all are open; else the slot for another one.
    fn idle_or_free_slot(&self) -> Result<Arc<ClientWrapper>, usize> {
        let mut slots = self.0.slots.lock().unwrap_or_else(PoisonError::into_inner);
        for slot in slots.iter_mut() {
            slot.take_if(|client| client.is_closed());
        }
        // a client in use is held by its users as well
        let users = |client: &Arc<ClientWrapper>| Arc::strong_count(client) - 1;
        let least = slots.iter().flatten().min_by_key(|client| users(client));
        match (least, slots.iter().position(Option::is_none)) {
            (Some(client), None) => Ok(Arc::clone(client)),
            (Some(client), Some(_)) if users(client) == 0 => Ok(Arc::clone(client)),
            (_, Some(free)) => Err(free),
            (None, None) => Err(0),
        }
    }
}
