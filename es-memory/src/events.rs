//! Every event, in parts of a fixed size: a log that grows moves none of them.

use std::ops::Index;

use es_core::StoredEvent;

/// How many events a part has room for.
const PART: usize = 256;

/// The events of the log, by their index. In one `Vec` an append would now and then move all of them.
#[derive(Debug, Default)]
pub(crate) struct Events {
    /// All are full but the last.
    parts: Vec<Vec<StoredEvent>>,
}

impl Events {
    pub(crate) fn len(&self) -> usize {
        self.parts.last().map_or(0, |last| (self.parts.len() - 1) * PART + last.len())
    }

    pub(crate) fn push(&mut self, event: StoredEvent) {
        match self.parts.last_mut() {
            Some(last) if last.len() < PART => last.push(event),
            _ => {
                let mut part = Vec::with_capacity(PART);
                part.push(event);
                self.parts.push(part);
            }
        }
    }

    /// The events from `index` on.
    pub(crate) fn from(&self, index: usize) -> impl Iterator<Item = &StoredEvent> {
        self.parts.iter().skip(index / PART).flatten().skip(index % PART)
    }

    /// The events below `index`, the last one first.
    pub(crate) fn back_from(&self, index: usize) -> impl Iterator<Item = &StoredEvent> {
        (0..index.min(self.len())).rev().map(|index| &self[index])
    }
}

impl Index<usize> for Events {
    type Output = StoredEvent;

    fn index(&self, index: usize) -> &StoredEvent {
        &self.parts[index / PART][index % PART]
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
        let mut events = Events::default();
        for number in 0..=2 * PART {
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
        for start in [0, 1, PART - 1, PART, PART + 1, 2 * PART, 2 * PART + 1, 5 * PART] {
            let places: Vec<_> = events.from(start).map(|event| event.position.get()).collect();
            assert_eq!(places, (start as u64..=2 * PART as u64).collect::<Vec<_>>(), "from {start}");
        }
        assert!((0..events.len()).all(|index| events[index].position == index as u64));
        assert!(events.parts.iter().all(|part| part.capacity() == PART), "a part is never moved");
    }
}
