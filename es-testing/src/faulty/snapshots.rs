//! Snapshots that fail on purpose.

use async_trait::async_trait;
use es_core::{AsOf, EventStore, SnapshotError, Snapshots, StoreError, StoreErrorKind, StoredSnapshot, StreamId};

use super::{FaultyStore, on_purpose};
use crate::drop_after::DropAfter;

impl<S: EventStore> FaultyStore<S> {
    /// The snapshots of the inner store. [`EventStore::capabilities`] offers them only where there are any.
    fn inside(&self) -> Result<&dyn Snapshots, SnapshotError> {
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
        let inside = self.inside()?;
        self.pause().await;
        if self.dice.hits(self.chances.read_errors) {
            return Err(SnapshotError::Store(on_purpose("the snapshot was not read")));
        }
        let found = inside.nearest(stream, schema, at).await?;
        self.pause().await;
        Ok(found)
    }

    async fn store(&self, snapshot: StoredSnapshot) -> Result<(), SnapshotError> {
        let inside = self.inside()?;
        self.pause().await;
        if self.dice.hits(self.chances.errors_before) {
            return Err(SnapshotError::Store(on_purpose("the snapshot was not sent")));
        }
        if self.dice.hits(self.chances.busy) {
            return Err(SnapshotError::Store(StoreError::new(StoreErrorKind::Busy, "the store is busy, on purpose")));
        }
        let lost = |what| Err(SnapshotError::Store(on_purpose(what)));
        if self.dice.hits(self.chances.cancellations) {
            let points = usize::try_from(self.dice.below(4)).unwrap_or_default();
            drop(DropAfter::new(inside.store(snapshot), points).await);
            return lost("storing the snapshot was cancelled");
        }
        inside.store(snapshot).await?;
        self.pause().await;
        if self.dice.hits(self.chances.lost_answers) { lost("the answer was lost") } else { Ok(()) }
    }
}
