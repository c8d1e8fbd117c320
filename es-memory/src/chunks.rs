//! Holds every event in chunks of a fixed size, so that a growing log moves none of them.

use std::ops::Index;

use es_core::StoredEvent;

/// How many events a chunk holds.
const CHUNK: usize = 256;

/// The events of the log, by index. With a single `Vec` some appends would move all of them.
#[derive(Debug, Default)]
pub(crate) struct Chunks {
    /// All but the last are full.
    chunks: Vec<Vec<StoredEvent>>,
}

impl Chunks {
    pub(crate) fn len(&self) -> usize {
        self.chunks.last().map_or(0, |last| (self.chunks.len() - 1) * CHUNK + last.len())
    }

    pub(crate) fn push(&mut self, event: StoredEvent) {
        match self.chunks.last_mut() {
            Some(last) if last.len() < CHUNK => last.push(event),
            _ => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(event);
                self.chunks.push(chunk);
            }
        }
    }

    /// Gives the events from `index`.
    pub(crate) fn from(&self, index: usize) -> impl Iterator<Item = &StoredEvent> {
        self.chunks.iter().skip(index / CHUNK).flatten().skip(index % CHUNK)
    }

    /// Gives the events below `index`, the last one first.
    pub(crate) fn back_from(&self, index: usize) -> impl Iterator<Item = &StoredEvent> {
        (0..index.min(self.len())).rev().map(|index| &self[index])
    }
}

impl Index<usize> for Chunks {
    type Output = StoredEvent;

    fn index(&self, index: usize) -> &StoredEvent {
        &self.chunks[index / CHUNK][index % CHUNK]
    }
}

#[cfg(test)]
mod tests {
    use es_core::{EventName, NewEvent, Position, SchemaVersion, StreamId, Timestamp, Version};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn events_are_found_in_every_chunk() {
        let stream = StreamId::new("account", "1").expect("a name");
        let name = EventName::from_static("account.moved").expect("a name");
        let mut events = Chunks::default();
        for number in 0..=2 * CHUNK {
            assert_eq!(events.len(), number);
            let event = NewEvent::from_json(Uuid::now_v7(), name.clone(), SchemaVersion::FIRST, "1").expect("an event");
            let number = number as u64;
            events.push(event.into_stored(
                stream.clone(),
                Version::new(number),
                Position::new(number),
                Timestamp::UNIX_EPOCH,
            ));
        }
        for start in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 1, 5 * CHUNK] {
            let positions: Vec<_> = events.from(start).map(|event| event.position.get()).collect();
            assert_eq!(positions, (start as u64..=2 * CHUNK as u64).collect::<Vec<_>>(), "from {start}");
        }
        assert!((0..events.len()).all(|index| events[index].position == index as u64));
        assert!(events.chunks.iter().all(|chunk| chunk.capacity() == CHUNK), "a chunk is never moved");
    }
}
