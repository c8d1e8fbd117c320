//! The log as a whole: how far it is settled, and in which incarnation.
//!
//! Restores are noticed by the latter: a checkpoint says from which incarnation of the log its position is.

use std::time::Duration;

use es_core::{Checkpoint, Position, ReadError};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::read::error::read_error;
use crate::read::frontier::{Frontier, FrontierCache};
use crate::server::back_off::Retry;
use crate::server::error::PostgresError;
use crate::server::schema_name::SchemaName;
use crate::server::shared_connections::SharedConnections;
use crate::server::types::{column, unsigned_column};

/// The log as a whole, as far as this store knows it.
#[derive(Debug)]
pub(crate) struct Log {
    connections: SharedConnections,
    sql: Sql,
    cache: FrontierCache,
    /// For how long it is asked again after its connection was lost.
    retry_for: Duration,
}

/// The texts of the statements.
#[derive(Debug)]
struct Sql {
    frontier: String,
    incarnation: String,
    common: String,
}

impl Log {
    /// The log that was found in this incarnation.
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

    /// The frontier, by a statement of its own: what is read up to it must be read by a later one.
    pub(crate) async fn frontier(&self) -> Result<Frontier, ReadError> {
        let mut retry = Retry::new(self.retry_for);
        loop {
            match self.query_frontier().await {
                Ok(frontier) => return Ok(frontier),
                Err(error) => retry.after(error).await.map_err(read_error)?,
            }
        }
    }

    async fn query_frontier(&self) -> Result<Frontier, PostgresError> {
        let before = self.cache.current();
        let rows = self.connections.query(&self.sql.frontier, &[&i64::from(before.position)]).await?;
        let row = rows.first();
        let position = |index| unsigned_column::<Position>(row, index);
        let answered = Frontier { finished: position(0)?, position: position(1)?, incarnation: column(row, 3)? };
        Ok(self.cache.update(before, answered, column(row, 2)?))
    }

    /// Today's incarnation.
    pub(crate) async fn incarnation(&self) -> Result<Uuid, PostgresError> {
        let before = self.cache.current().incarnation;
        let rows = self.connections.query(&self.sql.incarnation, &[]).await?;
        let today = column(rows.first(), 0)?;
        self.cache.observe_incarnation(before, today);
        Ok(today)
    }

    /// Today's incarnation, if all up to the checkpoint is the same in it.
    pub(crate) async fn resume(&self, checkpoint: Checkpoint) -> Result<Uuid, ReadError> {
        // a move is noticed first, so that what the two incarnations have in common is known
        let today = self.incarnation().await.map_err(read_error)?;
        let common = match checkpoint.incarnation() {
            None => return Ok(today),
            Some(incarnation) => self.common_with(incarnation).await.map_err(read_error)?,
        };
        match common {
            Some(common) if checkpoint.position() <= common => Ok(today),
            _ => Err(ReadError::Restored { checkpoint, common }),
        }
    }

    /// The last position that today's log has in common with an incarnation; `None` when that is not known here.
    async fn common_with(&self, incarnation: Uuid) -> Result<Option<Position>, PostgresError> {
        let rows = self.connections.query(&self.sql.common, &[&incarnation]).await?;
        let unknown: bool = column(rows.first(), 1)?;
        if unknown { Ok(None) } else { unsigned_column(rows.first(), 0).map(Some) }
    }
}

/// The statement that answers today's incarnation, and begins one where the log has moved.
pub(crate) fn incarnation_sql(schema: &SchemaName) -> String {
    schema.render("SELECT {schema}.incarnation()")
}

/// Today's incarnation over this connection.
pub(crate) async fn query_incarnation(client: &Client, schema: &SchemaName) -> Result<Uuid, PostgresError> {
    let row = client.query_one(&incarnation_sql(schema), &[]).await.map_err(PostgresError::statement)?;
    column(&row, 0)
}
