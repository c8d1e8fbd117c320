//! Every event, in chunks of a fixed size: a log that grows moves none of them.

use std::ops::Index;

use es_core::StoredEvent;

/// How many events a chunk has room for.
const CHUNK: usize = 256;

/// The events of the log, by their index. In one `Vec` an append would now and then move all of them.
#[derive(Debug, Default)]
pub(crate) struct Chunks {
    /// All are full but the last.
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

    /// The events from `index` on.
    pub(crate) fn from(&self, index: usize) -> impl Iterator<Item = &StoredEvent> {
        self.chunks.iter().skip(index / CHUNK).flatten().skip(index % CHUNK)
    }

    /// The events below `index`, the last one first.
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
    fn an_event_is_found_in_every_part() {
        let stream = StreamId::new("account", "1").expect("a name");
        let name = EventName::from_static("account.moved").expect("a name");
        let mut events = Chunks::default();
        for number in 0..=2 * CHUNK {
            assert_eq!(events.len(), number);
            let event = NewEvent::from_json(Uuid::now_v7(), name.clone(), SchemaVersion::FIRST, "1").expect("an event");
            let place = number as u64;
            events.push(event.into_stored(
                stream.clone(),
                Version::new(place),
                Position::new(place),
                Timestamp::UNIX_EPOCH,
            ));
        }
        for start in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 1, 5 * CHUNK] {
            let places: Vec<_> = events.from(start).map(|event| event.position.get()).collect();
            assert_eq!(places, (start as u64..=2 * CHUNK as u64).collect::<Vec<_>>(), "from {start}");
        }
        assert!((0..events.len()).all(|index| events[index].position == index as u64));
        assert!(events.chunks.iter().all(|chunk| chunk.capacity() == CHUNK), "a chunk is never moved");
    }
}
