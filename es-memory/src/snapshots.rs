//! Keeps snapshots.

use std::collections::{BTreeMap, HashMap, btree_map::Entry};

use async_trait::async_trait;
use es_core::{AsOf, SnapshotError, Snapshots, StoredSnapshot, StreamId, Version, limits};

use crate::{MemoryStore, log::Log};

/// The snapshots of each stream and schema, by their versions.
pub(crate) type SnapshotMap = HashMap<StreamId, HashMap<String, BTreeMap<Version, StoredSnapshot>>>;

#[async_trait]
impl Snapshots for MemoryStore {
    async fn nearest(
        &self,
        stream: &StreamId,
        schema: &str,
        at: AsOf,
    ) -> Result<Option<StoredSnapshot>, SnapshotError> {
        limits::check_snapshot_schema(schema)?;
        let log = self.shared.read();
        let kept = log.snapshots.get(stream).and_then(|of_stream| of_stream.get(schema));
        let reaches = |one: &&StoredSnapshot| at.includes(one.version, one.position, one.recorded_at);
        Ok(kept.and_then(|kept| kept.values().rfind(reaches)).cloned())
    }

    async fn store(&self, snapshot: StoredSnapshot) -> Result<(), SnapshotError> {
        limits::check_snapshot_schema(&snapshot.schema)?;
        let mut log = self.shared.write();
        // Checked once: this store never loses an event, so the snapshot stays valid.
        if !is_of_an_event(&log, &snapshot) {
            return Err(snapshot.no_such_event());
        }
        let of_stream = log.snapshots.entry(snapshot.stream.clone()).or_default();
        if let Entry::Vacant(place) = of_stream.entry(snapshot.schema.clone()).or_default().entry(snapshot.version) {
            place.insert(snapshot);
        }
        Ok(())
    }
}

fn is_of_an_event(log: &Log, snapshot: &StoredSnapshot) -> bool {
    let index = snapshot.version.get().checked_sub(1).and_then(|index| usize::try_from(index).ok());
    let found = index.and_then(|index| log.streams.get(&snapshot.stream)?.get(index));
    found.is_some_and(|index| {
        let event = &log.events[*index];
        (event.position, event.recorded_at) == (snapshot.position, snapshot.recorded_at)
    })
}
