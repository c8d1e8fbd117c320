//! Stores that read damaged rows leniently, which the tests of damage must catch.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use es_core::{
    AppendError, AppendRequest, Appended, Capabilities, Checkpoint, Direction, EventName, EventStore, Filter, Page,
    Position, ReadError, SchemaVersion, StoreError, StoreErrorKind, StoredEvent, StreamId, Timestamp, Version,
};
use futures_core::stream::BoxStream;
use futures_util::{StreamExt, stream};
use tokio_postgres::{Client, Row};

use crate::tools::counter::{Counted, CounterEvent};

/// What a reader does with a row that it cannot read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leniency {
    /// Returns an invented event.
    Guesses,
    /// Skips the row.
    SkipsRows,
    /// Fails every later read, of any stream.
    StopsForever,
    /// Panics.
    Panics,
    /// Converts times without a check of their range.
    IgnoresRange,
}

/// A store that reads damaged rows in one of these ways.
#[derive(Debug)]
pub(crate) struct LenientReader {
    store: Arc<dyn EventStore>,
    leniency: Leniency,
    client: Client,
    stopped: AtomicBool,
}

impl LenientReader {
    /// Wraps `store`; `client` reads the rows of its database.
    pub(crate) fn new(store: Arc<dyn EventStore>, leniency: Leniency, client: Client) -> Self {
        Self { store, leniency, client, stopped: AtomicBool::default() }
    }

    async fn rows(&self, stream: StreamId) -> Vec<Result<StoredEvent, ReadError>> {
        let query = "SELECT position, version, event_id, name, schema_version, left(payload::text, 100), \
                     timestamptz_send(recorded_at) FROM es.events WHERE category = $1 AND id = $2 ORDER BY position";
        let rows = self.client.query(query, &[&stream.category(), &stream.id()]).await.unwrap();
        let mut events = Vec::new();
        for row in rows {
            let next = events.len() as u64 + 1;
            match (read(&row, &stream, next), self.leniency) {
                (Some(mut event), Leniency::IgnoresRange) => {
                    event.recorded_at = timestamp_without_range(&row);
                    events.push(event);
                }
                (Some(event), _) => events.push(event),
                (None, Leniency::Guesses) => events.push(guess(&row, &stream, next)),
                (None, Leniency::SkipsRows) => {}
                (None, Leniency::StopsForever | Leniency::Panics | Leniency::IgnoresRange) => panic!("unreadable row"),
            }
        }
        // The versions of later events close the gap that a skipped row leaves.
        events
            .into_iter()
            .zip(1..)
            .map(|(mut event, next)| {
                event.version = Version::new(next);
                Ok(event)
            })
            .collect()
    }
}

impl LenientReader {
    /// Every row above a position; rows without a valid stream are skipped, or put into some stream.
    async fn log(&self, after: Position) -> Vec<StoredEvent> {
        let query = "SELECT position, version, event_id, category, id FROM es.events \
                     WHERE position > $1 ORDER BY position";
        let rows = self.client.query(query, &[&after.get().cast_signed()]).await.unwrap();
        let event = |row: &Row| {
            let stream = StreamId::new(row.get::<_, &str>(3), row.get::<_, &str>(4)).ok();
            let version = u64::try_from(row.get::<_, i64>(1)).ok().filter(|version| *version > 0);
            let known = stream.is_some() && version.is_some();
            let stream = stream.unwrap_or_else(|| StreamId::new("counter", "a").unwrap());
            (known || self.leniency == Leniency::Guesses).then(|| guess(row, &stream, version.unwrap_or(1)))
        };
        rows.iter().filter_map(event).collect()
    }

