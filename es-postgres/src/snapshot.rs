//! Snapshots: a shortcut that is never the truth.

use bytes::Bytes;
use es_core::{SnapshotError, StoreError, StoredSnapshot, StreamId};
use tokio_postgres::types::ToSql;

use crate::server::error::PostgresError;
use crate::server::schema_name::SchemaName;
use crate::server::shared::SharedConnections;
use crate::server::types::{Binary, place};

/// The statements.
#[derive(Debug)]
pub(crate) struct Snapshots {
    load: String,
    store: String,
}

impl Snapshots {
    pub(crate) fn new(schema: &SchemaName) -> Self {
        Self {
            load: schema.render(include_str!("snapshot_load.sql")),
            store: schema.render(include_str!("snapshot_store.sql")),
        }
    }

    pub(crate) async fn load(
        &self,
        connections: &SharedConnections,
        stream: &StreamId,
        schema: &str,
    ) -> Result<Option<StoredSnapshot>, SnapshotError> {
        let parameters: [&(dyn ToSql + Sync); 3] = [&stream.category(), &stream.id(), &schema];
        let rows = connections.query(&self.load, &parameters).await.map_err(failed)?;
        let Some(row) = rows.first() else { return Ok(None) };
        let payload: &[u8] = row.try_get(1).map_err(|error| failed(PostgresError::Answer(error.into())))?;
        Ok(Some(StoredSnapshot {
            stream: stream.clone(),
            version: place(Some(row), 0).map_err(failed)?,
            schema: schema.to_owned(),
            payload: Bytes::copy_from_slice(payload),
        }))
    }

    pub(crate) async fn store(
        &self,
        connections: &SharedConnections,
        snapshot: &StoredSnapshot,
    ) -> Result<(), SnapshotError> {
        let StoredSnapshot { stream, version, schema, payload } = snapshot;
        let version = i64::from(*version);
        let parameters: [&(dyn ToSql + Sync); 5] =
            [&stream.category(), &stream.id(), schema, &version, &Binary(payload)];
        connections.query(&self.store, &parameters).await.map(drop).map_err(failed)
    }
}

fn failed(error: PostgresError) -> SnapshotError {
    SnapshotError::Store(StoreError::from(error))
}
