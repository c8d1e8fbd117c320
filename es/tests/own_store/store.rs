//! A store that keeps its log in a vector, and what the contract needs to make one.

use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use es::{
    Append, AppendError, Appended, Conflict, Direction, EventStore, Expected, Filter, NewEvent, Position, ReadError,
    StoreError, StoredEvent, StreamId, Timestamp, Version, Violation, limits,
};
use es_contract::{Factory, FreshStore};
use futures_util::{
    StreamExt,
    future::ready,
    stream::{self, BoxStream},
};
use uuid::Uuid;

/// A store that keeps its log in a vector. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct OwnStore {
    log: Arc<Mutex<Log>>,
}

#[derive(Debug, Default)]
struct Log {
    /// The event at `[i]` has position `i + 1`.
    events: Vec<StoredEvent>,
    /// For each stream the indexes of its events; the one at `[i]` has version `i + 1`.
    streams: HashMap<StreamId, Vec<usize>>,
    /// The index of each event, and on the first of those that came together to a stream how many they are.
    ids: HashMap<Uuid, (usize, usize)>,
    /// Each open reader holds a clone of it.
    open: Arc<()>,
}

#[async_trait::async_trait]
impl EventStore for OwnStore {
    async fn append(&self, appends: Vec<Append>) -> Result<Vec<Appended>, AppendError> {
        limits::check(&appends)?; // typed errors, before anything is touched
        let mut log = self.log(); // one lock over verdict and execution: no write skew, nothing half done
        let known = |append: &Append| append.events.iter().any(|event| log.ids.contains_key(&event.id()));
        if appends.iter().any(known) && appends.iter().all(|append| append.events.is_empty() || log.repeats(append)) {
            return Ok(appends.iter().map(|append| log.answer(append, true)).collect());
        }
        let violations = appends.iter().filter_map(|Append { stream, expected, .. }| {
            let (stream, expected, actual) = (stream.clone(), *expected, log.version(stream));
            let ids_taken = appends.iter().any(|append| append.stream == stream && known(append));
            (ids_taken || !expected.holds(actual)).then_some(Violation { stream, expected, actual, ids_taken })
        });
        if let Some(conflict) = Conflict::from_all(violations) {
            return Err(conflict.into());
        }
        let now = Timestamp::now();
        for append in &appends {
            log.store(append, now);
        }
        Ok(appends.iter().map(|append| log.answer(append, false)).collect())
    }

    fn read_stream(
        &self,
        stream: &StreamId,
        from: Version,
        direction: Direction,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<StoredEvent, ReadError>> {
        let (stream, mut at) = (stream.clone(), from.get());
        self.reader(limit, move |log| {
            at = match direction {
                Direction::Forward => at.max(1) + 1,
                Direction::Backward => at.min(log.version(&stream).get()).checked_sub(1)?,
            };
            let index = if direction == Direction::Forward { at - 2 } else { at };
            let index = log.streams.get(&stream)?.get(usize::try_from(index).ok()?)?;
            Some(log.events[*index].clone())
        })
    }

    fn read_all(
        &self,
        after: Position,
        filter: &Filter,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<StoredEvent, ReadError>> {
        if let Err(error) = limits::check_filter(filter) {
            return stream::once(ready(Err(error.into()))).boxed();
        }
        let (filter, mut at) = (filter.clone(), usize::try_from(after.get()).unwrap_or(usize::MAX));
        self.reader(limit, move |log| {
            let rest = log.events.get(at..)?;
            let ahead = rest.iter().position(|event| filter.accepts(event.stream.category(), &event.name))?;
            at += ahead + 1;
            Some(rest[ahead].clone())
        })
    }

    async fn frontier(&self) -> Result<Position, ReadError> {
        Ok(Position::new(self.log().events.len() as u64)) // whole appends alone are in the log
    }
}

impl OwnStore {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads one event at a time, so that a slow reader holds neither the lock nor memory.
    fn reader(
        &self,
        limit: Option<usize>,
        next: impl FnMut(&Log) -> Option<StoredEvent> + Send + 'static,
    ) -> BoxStream<'_, Result<StoredEvent, ReadError>> {
        let open = Arc::clone(&self.log().open);
        stream::unfold((open, next), move |(open, mut next)| async move {
            let event = next(&self.log())?;
            Some((Ok(event), (open, next)))
        })
        .take(limit.unwrap_or(usize::MAX))
        .boxed()
    }
}

impl Log {
    fn version(&self, stream: &StreamId) -> Version {
        Version::new(self.streams.get(stream).map_or(0, Vec::len) as u64)
    }

    fn event(&self, new: &NewEvent) -> Option<&StoredEvent> {
        self.ids.get(&new.id()).map(|(index, _)| &self.events[*index])
    }

    /// Whether this very append is there already, at the place where it would go.
    fn repeats(&self, append: &Append) -> bool {
        let Some((index, together)) = append.events.first().and_then(|first| self.ids.get(&first.id())) else {
            return false;
        };
        let start = self.events[*index].version;
        *together == append.events.len()
            && append.expected.version().is_none_or(|expected| expected.plus(1) == start)
            && (0..).zip(&append.events).all(|(number, new)| {
                let same = |event: &StoredEvent| event.stream == append.stream && event.version == start.plus(number);
                self.event(new).is_some_and(same)
            })
    }

    fn store(&mut self, Append { stream, events, .. }: &Append, now: Timestamp) {
        let mut together = events.len();
        for new in events {
            let (index, version) = (self.events.len(), self.version(stream).plus(1));
            let of_stream = self.streams.entry(stream.clone()).or_default();
            let before = of_stream.last().map(|last| self.events[*last].recorded_at);
            of_stream.push(index);
            self.ids.insert(new.id(), (index, mem::take(&mut together)));
            let recorded_at = before.map_or(now, |before| now.max(before)); // clocks go back, streams do not
            let position = Position::new(index as u64 + 1);
            self.events.push(new.clone().into_stored(stream.clone(), version, position, recorded_at));
        }
    }

    fn answer(&self, append: &Append, repeated: bool) -> Appended {
        let events: Vec<_> = append.events.iter().filter_map(|new| self.event(new)).collect();
        let found = match append.expected {
            Expected::Any | Expected::Exists => self.version(&append.stream),
            Expected::NoStream => Version::NONE,
            Expected::Exact(version) => version,
        };
        Appended {
            stream: append.stream.clone(),
            version: events.last().map_or(found, |last| last.version),
            positions: events.iter().map(|event| event.position).collect(),
            recorded_at: events.last().map(|last| last.recorded_at),
            repeated,
        }
    }
}

/// Makes stores for the contract.
#[derive(Debug)]
pub struct OwnStores;

#[async_trait::async_trait]
impl Factory for OwnStores {
    async fn fresh(&self) -> Result<Box<dyn FreshStore>, StoreError> {
        Ok(Box::new(OwnStore::default()))
    }
}

#[async_trait::async_trait]
impl FreshStore for OwnStore {
    async fn handle(&self) -> Result<Arc<dyn EventStore>, StoreError> {
        Ok(Arc::new(self.clone()))
    }

    fn open_readers(&self) -> usize {
        Arc::strong_count(&self.log().open) - 1
    }

    async fn put_clock_back(&self, by: Duration) -> Result<(), StoreError> {
        for event in &mut self.log().events {
            let ahead = event.recorded_at.as_micros() + i64::try_from(by.as_micros())?;
            event.recorded_at = Timestamp::from_micros(ahead).ok_or("there is no such time")?;
        }
        Ok(())
    }
}
