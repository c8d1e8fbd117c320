//! The log: every event in the order of its position, with its indexes.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

use es_core::{Checkpoint, IdempotencyKey, Position, StoredEvent, StreamId, Version};
use uuid::Uuid;

use crate::{chunks::Chunks, snapshots::SnapshotMap};

/// Everything that is stored. The event at `events[i]` has position `i + 1`.
#[derive(Debug)]
pub(crate) struct Log {
    /// Differs from that of every other log, also of the same program after a restart.
    pub(crate) incarnation: Uuid,
    pub(crate) events: Chunks,
    /// The indexes of the events of each stream; the event at `[i]` has version `i + 1`.
    pub(crate) streams: HashMap<StreamId, Vec<usize>>,
    /// The location of each event, by its id.
    pub(crate) ids: HashMap<Uuid, Location, BuildHasherDefault<IdHasher>>,
    /// The idempotency keys that were taken.
    pub(crate) keys: HashMap<String, Key>,
    pub(crate) snapshots: SnapshotMap,
}

/// The location of an event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Location {
    pub(crate) index: usize,
    /// How many events its append added to its stream, if it is the first of them; 0 otherwise.
    pub(crate) together: usize,
}

/// An idempotency key that was taken.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) key: IdempotencyKey,
    /// The first event of the append that took it.
    pub(crate) event: Option<Uuid>,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            incarnation: Uuid::now_v7(),
            events: Chunks::default(),
            streams: HashMap::default(),
            ids: HashMap::default(),
            keys: HashMap::default(),
            snapshots: SnapshotMap::default(),
        }
    }
}

impl Log {
    pub(crate) fn version(&self, stream: &StreamId) -> Version {
        Version::new(self.streams.get(stream).map_or(0, Vec::len) as u64)
    }

    pub(crate) fn frontier(&self) -> Checkpoint {
        Checkpoint::new(self.incarnation, Position::new(self.events.len() as u64))
    }

    pub(crate) fn event(&self, id: Uuid) -> Option<&StoredEvent> {
        self.ids.get(&id).map(|location| &self.events[location.index])
    }
}

/// An odd factor from the golden ratio.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// Hashes event ids, which are mostly random, or sequential numbers.
#[derive(Debug, Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0 = (self.0.rotate_left(29) ^ u64::from_le_bytes(word)).wrapping_mul(SPREAD);
        }
    }

    fn finish(&self) -> u64 {
        // Sequential ids differ in their last bytes, which by now only the highest bits depend on.
        (self.0 ^ (self.0 >> 32)).wrapping_mul(SPREAD).rotate_left(32)
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, hash::BuildHasher};

    use super::*;

    #[test]
    fn ids_that_differ_in_a_few_bits_have_different_hashes() {
        let spread = BuildHasherDefault::<IdHasher>::default();
        for shift in (0..=116).step_by(4) {
            for rest in [0, u128::MAX, 0x0192_3456_789a_7bcd_8ef0_1234_5678_9abc] {
                let ids = (0..4096).map(|number| Uuid::from_u128(rest ^ (number << shift)));
                let hashes: HashSet<u64> = ids.map(|id| spread.hash_one(id)).collect();
                assert_eq!(hashes.len(), 4096, "bits {shift} and up of {rest:x}");
                // A hash table finds an id by the lowest bits of its hash and compares the highest.
                let low: HashSet<u64> = hashes.iter().map(|hash| hash % 4096).collect();
                let high: HashSet<u64> = hashes.iter().map(|hash| hash >> 57).collect();
                assert!(low.len() > 1500 && high.len() > 90, "bits {shift} and up of {rest:x}");
            }
        }
    }
}
