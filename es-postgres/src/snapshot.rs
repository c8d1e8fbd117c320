//! Snapshots: a shortcut that is never the truth.

use bytes::Bytes;
use es_core::{SnapshotError, StoreError, StoredSnapshot, StreamId};
use tokio_postgres::types::ToSql;

use crate::PostgresError;
use crate::read::{Reader, place};
use crate::server::schema_name::SchemaName;
use crate::server::types::Binary;

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
        reader: &Reader,
        stream: &StreamId,
        schema: &str,
    ) -> Result<Option<StoredSnapshot>, SnapshotError> {
        let parameters: [&(dyn ToSql + Sync); 3] = [&stream.category(), &stream.id(), &schema];
        let rows = reader.query(&self.load, &parameters).await.map_err(failed)?;
        let Some(row) = rows.first() else { return Ok(None) };
        let payload: &[u8] = row.try_get(1).map_err(|error| failed(PostgresError::Answer(error.into())))?;
        Ok(Some(StoredSnapshot {
            stream: stream.clone(),
            version: place(Some(row), 0).map_err(failed)?,
            schema: schema.to_owned(),
            payload: Bytes::copy_from_slice(payload),
        }))
    }

    pub(crate) async fn store(&self, reader: &Reader, snapshot: &StoredSnapshot) -> Result<(), SnapshotError> {
        let StoredSnapshot { stream, version, schema, payload } = snapshot;
        let version = i64::from(*version);
        let parameters: [&(dyn ToSql + Sync); 5] =
            [&stream.category(), &stream.id(), schema, &version, &Binary(payload)];
        reader.query(&self.store, &parameters).await.map(drop).map_err(failed)
    }
}

fn failed(error: PostgresError) -> SnapshotError {
    SnapshotError::Store(StoreError::from(error))
}
