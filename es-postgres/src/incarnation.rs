//! Restores are noticed: a checkpoint says from which incarnation of the log its position is.

use es_core::Position;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::PostgresError;
use crate::read::{Reader, column, place};
use crate::schema_name::SchemaName;

/// A position that was handled, and the incarnation of the log that it was read from.
///
/// A restore or a failover may lose events that were read, and give their positions to others: who goes on from a bare
/// position skips these. [`PostgresStore::resume`](crate::PostgresStore::resume) refuses such a checkpoint instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "made from what the application has stored")]
pub struct Checkpoint {
    /// What [`PostgresStore::incarnation`](crate::PostgresStore::incarnation) answered.
    pub incarnation: Uuid,
    /// The last position that was handled.
    pub position: Position,
}

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

/// Today's incarnation, in which what the checkpoint has handled is still the same.
pub(crate) async fn resume(reader: &Reader, checkpoint: Checkpoint) -> Result<Uuid, PostgresError> {
    // noticed first, so that what is in common is known
    let today = today(reader).await?;
    let common = reader
        .schema()
        .render("SELECT least({schema}.common_with($1), {schema}.drawn()), {schema}.common_with($1) IS NULL");
    let rows = reader.query(&common, &[&checkpoint.incarnation]).await?;
    let unknown: bool = column(rows.first(), 1)?;
    let common = if unknown { None } else { Some(place::<Position>(rows.first(), 0)?) };
    match common {
        Some(common) if checkpoint.position <= common => Ok(today),
        _ => Err(PostgresError::Restored { position: checkpoint.position, common }),
    }
}
