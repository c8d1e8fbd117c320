//! Runs the operations on the store, and compares each answer with the model.

use es_core::{
    Append, AppendError, AppendRequest, Direction, EventName, EventStore, Expected, Filter, IdempotencyKey, NewEvent,
    Position, SchemaVersion, StoredEvent, StreamId, TakenKey, Version,
};
use es_memory::MemoryStore;
use futures_core::stream::BoxStream;
use futures_util::TryStreamExt;
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::{
    model::{Answer, Model},
    operation::{EXISTS, Key, Operation, Part, Request},
};

/// A store, its model, and the operations so far.
pub(crate) struct System {
    runtime: Runtime,
    store: MemoryStore,
    model: Model,
    /// The position of each event, in the order of the log.
    positions: Vec<Position>,
    done: Vec<Operation>,
}

impl Default for System {
    fn default() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let (store, model) = (MemoryStore::new(), Model::default());
        Self { runtime, store, model, positions: Vec::new(), done: Vec::new() }
    }
}

impl System {
    /// Runs an operation, and compares the answer with the model's.
    pub(crate) fn run(&mut self, operation: Operation) {
        let expected = self.model.answer(&operation);
        let seen = self.ask(&operation);
        self.done.push(operation);
        assert!(seen == expected, "answered {seen:?}\nexpected {expected:?}\n{}", self.as_test());
    }

    /// The operations so far, as a test.
    pub(crate) fn as_test(&self) -> String {
        let lines = self.done.iter().fold(String::new(), |lines, operation| format!("{lines}        {operation:?},\n"));
        format!("#[test]\nfn shrunk() {{\n    replay([\n{lines}    ]);\n}}\n")
    }

    fn ask(&mut self, operation: &Operation) -> Answer {
        match operation {
            Operation::Append(Request { parts, keys }) => {
                let request = keys
                    .iter()
                    .map(|key| to_key(*key))
                    .fold(AppendRequest::new(parts.iter().map(to_append)), AppendRequest::with_key);
                let answer = self.runtime.block_on(self.store.append(request));
                match answer {
                    Ok(answer) => {
                        let new = answer.iter().filter(|one| !one.repeated).flat_map(|one| one.positions.clone());
                        self.positions.extend(new);
                        let place = |position| self.positions.binary_search(position).expect("positions rise");
                        let streams = answer.iter().map(|one| {
                            (number(&one.stream), one.version.get(), one.positions.iter().map(place).collect())
                        });
                        let repeated = answer.iter().any(|one| one.repeated);
                        assert!(answer.iter().all(|one| one.repeated == repeated), "repeated or new: {answer:?}");
                        Answer::Appended { streams: streams.collect(), repeated }
                    }
                    Err(AppendError::Conflict(conflict)) => Answer::Conflict(
                        conflict
                            .violations()
                            .map(|one| Some((number(one.stream()?), one.actual()?.get(), one.ids_taken())))
                            .collect::<Option<_>>()
                            .expect("a conflict of streams"),
                    ),
                    Err(AppendError::KeyTaken(taken)) => {
                        let shown = |one: &TakenKey| {
                            let name = one.key().parse().expect("a key of the operations");
                            (name, one.outcome()[0], one.same_digest())
                        };
                        Answer::KeysTaken(taken.keys().map(shown).collect())
                    }
                    Err(AppendError::DuplicateKey { .. }) => Answer::KeyTwice,
                    Err(AppendError::DuplicateStream { .. }) => Answer::StreamTwice,
                    Err(AppendError::DuplicateEventId { .. }) => Answer::IdTwice,
                    Err(error) => panic!("{error}\n{}", self.as_test()),
                }
            }
            Operation::ReadStream { stream, from, backward, limit } => {
                let direction = if *backward { Direction::Backward } else { Direction::Forward };
                let events = self.store.read_stream(&stream_of(*stream), Version::new(*from), direction, Some(*limit));
                self.shown(events)
            }
            Operation::ReadAll { skip, category, limit } => {
                let after = skip.checked_sub(1).map(|last| self.positions.get(last).copied().unwrap_or(Position::MAX));
                let filter = category.map_or(Filter::all(), |category| Filter::all().category(category_of(category)));
                self.shown(self.store.read_all(after.unwrap_or_default().into(), &filter, Some(*limit)))
            }
        }
    }

    fn shown(&self, events: BoxStream<'_, Result<StoredEvent, es_core::ReadError>>) -> Answer {
        let events: Vec<_> = self.runtime.block_on(events.try_collect()).expect("it can be read");
        let shown = |event: &StoredEvent| {
            let id = u8::try_from(event.id.as_u128()).expect("an id of the operations");
            (number(&event.stream), event.version.get(), id)
        };
        Answer::Events(events.iter().map(shown).collect())
    }
}

fn to_append(part: &Part) -> Append {
    let expected = match part.expected {
        None => Expected::Any,
        Some(EXISTS) => Expected::Exists,
        Some(0) if part.stream.is_multiple_of(2) => Expected::NoStream,
        Some(version) => Expected::Exact(Version::new(version)),
    };
    let name = EventName::from_static("sequential").expect("a name");
    let event = |id: &u8| {
        let id = Uuid::from_u128(u128::from(*id));
        NewEvent::from_json(id, name.clone(), SchemaVersion::FIRST, "null").expect("an event")
    };
    Append::new(stream_of(part.stream), expected, part.ids.iter().map(event).collect())
}

fn to_key(Key { name, digest, outcome }: Key) -> IdempotencyKey {
    IdempotencyKey::new(name.to_string(), [digest; 32], vec![outcome]).expect("a key")
}

fn category_of(stream: u8) -> &'static str {
    ["even", "odd"][usize::from(stream % 2)]
}

fn stream_of(stream: u8) -> StreamId {
    StreamId::new(category_of(stream), stream.to_string()).expect("a stream")
}

fn number(stream: &StreamId) -> u8 {
    stream.id().parse().expect("a stream of the operations")
}
