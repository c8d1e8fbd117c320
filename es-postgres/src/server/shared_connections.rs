//! A few connections that many callers share. Their statements are pipelined.

use std::sync::{Arc, Mutex, PoisonError};

use deadpool_postgres::ClientWrapper;
use tokio_postgres::{Row, types::ToSql};

use crate::server::{
    error::{PostgresError, root_cause},
    pool::Pool,
};

/// Connections that were taken out of the pool for good. They are replaced when they break.
#[derive(Debug, Clone)]
pub(crate) struct SharedConnections(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    pool: Pool,
    slots: Mutex<Vec<Option<Arc<ClientWrapper>>>>,
    /// Held while a connection is opened: one at a time.
    opening: tokio::sync::Mutex<()>,
}

impl SharedConnections {
    /// At most `count` connections, which leave the pool for good.
    pub(crate) fn new(pool: Pool, count: usize) -> Self {
        let slots = Mutex::new(vec![None; count]);
        Self(Arc::new(Shared { pool, slots, opening: tokio::sync::Mutex::default() }))
    }

    /// Runs a statement that returns few rows.
    pub(crate) async fn query(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, PostgresError> {
        let client = self.least_busy().await?;
        let statement = client.prepare_cached(sql).await.map_err(PostgresError::statement)?;
        client.query(&statement, parameters).await.map_err(PostgresError::statement)
    }

    /// Returns the connection with the fewest users. Opens another one while none is idle and fewer than
    /// there may be are open. A busy connection carries the query while another query opens one, and when none can be
    /// opened, as on a server at its connection limit.
    pub(crate) async fn least_busy(&self) -> Result<Arc<ClientWrapper>, PostgresError> {
        // A client that is held counts as one more user of it: none is held while a connection is opened.
        let _opening = match (self.choose(), self.0.opening.try_lock()) {
            (Choice::Use(client) | Choice::Open { busy: Some(client), .. }, Err(_)) | (Choice::Use(client), Ok(_)) => {
                return Ok(client);
            }
            (Choice::Open { .. }, Ok(opening)) => opening,
            (Choice::Open { busy: None, .. }, Err(_)) => self.0.opening.lock().await,
        };
        let slot = match self.choose() {
            Choice::Use(client) => return Ok(client),
            Choice::Open { slot, .. } => slot,
        };
        match self.0.pool.take().await {
            Ok(client) => {
                let client = Arc::new(client);
                self.0.slots.lock().unwrap_or_else(PoisonError::into_inner)[slot] = Some(Arc::clone(&client));
                Ok(client)
            }
            Err(error) => match self.choose() {
                Choice::Use(client) | Choice::Open { busy: Some(client), .. } => {
                    tracing::debug!(error = %root_cause(&error), "cannot open a shared connection; a busy one carries the query");
                    Ok(client)
                }
                Choice::Open { busy: None, .. } => Err(error),
            },
        }
    }

    /// Chooses the first idle connection, whose backend has the warmest caches, or the least busy one when all slots are in
    /// use.
    fn choose(&self) -> Choice {
        let mut slots = self.0.slots.lock().unwrap_or_else(PoisonError::into_inner);
        for slot in slots.iter_mut() {
            slot.take_if(|client| client.is_closed());
        }
        // Each user of a client holds it as well.
        let users = |client: &Arc<ClientWrapper>| Arc::strong_count(client) - 1;
        let least = slots.iter().flatten().min_by_key(|client| users(client)).cloned();
        match (least, slots.iter().position(Option::is_none)) {
            (Some(client), None) => Choice::Use(client),
            // This clone is the second holder of an idle client.
            (Some(client), Some(_)) if users(&client) == 1 => Choice::Use(client),
            (busy, free) => Choice::Open { slot: free.unwrap_or(0), busy },
        }
    }
}

/// Which connection to use.
#[derive(Debug)]
enum Choice {
    Use(Arc<ClientWrapper>),
    Open { slot: usize, busy: Option<Arc<ClientWrapper>> },
}
