//! Readers that make the best of a damaged row: what the tests of damage are there to catch.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use es_core::{
    Append, AppendError, Appended, Direction, EventName, EventStore, Filter, Position, ReadError, SchemaVersion,
    StoredEvent, StreamId, Timestamp, Version,
};
use futures_core::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio_postgres::{Client, Row};

use crate::damaged::{Counted, CounterEvent};

/// What a reader does with what it cannot read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Takes it for something that it can read.
    Guesses,
    /// Leaves it out.
    LeavesOut,
    /// Reads nothing more, of anything.
    StopsForGood,
    /// Panics.
    Panics,
}

/// A store that reads streams in this manner.
#[derive(Debug)]
pub(crate) struct Lenient {
    store: Arc<dyn EventStore>,
    manner: Manner,
    client: Client,
    stopped: AtomicBool,
}

impl Lenient {
    /// `store`, whose rows `client` reads.
    pub(crate) fn new(store: Arc<dyn EventStore>, manner: Manner, client: Client) -> Self {
        Self { store, manner, client, stopped: AtomicBool::default() }
    }

    async fn rows(&self, stream: StreamId) -> Vec<Result<StoredEvent, ReadError>> {
        let query = "SELECT position, version, event_id, type, schema_version, left(data::text, 100) FROM es.events \
                     WHERE category = $1 AND id = $2 ORDER BY position";
        let rows = self.client.query(query, &[&stream.category(), &stream.id()]).await.unwrap();
        let mut events = Vec::new();
        for row in rows {
            let next = events.len() as u64 + 1;
            match (read(&row, &stream, next), self.manner) {
                (Some(event), _) => events.push(event),
                (None, Manner::Guesses) => events.push(guess(&row, &stream, next)),
                (None, Manner::LeavesOut) => {}
                (None, Manner::StopsForGood | Manner::Panics) => panic!("this cannot be"),
            }
        }
        // where nothing is left to guess of, the next ones move up
        events
            .into_iter()
            .zip(1..)
            .map(|(event, next)| Ok(StoredEvent { version: Version::new(next), ..event }))
            .collect()
    }
}

/// What a program reads that thinks of nothing bad.
fn read(row: &Row, stream: &StreamId, next: u64) -> Option<StoredEvent> {
    let payload: String = row.get(5);
    let name = EventName::new(row.get::<_, &str>(3)).ok().filter(|name| *name == "counted")?;
    serde_json::from_str::<Counted>(&payload).ok()?;
    let version = u64::try_from(row.get::<_, i64>(1)).ok().filter(|version| *version == next)?;
    let schema_version = SchemaVersion::new(u32::try_from(row.get::<_, i64>(4)).ok()?)?;
    (schema_version == SchemaVersion::FIRST).then_some(())?;
    Some(StoredEvent { name, version: Version::new(version), payload: payload.into(), ..guess(row, stream, next) })
}

fn guess(row: &Row, stream: &StreamId, next: u64) -> StoredEvent {
    StoredEvent {
        id: row.get(2),
        stream: stream.clone(),
        version: Version::new(next),
        position: Position::new(row.get::<_, i64>(0).unsigned_abs()),
        name: EventName::from_static("counted").unwrap(),
        schema_version: SchemaVersion::FIRST,
        payload: r#"{"number":0}"#.into(),
        metadata: None,
        recorded_at: Timestamp::UNIX_EPOCH,
    }
}

#[async_trait]
impl EventStore for Lenient {
    async fn append(&self, appends: Vec<Append>) -> Result<Vec<Appended>, AppendError> {
        self.store.append(appends).await
    }

    fn read_stream(
        &self,
        stream: &StreamId,
        from: Version,
        direction: Direction,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<StoredEvent, ReadError>> {
        match self.manner {
            Manner::Guesses | Manner::LeavesOut => {
                let stream = stream.clone();
                Box::pin(stream::once(async move { stream::iter(self.rows(stream).await) }).flatten())
            }
            Manner::Panics => Box::pin(self.store.read_stream(stream, from, direction, limit).map(|event| {
                let event = event.unwrap();
                event.decode_each::<CounterEvent>(drop).unwrap();
                Ok(event)
            })),
            Manner::StopsForGood if self.stopped.load(Ordering::Acquire) => {
                Box::pin(stream::once(async { Err(ReadError::Store("an earlier read failed".into())) }))
            }
            Manner::StopsForGood => {
                let events = self.store.read_stream(stream, from, direction, limit);
                Box::pin(
                    events
                        .inspect_ok(|event| {
                            let read = event.decode_each::<CounterEvent>(drop).is_ok();
                            self.stopped.fetch_or(!read, Ordering::AcqRel);
                        })
                        .inspect_err(|_| self.stopped.store(true, Ordering::Release)),
                )
            }
        }
    }

    fn read_all(
        &self,
        after: Position,
        filter: &Filter,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<StoredEvent, ReadError>> {
        self.store.read_all(after, filter, limit)
    }

    async fn frontier(&self) -> Result<Position, ReadError> {
        self.store.frontier().await
    }
}
