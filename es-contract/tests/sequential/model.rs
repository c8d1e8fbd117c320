//! The model: what a store must answer to one caller, in a hundred lines.

use std::collections::HashSet;

use crate::operation::{EXISTS, Key, Operation, Part, Request};

/// Every event, in the order of the log.
#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    events: Vec<Event>,
    /// Every key that was taken, and the first event that came with it.
    keys: Vec<(Key, Option<u8>)>,
    /// Every append that was sent.
    pub(crate) sent: Vec<Request>,
}

#[derive(Clone, Debug, PartialEq)]
struct Event {
    stream: u8,
    version: u64,
    id: u8,
    /// The number of the append that it was in.
    append: usize,
}

/// An answer; an event is named by its id, and its place in the log by its index.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    /// For each stream its version and the places of its events.
    Appended {
        streams: Vec<(u8, u64, Vec<usize>)>,
        repeated: bool,
    },
    /// For each stream in conflict its version, and whether ids of it are taken.
    Conflict(Vec<(u8, u64, bool)>),
    /// For each key that is taken its first outcome, and whether the digest is the same.
    KeysTaken(Vec<(u8, u8, bool)>),
    StreamTwice,
    IdTwice,
    KeyTwice,
    /// Stream, version and id.
    Events(Vec<(u8, u64, u8)>),
}

impl Model {
    pub(crate) fn version(&self, stream: u8) -> u64 {
        self.events.iter().filter(|event| event.stream == stream).count() as u64
    }

    pub(crate) fn answer(&mut self, operation: &Operation) -> Answer {
        match operation {
            Operation::Append(request) => {
                self.sent.push(request.clone());
                self.append(request)
            }
            Operation::ReadStream { stream, from, backward, limit } => {
                let of_stream = self.events.iter().filter(|event| event.stream == *stream);
                let mut events: Vec<_> = of_stream
                    .filter(|event| if *backward { event.version <= *from } else { event.version >= *from })
                    .collect();
                if *backward {
                    events.reverse();
                }
                shown(events.into_iter().take(*limit))
            }
            Operation::ReadAll { skip, category, limit } => {
                let accepted = |event: &&Event| category.is_none_or(|category| event.stream % 2 == category);
                shown(self.events.iter().skip(*skip).filter(accepted).take(*limit))
            }
        }
    }

    fn append(&mut self, Request { parts, keys }: &Request) -> Answer {
        let mut seen = (HashSet::new(), HashSet::new(), HashSet::new());
        for part in parts {
            if !seen.0.insert(part.stream) {
                return Answer::StreamTwice;
            }
            if part.ids.iter().any(|id| !seen.1.insert(*id)) {
                return Answer::IdTwice;
            }
        }
        if keys.iter().any(|key| !seen.2.insert(key.name)) {
            return Answer::KeyTwice;
        }
        let taken = |part: &Part| part.ids.iter().any(|id| self.place(*id).is_some());
        let with_it = |key: &Key| {
            let of_it = |first: &u8| parts.iter().any(|part| part.ids.contains(first));
            self.keys.iter().any(|(held, first)| held == key && first.as_ref().is_some_and(of_it))
        };
        let repeated = parts.iter().any(taken)
            && parts.iter().all(|part| part.ids.is_empty() || self.repeats(part))
            && keys.iter().all(with_it);
        let held = |key: &Key| {
            let (held, _) = self.keys.iter().find(|(held, _)| held.name == key.name)?;
            Some((key.name, held.outcome, held.digest == key.digest))
        };
        let keys_taken: Vec<_> = keys.iter().filter_map(held).collect();
        if !repeated && !keys_taken.is_empty() {
            return Answer::KeysTaken(keys_taken);
        }
        let conflict = |part: &&Part| taken(part) || !holds(part.expected, self.version(part.stream));
        let conflicts: Vec<_> = parts.iter().filter(conflict).collect();
        if !repeated && !conflicts.is_empty() {
            let violation = |part: &&Part| (part.stream, self.version(part.stream), taken(part));
            return Answer::Conflict(conflicts.iter().map(violation).collect());
        }
        let append = self.sent.len();
        if !repeated {
            let first = parts.iter().flat_map(|part| &part.ids).next().copied();
            self.keys.extend(keys.iter().map(|key| (*key, first)));
        }
        for part in parts.iter().filter(|_| !repeated) {
            for id in &part.ids {
                let (stream, version) = (part.stream, self.version(part.stream) + 1);
                self.events.push(Event { stream, version, id: *id, append });
            }
        }
        let answer = |part: &Part| {
            let places: Vec<_> = part.ids.iter().filter_map(|id| self.place(*id)).collect();
            let found = match part.expected {
                Some(version) if repeated && version != EXISTS => version,
                _ => self.version(part.stream),
            };
            (part.stream, places.last().map_or(found, |place| self.events[*place].version), places)
        };
        Answer::Appended { streams: parts.iter().map(answer).collect(), repeated }
    }

    fn place(&self, id: u8) -> Option<usize> {
        self.events.iter().position(|event| event.id == id)
    }

    /// Whether an earlier append put exactly `part` into the stream, at the same place.
    fn repeats(&self, part: &Part) -> bool {
        let Some(first) = self.place(part.ids[0]).map(|place| &self.events[place]) else { return false };
        let together = self.events.iter().filter(|event| event.append == first.append && event.stream == part.stream);
        together.map(|event| event.id).eq(part.ids.iter().copied())
            && part.expected.is_none_or(|expected| expected == EXISTS || expected + 1 == first.version)
    }
}

fn holds(expected: Option<u64>, version: u64) -> bool {
    expected.is_none_or(|expected| if expected == EXISTS { version > 0 } else { expected == version })
}

fn shown<'a>(events: impl IntoIterator<Item = &'a Event>) -> Answer {
    Answer::Events(events.into_iter().map(|event| (event.stream, event.version, event.id)).collect())
}
