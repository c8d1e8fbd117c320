//! A few connections that all readers share: what they send is pipelined.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use deadpool_postgres::ClientWrapper;
use tokio::sync::Mutex;

use crate::PostgresError;
use crate::pool::Pool;

/// More of them brought nothing.
const CONNECTIONS: usize = 4;

/// Connections taken out of the pool for good, and replaced when they break.
#[derive(Debug)]
pub(crate) struct SharedConnections {
    pool: Pool,
    next: AtomicUsize,
    slots: [Mutex<Option<Arc<ClientWrapper>>>; CONNECTIONS],
}

impl SharedConnections {
    pub(crate) fn new(pool: Pool) -> Self {
        Self { pool, next: AtomicUsize::new(0), slots: std::array::from_fn(|_| Mutex::new(None)) }
    }

    /// One of the connections, in turn.
    pub(crate) async fn any(&self) -> Result<Arc<ClientWrapper>, PostgresError> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % CONNECTIONS;
        let mut slot = self.slots[turn].lock().await;
        match &*slot {
            Some(client) if !client.is_closed() => Ok(Arc::clone(client)),
            _ => {
                let client = Arc::new(self.pool.take().await.map_err(PostgresError::Pool)?);
                *slot = Some(Arc::clone(&client));
                Ok(client)
            }
        }
    }
}
