//! Snapshots in the schema of the log.

use async_trait::async_trait;
use bytes::Bytes;
use es_core::{
    AsOf, Position, SnapshotError, Snapshots, StoreErrorKind, StoredSnapshot, StreamId, Timestamp, Version, limits,
};
use tokio_postgres::types::ToSql;

use crate::server::{
    error::{PostgresError, impl_store_error},
    schema_name::SchemaName,
    shared_connections::SharedConnections,
    types::{Binary, Time, column, unsigned_column},
};

/// Why a snapshot could not be read or stored: the source of [`SnapshotError::Store`].
///
/// ```
/// # use es_core::SnapshotError;
/// # use es_postgres::PostgresSnapshotError;
/// fn is_transient(error: &SnapshotError) -> bool {
///     let SnapshotError::Store(error) = error else { return false };
///     error.downcast_ref().is_some_and(|error: &PostgresSnapshotError| error.kind().is_transient())
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresSnapshotError {
    /// The server could not be reached, or refused the statement.
    #[error(transparent)]
    Server(#[from] PostgresError),
}

impl PostgresSnapshotError {
    /// How to react to it. See [`PostgresSnapshotError`] for an example.
    pub fn kind(&self) -> StoreErrorKind {
        match self {
            Self::Server(error) => error.kind(),
        }
    }
}

impl_store_error!(PostgresSnapshotError);

/// The snapshots of the log in one schema.
#[derive(Debug)]
pub(crate) struct StoredSnapshots {
    connections: SharedConnections,
    nearest: String,
    store: String,
}

impl StoredSnapshots {
    pub(crate) fn new(connections: SharedConnections, schema: &SchemaName) -> Self {
        Self {
            connections,
            nearest: schema.render(include_str!("snapshot_nearest.sql")),
            store: schema.render(include_str!("snapshot_store.sql")),
        }
    }
}

#[async_trait]
impl Snapshots for StoredSnapshots {
    async fn nearest(
        &self,
        stream: &StreamId,
        schema: &str,
        at: AsOf,
    ) -> Result<Option<StoredSnapshot>, SnapshotError> {
        limits::check_snapshot_schema(schema)?;
        let (version, position, recorded_at) = bounds(at);
        let (version, position) = (i64::from(version), i64::from(position));
        let recorded_at = recorded_at.map(Time);
        let parameters: [&(dyn ToSql + Sync); 6] =
            [&stream.category(), &stream.id(), &schema, &version, &position, &recorded_at];
        let rows = self.connections.query(&self.nearest, &parameters).await.map_err(failed)?;
        let Some(row) = rows.first() else { return Ok(None) };
        let payload: &[u8] = row.try_get(3).map_err(|error| failed(PostgresError::Answer(error.into())))?;
        Ok(Some(StoredSnapshot::new(
            stream.clone(),
            unsigned_column(Some(row), 0).map_err(failed)?,
            unsigned_column(Some(row), 1).map_err(failed)?,
            column::<Time>(Some(row), 2).map_err(failed)?.0,
            schema,
            Bytes::copy_from_slice(payload),
        )))
    }

    async fn store(&self, snapshot: StoredSnapshot) -> Result<(), SnapshotError> {
        let StoredSnapshot { stream, version, position, recorded_at, schema, payload, .. } = &snapshot;
        limits::check_snapshot_schema(schema)?;
        let (version, position, recorded_at) = (i64::from(*version), i64::from(*position), Time(*recorded_at));
        let parameters: [&(dyn ToSql + Sync); 7] =
            [&stream.category(), &stream.id(), schema, &version, &position, &recorded_at, &Binary(payload)];
        let rows = self.connections.query(&self.store, &parameters).await.map_err(failed)?;
        if column(rows.first(), 0).map_err(failed)? { Ok(()) } else { Err(snapshot.no_such_event()) }
    }
}

/// The highest version, position and recorded time that a snapshot at `at` may have.
fn bounds(at: AsOf) -> (Version, Position, Option<Timestamp>) {
    match at {
        AsOf::Newest => (Version::MAX, Position::MAX, None),
        AsOf::Version(last) => (last, Position::MAX, None),
        AsOf::Position(last) => (Version::MAX, last, None),
        AsOf::Time(last) => (Version::MAX, Position::MAX, Some(last)),
    }
}

fn failed(error: PostgresError) -> SnapshotError {
    SnapshotError::Store(PostgresSnapshotError::from(error).into())
}
