//! A few connections that all readers share: what they send is pipelined.

use std::sync::{Arc, Mutex, PoisonError};

use deadpool_postgres::ClientWrapper;

use crate::PostgresError;
use crate::server::pool::{Pool, SHARED};

/// Connections taken out of the pool for good, and replaced when they break.
#[derive(Debug)]
pub(crate) struct SharedConnections {
    pool: Pool,
    slots: Mutex<[Option<Arc<ClientWrapper>>; SHARED]>,
    /// One connection is opened at a time.
    opening: tokio::sync::Mutex<()>,
}

impl SharedConnections {
    pub(crate) fn new(pool: Pool) -> Self {
        Self { pool, slots: Mutex::default(), opening: tokio::sync::Mutex::default() }
    }

    /// The connection that has the least to do; of idle ones the first, whose server process is the warmest.
    pub(crate) async fn any(&self) -> Result<Arc<ClientWrapper>, PostgresError> {
        if let Ok(ready) = self.ready() {
            return Ok(ready);
        }
        let _opening = self.opening.lock().await;
        let slot = match self.ready() {
            Ok(ready) => return Ok(ready),
            Err(slot) => slot,
        };
        let client = Arc::new(self.pool.take().await.map_err(PostgresError::pool)?);
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)[slot] = Some(Arc::clone(&client));
        Ok(client)
    }

    /// An idle connection, or the least busy where all are open; else the slot for another one.
    fn ready(&self) -> Result<Arc<ClientWrapper>, usize> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
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
