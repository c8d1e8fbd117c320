//! The log as a whole: how far it is settled, and in which incarnation.
//!
//! Restores are noticed by the latter: a checkpoint says from which incarnation of the log its position is.

use std::time::Duration;

use es_core::{Checkpoint, Position, ReadError};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::read::error::unread;
use crate::read::frontier::{Frontier, Settled};
use crate::server::back_off::Patience;
use crate::server::error::PostgresError;
use crate::server::schema_name::SchemaName;
use crate::server::shared::SharedConnections;
use crate::server::types::{column, place};

/// The log as a whole, as far as this store knows it.
#[derive(Debug)]
pub(crate) struct Log {
    connections: SharedConnections,
    sql: Sql,
    settled: Settled,
    /// For how long it is asked again after its connection was lost.
    persistence: Duration,
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
        persistence: Duration,
    ) -> Self {
        let common = "SELECT least({schema}.common_with($1), {schema}.drawn()), {schema}.common_with($1) IS NULL";
        let sql = Sql {
            frontier: schema.render(include_str!("frontier.sql")),
            incarnation: incarnation_sql(schema),
            common: schema.render(common),
        };
        Self { connections, sql, settled: Settled::new(incarnation), persistence }
    }

    /// The frontier, by a statement of its own: what is read up to it must be read by a later one.
    pub(crate) async fn frontier(&self) -> Result<Frontier, ReadError> {
        let mut patience = Patience::new(self.persistence);
        loop {
            match self.ask_frontier().await {
                Ok(frontier) => return Ok(frontier),
                Err(error) => patience.again(error).await.map_err(unread)?,
            }
        }
    }

    async fn ask_frontier(&self) -> Result<Frontier, PostgresError> {
        let before = self.settled.now();
        let rows = self.connections.query(&self.sql.frontier, &[&i64::from(before.position)]).await?;
        let row = rows.first();
        let position = |index| place::<Position>(row, index);
        let answered = Frontier { decided: position(0)?, position: position(1)?, incarnation: column(row, 3)? };
        Ok(self.settled.answered(before, answered, column(row, 2)?))
    }

    /// Today's incarnation.
    pub(crate) async fn incarnation(&self) -> Result<Uuid, PostgresError> {
        let before = self.settled.now().incarnation;
        let rows = self.connections.query(&self.sql.incarnation, &[]).await?;
        let today = column(rows.first(), 0)?;
        self.settled.found_in(before, today);
        Ok(today)
    }

    /// Today's incarnation, if all up to the checkpoint is the same in it.
    pub(crate) async fn resume(&self, checkpoint: Checkpoint) -> Result<Uuid, ReadError> {
        // a move is noticed first, so that what the two incarnations have in common is known
        let today = self.incarnation().await.map_err(unread)?;
        let common = match checkpoint.incarnation() {
            None => return Ok(today),
            Some(incarnation) => self.common_with(incarnation).await.map_err(unread)?,
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
        if unknown { Ok(None) } else { place(rows.first(), 0).map(Some) }
    }
}

/// The statement that answers today's incarnation, and begins one where the log has moved.
pub(crate) fn incarnation_sql(schema: &SchemaName) -> String {
    schema.render("SELECT {schema}.incarnation()")
}

/// Today's incarnation over this connection.
pub(crate) async fn incarnation_seen_by(client: &Client, schema: &SchemaName) -> Result<Uuid, PostgresError> {
    let row = client.query_one(&incarnation_sql(schema), &[]).await.map_err(PostgresError::statement)?;
    column(&row, 0)
}
