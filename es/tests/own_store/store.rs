//! A store that keeps its log in a vector, and what the contract needs to make one.

use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use es::store::{
    Append, AppendError, AppendRequest, Appended, Capabilities, Checkpoint, Direction, EventStore, Expected, Filter,
    Known, KnownEvent, KnownKey, NewEvent, Page, Position, ReadError, StoredEvent, StreamId, Timestamp, Verdict,
    Version, limits,
};
use es_contract::{Factory, FreshStore};
use futures_util::{
    StreamExt,
    future::ready,
    stream::{self, BoxStream},
};
use uuid::Uuid;

/// A store that keeps its log in a vector. Clones share it.
#[derive(Clone, Debug)]
pub struct OwnStore {
    log: Arc<Mutex<Log>>,
}

#[derive(Debug)]
struct Log {
    /// The event at `[i]` has position `i + 1`.
    events: Vec<StoredEvent>,
    /// The indexes of the events of each stream; the one at `[i]` has version `i + 1`.
    streams: HashMap<StreamId, Vec<usize>>,
    /// The index of each event; for the first event of an append to a stream also the number of events in it.
    ids: HashMap<Uuid, (usize, usize)>,
    /// The incarnation of this log: positions of another one mean nothing here.
    incarnation: Uuid,
    /// Each open reader holds a clone, so that the contract can count them.
    open: Arc<()>,
}

impl Default for OwnStore {
    fn default() -> Self {
        let log = Log {
            events: Vec::new(),
            streams: HashMap::new(),
            ids: HashMap::new(),
            incarnation: Uuid::now_v7(),
            open: Arc::default(),
        };
        Self { log: Arc::new(Mutex::new(log)) }
    }
}

#[async_trait::async_trait]
impl EventStore for OwnStore {
    async fn append(&self, request: AppendRequest) -> Result<Vec<Appended>, AppendError> {
        limits::check(&request)?; // Typed errors, before anything changes.
        let request = AppendRequest::from(request.into_appends()?); // Keys are refused, never ignored.
        let appends = request.appends();
        let mut log = self.log(); // One lock over verdict and execution: no write skew.
        match Verdict::on(&request, &*log) {
            Verdict::Append => {}
            Verdict::Repeated => return Ok(appends.iter().map(|append| log.answer(append, true)).collect()),
            Verdict::KeyTaken(taken) => return Err(taken.into()),
            Verdict::Conflict(conflict) => return Err(conflict.into()),
        }
        let now = Timestamp::now();
        for append in appends {
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

    fn read_pages(
        &self,
        from: Checkpoint,
        direction: Direction,
        filter: &Filter,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<Page, ReadError>> {
        if let Err(error) = limits::check_filter(filter).map_err(ReadError::from).and_then(|()| self.log().holds(from))
        {
            return stream::once(ready(Err(error))).boxed();
        }
        let (filter, mut from, mut left) = (filter.clone(), Some(from.position()), limit.unwrap_or(usize::MAX));
        self.reader(None, move |log| {
            let page = log.page(from.filter(|_| left > 0)?, direction, &filter, left);
            left -= page.events.len();
            let end = if direction == Direction::Forward { page.is_live() } else { page.up_to <= Position::new(1) };
            from = (!end).then_some(page.up_to);
            Some(page)
        })
    }

    async fn frontier(&self) -> Result<Checkpoint, ReadError> {
        Ok(self.log().frontier()) // The log contains whole appends only.
    }

    fn capabilities(&self) -> Capabilities<'_> {
        Capabilities { read_models: None, snapshots: None } // This store keeps events only.
    }
}

impl OwnStore {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads one event or page at a time, so that a slow reader holds neither the lock nor memory.
    fn reader<T: Send + 'static>(
        &self,
        limit: Option<usize>,
        next: impl FnMut(&Log) -> Option<T> + Send + 'static,
    ) -> BoxStream<'_, Result<T, ReadError>> {
        let open = Arc::clone(&self.log().open);
        stream::unfold((open, next), move |(open, mut next)| async move {
            let event = next(&self.log())?;
            Some((Ok(event), (open, next)))
        })
        .take(limit.unwrap_or(usize::MAX))
        .boxed()
    }
}

