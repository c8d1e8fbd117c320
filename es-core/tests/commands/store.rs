//! A store in a list, whose answers the tests can set.

use std::{
    future::pending,
    sync::{Arc, Mutex, MutexGuard},
};

use async_trait::async_trait;
use es_core::{
    Append, AppendError, AppendRequest, Appended, Capabilities, Checkpoint, Conflict, Direction, EventName, EventStore,
    Expected, Filter, NewEvent, Page, Position, ReadError, SchemaVersion, StoreError, StoreErrorKind, StoredEvent,
    StreamId, Timestamp, UnknownOutcome, Version, Violation,
};
use futures_core::stream::BoxStream;
use futures_util::stream;
use uuid::Uuid;

/// The incarnation of its log.
pub(crate) const INCARNATION: Uuid = Uuid::from_u128(7);

/// A store in a list. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Store {
    log: Arc<Mutex<Log>>,
}

#[derive(Debug, Default)]
struct Log {
    events: Vec<StoredEvent>,
    /// Every append that the store received, also refused ones.
    asked: Vec<Append>,
    /// How often a stream was read.
    reads: usize,
    next: Next,
}

/// How the store answers the next appends.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Next {
    #[default]
    Well,
    /// Another writer appends first, this many times.
    Overtaken(usize),
    /// The events are stored, and the answer is lost once.
    AnswerLost,
    /// The answer is lost, and the store is unavailable for this many repeats; then it takes the append.
    LostAndAway(usize),
    /// The answer is lost, nothing is stored, and another writer appends.
    LostAndOvertaken,
    /// Every answer is lost, and nothing is stored.
    Silent,
    /// The answer is lost, and the store never answers a repeat.
    LostAndHung,
    /// The store never answers.
    Hung,
    /// The answer is lost, and then the store is closed.
    LostAndClosed,
    /// The store is closed.
    Closed,
    /// The events are stored, the answer is lost, and the store refuses the repeat.
    LostAndRefused,
    /// The store refuses the append itself.
    Refused,
    /// The store is unavailable once.
    Away,
    /// The store is busy, this many times.
    Busy(usize),
    /// The answer is lost, and nothing is stored; then the store is busy, this many times.
    LostAndBusy(usize),
    /// The store is too busy to read, this many times.
    BusyToRead(usize),
    /// The store is unavailable when it is read.
    AwayToRead,
    /// The store answers with an empty list.
    NoAnswer,
}

impl Store {
    pub(crate) fn next(&self, next: Next) {
        self.log().next = next;
    }

    /// Every event of the stream `series/id`.
    pub(crate) fn events(&self, id: &str) -> Vec<StoredEvent> {
        self.log().events.iter().filter(|event| event.stream.id() == id).cloned().collect()
    }

    /// Every append that the store received.
    pub(crate) fn asked(&self) -> Vec<Append> {
        self.log().asked.clone()
    }

    /// How often a stream was read.
    pub(crate) fn reads(&self) -> usize {
        self.log().reads
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().expect("no test panics under the lock")
    }
}

/// The recorded time of the event at this position.
pub(crate) fn time(position: u64) -> Timestamp {
    Timestamp::from_micros(1_000_000 * i64::try_from(position).expect("few events")).expect("early enough")
}

impl Log {
    fn of(&self, stream: &StreamId) -> impl Iterator<Item = &StoredEvent> {
        self.events.iter().filter(move |event| event.stream == *stream)
    }

    fn version(&self, stream: &StreamId) -> Version {
        self.of(stream).last().map_or(Version::NONE, |event| event.version)
    }

    /// Positions are 10, 20, 30 …; the events of an append are recorded at the time of the first.
    fn store(&mut self, stream: &StreamId, events: Vec<NewEvent>) {
        let recorded_at = time(self.events.len() as u64 * 10 + 10);
        for event in events {
            let version = self.version(stream).plus(1);
            let position = Position::new(self.events.len() as u64 * 10 + 10);
            self.events.push(event.into_stored(stream.clone(), version, position, recorded_at));
        }
    }

