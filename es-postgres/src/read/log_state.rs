//! Asks the server for the log's frontier and incarnation.
//!
//! After a restore, the first append or query of the incarnation begins a new one. A checkpoint names the incarnation of its
//! position, so a reader notices a restore.

use std::time::Duration;

use es_core::{Checkpoint, Position, ReadError};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::{
    read::{
        error::read_error,
        frontier::{Frontier, FrontierCache},
    },
    server::{
        back_off::Retry,
        error::PostgresError,
        schema_name::SchemaName,
        shared_connections::SharedConnections,
        types::{column, unsigned_column},
    },
};

/// The log's frontier and incarnation, with the answers that this store has cached.
#[derive(Debug)]
pub(crate) struct LogState {
    connections: SharedConnections,
    sql: Sql,
    cache: FrontierCache,
    /// How long a query is retried after its connection was lost.
    retry_for: Duration,
}

/// The SQL of the statements.
#[derive(Debug)]
struct Sql {
    frontier: String,
    incarnation: String,
    common: String,
}

impl LogState {
    /// Creates the handle of a log that is in this incarnation.
    pub(crate) fn new(
        connections: SharedConnections,
        schema: &SchemaName,
        incarnation: Uuid,
        retry_for: Duration,
    ) -> Self {
        let common = "SELECT least({schema}.common_with($1), {schema}.drawn()), {schema}.common_with($1) IS NULL";
        let sql = Sql {
            frontier: schema.render(include_str!("frontier.sql")),
            incarnation: incarnation_sql(schema),
            common: schema.render(common),
        };
        Self { connections, sql, cache: FrontierCache::new(incarnation), retry_for }
    }

    /// Queries the frontier in a statement of its own. Events up to it must be read by a later statement, whose snapshot
    /// is newer.
    pub(crate) async fn frontier(&self) -> Result<Frontier, ReadError> {
        self.latest_frontier().await.map_err(read_error)
    }

    /// Queries the frontier as [`frontier`](Self::frontier) does, for operations with another error.
    pub(crate) async fn latest_frontier(&self) -> Result<Frontier, PostgresError> {
        let mut retry = Retry::new(self.retry_for);
        loop {
            match self.query_frontier().await {
                Ok(frontier) => return Ok(frontier),
                Err(error) => retry.after(error).await?,
            }
        }
    }

    async fn query_frontier(&self) -> Result<Frontier, PostgresError> {
        let before = self.cache.current();
        let rows = self.connections.query(&self.sql.frontier, &[&i64::from(before.position)]).await?;
        let row = rows.first();
        let position = |index| unsigned_column::<Position>(row, index);
        let answer = Frontier { finished: position(0)?, position: position(1)?, incarnation: column(row, 3)? };
        Ok(self.cache.update(before, answer, column(row, 2)?))
    }

    /// Queries the current incarnation.
    pub(crate) async fn incarnation(&self) -> Result<Uuid, PostgresError> {
        let before = self.cache.current().incarnation;
        let rows = self.connections.query(&self.sql.incarnation, &[]).await?;
        let current = column(rows.first(), 0)?;
        self.cache.observe_incarnation(before, current);
        Ok(current)
    }

    /// Queries the current incarnation, and checks that it has the same events up to the checkpoint.
    pub(crate) async fn resume(&self, checkpoint: Checkpoint) -> Result<Uuid, ReadError> {
        // Query the incarnation first: where the log has moved, this records what the two incarnations have in common.
        let current = self.incarnation().await.map_err(read_error)?;
        let common = match checkpoint.incarnation() {
            None => return Ok(current),
            Some(incarnation) => self.common_with(incarnation).await.map_err(read_error)?,
        };
        match common {
            Some(common) if checkpoint.position() <= common => Ok(current),
            _ => Err(ReadError::Restored { checkpoint, common }),
        }
    }

    /// Queries the last position that the current log has in common with an incarnation; `None` when the server does not
    /// know that incarnation.
    async fn common_with(&self, incarnation: Uuid) -> Result<Option<Position>, PostgresError> {
        let rows = self.connections.query(&self.sql.common, &[&incarnation]).await?;
        let unknown: bool = column(rows.first(), 1)?;
        if unknown { Ok(None) } else { unsigned_column(rows.first(), 0).map(Some) }
    }
}

/// The statement that returns the current incarnation, and begins a new one where the log has moved.
pub(crate) fn incarnation_sql(schema: &SchemaName) -> String {
    schema.render("SELECT {schema}.incarnation()")
}

/// Queries the current incarnation over this connection.
pub(crate) async fn query_incarnation(client: &Client, schema: &SchemaName) -> Result<Uuid, PostgresError> {
    let row = client.query_one(&incarnation_sql(schema), &[]).await.map_err(PostgresError::statement)?;
    column(&row, 0)
}