impl Known for Log {
    fn version(&self, stream: &StreamId) -> Version {
        Version::new(self.streams.get(stream).map_or(0, Vec::len) as u64)
    }

    fn event(&self, id: Uuid) -> Option<KnownEvent<'_>> {
        let (index, together) = *self.ids.get(&id)?;
        Some(KnownEvent { stream: &self.events[index].stream, version: self.events[index].version, together })
    }

    fn key(&self, _: &str) -> Option<KnownKey<'_>> {
        None // None was ever taken.
    }
}

impl Log {
    fn frontier(&self) -> Checkpoint {
        Checkpoint::new(self.incarnation, Position::new(self.events.len() as u64))
    }

    /// Refuses a checkpoint of another log, and one above the last event.
    fn holds(&self, checkpoint: Checkpoint) -> Result<(), ReadError> {
        match checkpoint.incarnation() {
            Some(incarnation) if incarnation != self.incarnation => {
                Err(ReadError::Restored { checkpoint, common: None })
            }
            Some(_) if checkpoint.position() > self.frontier().position() => {
                Err(ReadError::Restored { checkpoint, common: Some(self.frontier().position()) })
            }
            _ => Ok(()),
        }
    }

    /// Looks at up to 1,000 events beyond `from`.
    fn page(&self, from: Position, direction: Direction, filter: &Filter, left: usize) -> Page {
        let all = self.events.len();
        let from = usize::try_from(from.get()).unwrap_or(usize::MAX);
        let (mut events, mut bytes, mut up_to) = (Vec::new(), 0, from.min(all));
        let forward = (from.min(all)..all).take(1_000);
        let backward = (0..from.saturating_sub(1).min(all)).rev().take(1_000);
        let indexes: &mut dyn Iterator<Item = usize> = match direction {
            Direction::Forward => &mut { forward },
            Direction::Backward => &mut { backward },
        };
        for index in indexes {
            let event = &self.events[index];
            if filter.accepts(&event.stream, &event.name) {
                bytes += event.bytes();
                if events.len() == left || (bytes > Page::BYTES && !events.is_empty()) {
                    break;
                }
                events.push(event.clone());
            }
            up_to = index + 1;
        }
        Page::new(events, Position::new(up_to as u64), self.frontier())
    }

    fn event(&self, new: &NewEvent) -> Option<&StoredEvent> {
        self.ids.get(&new.id()).map(|(index, _)| &self.events[*index])
    }

    fn store(&mut self, Append { stream, events, .. }: &Append, now: Timestamp) {
        let mut together = events.len();
        for new in events {
            let (index, version) = (self.events.len(), self.version(stream).plus(1));
            let of_stream = self.streams.entry(stream.clone()).or_default();
            let before = of_stream.last().map(|last| self.events[*last].recorded_at);
            of_stream.push(index);
            self.ids.insert(new.id(), (index, mem::take(&mut together)));
            let recorded_at = before.map_or(now, |before| now.max(before)); // Clocks go back, streams do not.
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
        let (stream, positions) = (append.stream.clone(), events.iter().map(|event| event.position).collect());
        match events.last() {
            Some(last) => Appended::new(stream, last.version, positions, last.recorded_at),
            None => Appended::assertion(stream, found),
        }
        .with_repeated(repeated)
        .with_incarnation(self.incarnation)
    }
}

/// Makes stores for the contract.
#[derive(Debug)]
pub struct OwnStores;

#[async_trait::async_trait]
impl Factory for OwnStores {
    async fn fresh(&self) -> Result<Box<dyn FreshStore>, es_contract::FactoryError> {
        Ok(Box::new(OwnStore::default()))
    }
}

#[async_trait::async_trait]
impl FreshStore for OwnStore {
    async fn handle(&self) -> Result<Arc<dyn EventStore>, es_contract::FactoryError> {
        Ok(Arc::new(self.clone()))
    }

    fn open_readers(&self) -> usize {
        Arc::strong_count(&self.log().open) - 1
    }

    async fn put_clock_back(&self, by: Duration) -> Result<(), es_contract::FactoryError> {
        for event in &mut self.log().events {
            let ahead = event.recorded_at.as_micros() + i64::try_from(by.as_micros())?;
            event.recorded_at = Timestamp::from_micros(ahead).ok_or("there is no such time")?;
        }
        Ok(())
    }
}