    fn append(&mut self, append: Append) -> Result<Appended, AppendError> {
        self.asked.push(append.clone());
        match self.next {
            Next::Overtaken(times @ 1..) => {
                self.next = Next::Overtaken(times - 1);
                self.store(&append.stream, vec![foreign()]);
            }
            Next::Away => {
                self.next = Next::Well;
                return Err(AppendError::Store(away()));
            }
            Next::Busy(left @ 1..) => {
                self.next = Next::Busy(left - 1);
                return Err(AppendError::Store(busy()));
            }
            Next::LostAndBusy(left) => {
                self.next = Next::Busy(left);
                return Err(UnknownOutcome::new(append, lost()).into());
            }
            Next::LostAndAway(0) => self.next = Next::Well,
            Next::LostAndAway(left) => {
                self.next = Next::LostAndAway(left - 1);
                let again = self.asked.iter().filter(|asked| **asked == append).count() > 1;
                return Err(if again {
                    AppendError::Store(away())
                } else {
                    UnknownOutcome::new(append, lost()).into()
                });
            }
            Next::LostAndOvertaken => {
                self.next = Next::Well;
                self.store(&append.stream, vec![foreign()]);
                return Err(UnknownOutcome::new(append, lost()).into());
            }
            Next::LostAndHung => {
                self.next = Next::Hung;
                return Err(UnknownOutcome::new(append, lost()).into());
            }
            Next::LostAndClosed => {
                self.next = Next::Closed;
                return Err(UnknownOutcome::new(append, lost()).into());
            }
            Next::LostAndRefused => {
                self.next = Next::Refused;
                self.store(&append.stream, append.events.clone());
                return Err(UnknownOutcome::new(append, lost()).into());
            }
            Next::Refused => return Err(AppendError::DuplicateStream { stream: append.stream }),
            Next::Closed => return Err(AppendError::Store(StoreError::new(StoreErrorKind::Closed, "it is closed"))),
            Next::Silent => return Err(UnknownOutcome::new(append, lost()).into()),
            Next::AnswerLost => {
                self.next = Next::Well;
                self.store(&append.stream, append.events.clone());
                return Err(UnknownOutcome::new(append, lost()).into());
            }
            _ => {}
        }
        let Append { stream, expected, events, .. } = append;
        let ids: Vec<Uuid> = events.iter().map(NewEvent::id).collect();
        let repeated = self.events.iter().any(|event| ids.contains(&event.id));
        let actual = self.version(&stream);
        if !repeated && !(matches!(expected, Expected::Exact(version) if version == actual)) {
            return Err(Conflict::new(Violation::of_stream(stream, expected, actual)).into());
        }
        if !repeated {
            self.store(&stream, events);
        }
        let stored: Vec<_> = self.of(&stream).filter(|event| ids.contains(&event.id)).collect();
        let positions = stored.iter().map(|event| event.position).collect();
        let appended = match stored.last() {
            Some(last) => Appended::new(stream.clone(), last.version, positions, last.recorded_at),
            None => Appended::assertion(stream.clone(), actual),
        };
        Ok(appended.with_repeated(repeated).with_incarnation(INCARNATION))
    }
}

fn away() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "the store is away")
}

fn lost() -> StoreError {
    StoreError::new(StoreErrorKind::TimedOut, "no answer")
}

fn busy() -> StoreError {
    StoreError::new(StoreErrorKind::Busy, "too much is asked at once")
}

fn foreign() -> NewEvent {
    let name = EventName::from_static("series.measured").expect("a name");
    NewEvent::from_json(Uuid::now_v7(), name, SchemaVersion::FIRST, r#"{"value":100.0}"#).expect("an event")
}

#[async_trait]
impl EventStore for Store {
    async fn append(&self, request: AppendRequest) -> Result<Vec<Appended>, AppendError> {
        let next = self.log().next;
        match next {
            Next::NoAnswer => Ok(Vec::new()),
            Next::Hung => pending().await,
            _ => request.into_appends()?.into_iter().map(|append| self.log().append(append)).collect(),
        }
    }

    fn read_stream(
        &self,
        stream: &StreamId,
        from: Version,
        direction: Direction,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<StoredEvent, ReadError>> {
        assert_eq!((from, direction, limit), (Version::FIRST, Direction::Forward, None), "a load reads all, in order");
        let mut log = self.log();
        log.reads += 1;
        if let Next::BusyToRead(left @ 1..) = log.next {
            log.next = Next::BusyToRead(left - 1);
            return Box::pin(stream::iter([Err(ReadError::Store(busy()))]));
        }
        if matches!(log.next, Next::AwayToRead) {
            log.next = Next::Well;
            return Box::pin(stream::iter([Err(ReadError::Store(away()))]));
        }
        let events: Vec<_> = log.of(stream).cloned().map(Ok).collect();
        Box::pin(stream::iter(events))
    }

    fn read_pages(
        &self,
        _: Checkpoint,
        _: Direction,
        _: &Filter,
        _: Option<usize>,
    ) -> BoxStream<'_, Result<Page, ReadError>> {
        Box::pin(stream::iter([Err(ReadError::Store(StoreError::new(
            StoreErrorKind::Other,
            "nobody reads the whole log here",
        )))]))
    }

    async fn frontier(&self) -> Result<Checkpoint, ReadError> {
        Err(ReadError::Store(StoreError::new(StoreErrorKind::Other, "nobody asks for the frontier here")))
    }

    fn capabilities(&self) -> Capabilities<'_> {
        Capabilities { read_models: None, snapshots: None }
    }
}
