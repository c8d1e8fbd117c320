//! Restores are noticed: a checkpoint says from which incarnation of the log its position is.

use es_core::{Checkpoint, Position, ReadError};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::PostgresError;
use crate::read::{Reader, column, place};
use crate::server::schema_name::SchemaName;

/// The statement that answers today's incarnation, and begins one where the log has moved.
pub(crate) fn sql(schema: &SchemaName) -> String {
    schema.render("SELECT {schema}.incarnation()")
}

/// Today's incarnation over this connection.
pub(crate) async fn seen_by(client: &Client, schema: &SchemaName) -> Result<Uuid, PostgresError> {
    let row = client.query_one(&sql(schema), &[]).await.map_err(PostgresError::statement)?;
    column(Some(&row), 0)
}

pub(crate) async fn today(reader: &Reader) -> Result<Uuid, PostgresError> {
    let before = reader.incarnation();
    let rows = reader.query(&sql(reader.schema()), &[]).await?;
    let today = column(rows.first(), 0)?;
    reader.found_in(before, today);
    Ok(today)
}

/// Today's incarnation, if all up to the checkpoint is the same in it.
pub(crate) async fn resume(reader: &Reader, checkpoint: Checkpoint) -> Result<Uuid, ReadError> {
    // a move is noticed first, so that what the two incarnations have in common is known
    let today = today(reader).await.map_err(unread)?;
    let common = match checkpoint.incarnation() {
        None => return Ok(today),
        Some(incarnation) => common_with(reader, incarnation).await.map_err(unread)?,
    };
    match common {
        Some(common) if checkpoint.position() <= common => Ok(today),
        _ => Err(ReadError::Restored { checkpoint, common }),
    }
}

/// The last position that today's log has in common with an incarnation; `None` when that is not known here.
async fn common_with(reader: &Reader, incarnation: Uuid) -> Result<Option<Position>, PostgresError> {
    let common = reader
        .schema()
        .render("SELECT least({schema}.common_with($1), {schema}.drawn()), {schema}.common_with($1) IS NULL");
    let rows = reader.query(&common, &[&incarnation]).await?;
    let unknown: bool = column(rows.first(), 1)?;
    if unknown { Ok(None) } else { place(rows.first(), 0).map(Some) }
}

fn unread(error: PostgresError) -> ReadError {
    ReadError::Store(error.into())
}
