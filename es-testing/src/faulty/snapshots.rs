//! Snapshots that fail on purpose.

use async_trait::async_trait;
use es_core::{AsOf, EventStore, SnapshotError, Snapshots, StoreError, StoreErrorKind, StoredSnapshot, StreamId};

use super::FaultyStore;

impl<S: EventStore> FaultyStore<S> {
    /// The snapshots of the inner store. [`EventStore::capabilities`] offers them only where there are any.
    fn inner_snapshots(&self) -> Result<&dyn Snapshots, SnapshotError> {
        self.store.snapshots().ok_or_else(|| {
            SnapshotError::Store(StoreError::new(StoreErrorKind::Misconfigured, "the inner store keeps no snapshots"))
        })
    }
}

/// Finding a snapshot fails with the chance of [`read_errors`](FaultyStore::read_errors), storing one with the chances of an append.
/// If the answer is lost, the snapshot may be stored or not.
#[async_trait]
impl<S: EventStore> Snapshots for FaultyStore<S> {
    async fn nearest(
        &self,
        stream: &StreamId,
        schema: &str,
        at: AsOf,
    ) -> Result<Option<StoredSnapshot>, SnapshotError> {
        let finding = self.inner_snapshots()?.nearest(stream, schema, at);
        self.reading("the snapshot", finding, SnapshotError::Store).await
    }

    async fn store(&self, snapshot: StoredSnapshot) -> Result<(), SnapshotError> {
        let storing = self.inner_snapshots()?.store(snapshot);
        self.writing("the snapshot", storing, SnapshotError::Store).await
    }
}