    /// Passes events on, and stops or panics at the first one that does not decode.
    fn fail_on_unreadable<'a>(
        &'a self,
        events: BoxStream<'a, Result<StoredEvent, ReadError>>,
    ) -> BoxStream<'a, Result<StoredEvent, ReadError>> {
        if self.stopped.load(Ordering::Acquire) {
            return Box::pin(stream::once(async {
                Err(ReadError::Store(StoreError::new(StoreErrorKind::Other, "an earlier read failed")))
            }));
        }
        Box::pin(events.map(|event| {
            let read = event.as_ref().is_ok_and(|event| event.decode_each::<CounterEvent>(drop).is_ok());
            if self.leniency == Leniency::Panics {
                assert!(read, "unreadable row");
            }
            self.stopped.fetch_or(!read, Ordering::AcqRel);
            event
        }))
    }
}

/// Converts a time without a check of its range.
fn timestamp_without_range(row: &Row) -> Timestamp {
    let since_2000 = i64::from_be_bytes(row.get::<_, &[u8]>(6).try_into().unwrap());
    Timestamp::from_micros(since_2000.checked_add(946_684_800_000_000).unwrap()).unwrap()
}

/// Reads a row that is not damaged.
fn read(row: &Row, stream: &StreamId, next: u64) -> Option<StoredEvent> {
    let payload: String = row.get(5);
    let name = EventName::new(row.get::<_, &str>(3)).ok().filter(|name| *name == "counted")?;
    serde_json::from_str::<Counted>(&payload).ok()?;
    let version = u64::try_from(row.get::<_, i64>(1)).ok().filter(|version| *version == next)?;
    let schema_version = SchemaVersion::new(u32::try_from(row.get::<_, i64>(4)).ok()?)?;
    (schema_version == SchemaVersion::FIRST).then_some(())?;
    let mut event = guess(row, stream, next);
    (event.name, event.version, event.payload) = (name, Version::new(version), payload.into());
    Some(event)
}

fn guess(row: &Row, stream: &StreamId, next: u64) -> StoredEvent {
    let position = Position::new(row.get::<_, i64>(0).unsigned_abs());
    let name = EventName::from_static("counted").unwrap();
    StoredEvent::at(stream.clone(), Version::new(next), position, Timestamp::UNIX_EPOCH).event(
        row.get(2),
        name,
        SchemaVersion::FIRST,
        r#"{"number":0}"#,
        None,
    )
}

#[async_trait]
impl EventStore for LenientReader {
    async fn append(&self, request: AppendRequest) -> Result<Vec<Appended>, AppendError> {
        self.store.append(request).await
    }

    fn read_stream(
        &self,
        stream: &StreamId,
        from: Version,
        direction: Direction,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<StoredEvent, ReadError>> {
        match self.leniency {
            Leniency::Guesses | Leniency::SkipsRows | Leniency::IgnoresRange => {
                let stream = stream.clone();
                Box::pin(stream::once(async move { stream::iter(self.rows(stream).await) }).flatten())
            }
            Leniency::StopsForever | Leniency::Panics => {
                self.fail_on_unreadable(self.store.read_stream(stream, from, direction, limit))
            }
        }
    }

    fn read_pages(
        &self,
        from: Checkpoint,
        direction: Direction,
        filter: &Filter,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<Page, ReadError>> {
        match self.leniency {
            Leniency::Guesses | Leniency::SkipsRows => Box::pin(stream::once(async move {
                let events = self.log(from.position()).await;
                let up_to = events.last().map_or(from.position(), |last| last.position);
                Ok(Page::new(events, up_to, up_to.into()))
            })),
            Leniency::StopsForever | Leniency::Panics => {
                let events = self.fail_on_unreadable(self.store.read_all(from, filter, limit));
                Box::pin(events.map(|event| {
                    event.map(|event| {
                        let up_to = event.position;
                        Page::new(vec![event], up_to, up_to.into())
                    })
                }))
            }
            Leniency::IgnoresRange => self.store.read_pages(from, direction, filter, limit),
        }
    }

    async fn frontier(&self) -> Result<Checkpoint, ReadError> {
        self.store.frontier().await
    }

    fn capabilities(&self) -> Capabilities<'_> {
        let Capabilities { read_models, snapshots } = self.store.capabilities();
        Capabilities { read_models, snapshots }
    }
}
