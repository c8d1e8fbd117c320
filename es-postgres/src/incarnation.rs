//! Restores are noticed: a checkpoint says from which incarnation of the log its position is.

use es_core::Position;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use crate::PostgresError;
use crate::read::Reader;
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

pub(crate) async fn today(reader: &Reader, schema: &SchemaName) -> Result<Uuid, PostgresError> {
    let rows = reader.query(&sql(schema), &[]).await?;
    column(rows.first(), 0)
}

/// The position to go on from.
pub(crate) async fn resume(
    reader: &Reader,
    schema: &SchemaName,
    checkpoint: Checkpoint,
) -> Result<Position, PostgresError> {
    // noticed first, so that what is in common is known
    today(reader, schema).await?;
    let common =
        schema.render("SELECT least({schema}.common_with($1), {schema}.drawn()), {schema}.common_with($1) IS NULL");
    let rows = reader.query(&common, &[&checkpoint.incarnation]).await?;
    let (common, unknown): (i64, bool) = (column(rows.first(), 0)?, column(rows.first(), 1)?);
    let common = (!unknown).then(|| Position::new(common.max(0).cast_unsigned()));
    match common {
        Some(common) if checkpoint.position <= common => Ok(checkpoint.position),
        _ => Err(PostgresError::Restored { position: checkpoint.position, common }),
    }
}

fn column<T: for<'a> tokio_postgres::types::FromSql<'a>>(row: Option<&Row>, index: usize) -> Result<T, PostgresError> {
    let row = row.ok_or_else(|| PostgresError::Answer("no row".into()))?;
    row.try_get(index).map_err(|error| PostgresError::Answer(error.into()))
}
