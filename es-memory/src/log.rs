//! The log: every event in the order of its position, and where to find them.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

use es_core::{Checkpoint, Position, StoredEvent, StoredSnapshot, StreamId, Version};
use uuid::Uuid;

use crate::events::Events;

/// Everything that is stored. The event at `events[i]` has position `i + 1`.
#[derive(Debug)]
pub(crate) struct Log {
    /// Tells this log from every other one, also of the same program after a restart.
    pub(crate) incarnation: Uuid,
    pub(crate) events: Events,
    /// The index of each event of a stream; the event at `[i]` has version `i + 1`.
    pub(crate) streams: HashMap<StreamId, Vec<usize>>,
    /// Where each event is, by its id.
    pub(crate) ids: HashMap<Uuid, Place, BuildHasherDefault<IdHasher>>,
    /// The newest snapshot of each stream and schema.
    pub(crate) snapshots: HashMap<(StreamId, String), StoredSnapshot>,
}

/// Where an event is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) index: usize,
    /// How many events its append put into its stream, if it is the first of them; 0 otherwise.
    pub(crate) together: usize,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            incarnation: Uuid::now_v7(),
            events: Events::default(),
            streams: HashMap::default(),
            ids: HashMap::default(),
            snapshots: HashMap::default(),
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
        self.ids.get(&id).map(|place| &self.events[place.index])
    }
}

/// Hashes event ids, which are random for the most part already.
#[derive(Debug, Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            // An odd factor from the golden ratio spreads ids that are counted, too.
            self.0 = (self.0.rotate_left(29) ^ u64::from_le_bytes(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
    }

    fn finish(&self) -> u64 {
        self.0.rotate_left(32)
    }
}
