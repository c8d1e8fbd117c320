//! A log with all that a log can hold, and what was written to it.

use std::time::Duration;

use es_core::{
    Append, AppendRequest, Appended, Claimed, EventName, EventStore, Expected, IdempotencyKey, Metadata, NewEvent,
    ReadModelFailure, ReadModelId, ReadModelState, ReadModelStatus, ReadModelStep, ReadModels, SchemaVersion,
    Snapshots, StoredEvent, StoredRow, StoredSnapshot, StreamId, Version,
};
use es_sqlite::{SqliteStore, rusqlite::Connection};
use uuid::Uuid;

/// What was written, and what the store answered.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    pub(super) requests: Vec<(AppendRequest, Vec<Appended>)>,
    /// The log.
    pub(super) events: Vec<StoredEvent>,
    pub(super) snapshots: Vec<StoredSnapshot>,
    /// The read model and its rows; `None` when there is none, or it is not known how it was.
    pub(super) read_model: Option<(ReadModelStatus, Vec<StoredRow>)>,
}

/// The read model of the log.
pub(super) fn model() -> ReadModelId {
    ReadModelId::new("balances", 3).unwrap()
}

/// The categories and the streams of each.
pub(super) const CATEGORIES: [(&str, usize); 3] = [("account", 12), ("order", 5), ("köln", 2)];
/// The names of the events; each is used in two categories.
pub(super) const NAMES: [&str; 12] =
    ["opened", "paid", "sent", "closed", "noted", "moved", "signed", "billed", "asked", "shown", "kept", "dropped"];

/// The stream of the `number`th append.
fn stream(number: usize) -> StreamId {
    let (category, streams) = CATEGORIES[[0, 0, 0, 1, 1, 2][number % 6]];
    StreamId::new(category, format!("{category}-{}", number * 7 / 5 % streams)).unwrap()
}

fn event(append: usize, number: usize) -> NewEvent {
    let (id, kind) = (append * 100 + number, (append * 5 + number) % NAMES.len());
    let payload = format!(r#"{{"append":{append},"number":{number},"text":"{}"}}"#, "y".repeat(append * 37 % 300));
    let schema_version = SchemaVersion::new(u32::try_from(kind % 3 + 1).unwrap()).unwrap();
    let name = EventName::new(NAMES[kind]).unwrap();
    // Ids in no order, so that the index over them has its entries in another order than the log.
    let id = Uuid::from_u128((id as u128 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835));
    let event = NewEvent::from_json(id, name, schema_version, payload).unwrap();
    match append % 3 {
        0 => event.with_metadata(&Metadata::new().with_actor(format!("actor {append}"))).unwrap(),
        _ => event,
    }
}

impl Written {
    /// The key of the `number`th append, if it has one.
    fn key(number: usize) -> Option<IdempotencyKey> {
        let digest = [u8::try_from(number % 256).unwrap(); 32];
        (number % 4 == 1).then(|| IdempotencyKey::new(format!("key {number}"), digest, format!("{number}")).unwrap())
    }

    /// Appends and stores snapshots, in the transactions of these numbers.
    pub(super) async fn write(&mut self, store: &SqliteStore, appends: std::ops::Range<usize>) {
        for append in appends {
            let events: Vec<_> = (0..=append % 5).map(|number| event(append, number)).collect();
            let mut request: AppendRequest = Append::new(stream(append), Expected::Any, events.clone()).into();
            if let Some(key) = Self::key(append) {
                request = request.with_key(key);
            }
            let appended = store.append(request.clone()).await.unwrap();
            let answer = &appended[0];
            for ((event, position), version) in
                events.into_iter().zip(&answer.positions).zip(answer.first_version().get()..)
            {
                let at = StoredEvent::at(stream(append), Version::new(version), *position, answer.recorded_at.unwrap());
                let (payload, metadata) = (event.payload().clone(), event.metadata().cloned());
                let stored = at.event(event.id(), event.name().clone(), event.schema_version(), payload, metadata);
                self.events.push(stored);
            }
            self.requests.push((request, appended));
            if append % 9 == 0 {
                let payload = format!(r#"{{"state":"{}"}}"#, "z".repeat(append));
                let snapshot = StoredSnapshot::after(self.events.last().unwrap(), "state 1", payload);
                Snapshots::store(store, snapshot.clone()).await.unwrap();
                self.snapshots.push(snapshot);
            }
        }
        assert!(self.events.iter().map(|event| event.position.get()).eq(1..=self.events.len() as u64));
        self.keep_read_model(store).await;
    }

    /// Moves the read model to the end of the log, with rows of all streams.
    async fn keep_read_model(&mut self, store: &SqliteStore) {
        let Claimed::Owned(claim) = store.claim(&model(), "owner", Duration::from_hours(1)).await.unwrap() else {
            panic!("nobody else owns it");
        };
        let (last, seen) = (self.events.last().unwrap(), store.frontier().await.unwrap());
        let mut step = ReadModelStep::new(seen.at(last.position), seen, ReadModelState::Retrying);
        let failure = ReadModelFailure::new(last.stream.clone(), last.version, last.position, 2, "no such account");
        step.failure = Some(failure);
        step.lease = Some(Duration::from_hours(1));
        let row = |stream: StreamId| {
            let text = "w".repeat(self.events.len() % 200);
            StoredRow::new(stream.to_string(), format!(r#"{{"of":"{stream}","text":"{text}"}}"#))
        };
        step.rows = self.streams().into_iter().map(row).collect();
        let mut rows = step.rows.clone();
        store.advance(&claim, step).await.unwrap();
        let mut status = store.statuses().await.unwrap().remove(0);
        // It gets shorter.
        status.lease_left = None;
        rows.sort_by(|one, other| one.key.cmp(&other.key));
        self.read_model = Some((status, rows));
    }

    /// The streams of the log.
    pub(super) fn streams(&self) -> Vec<StreamId> {
        let mut streams: Vec<_> = self.events.iter().map(|event| event.stream.clone()).collect();
        streams.sort();
        streams.dedup();
        streams
    }

    /// The same log as it was when it had `count` events.
    pub(super) fn up_to(&self, count: usize) -> Self {
        let mut shorter = self.clone();
        shorter.events.truncate(count);
        shorter.read_model = None;
        shorter
    }
}

/// A table of the user's in the same file.
pub(super) fn add_a_table(store: &SqliteStore) {
    let mine = Connection::open(store.path()).unwrap();
    mine.execute_batch(
        "CREATE TABLE invoices (number INTEGER PRIMARY KEY, text TEXT); CREATE INDEX texts ON invoices (text)",
    )
    .unwrap();
    for number in 0..40_u16 {
        mine.execute("INSERT INTO invoices VALUES (?1, ?2)", (number, "invoice ".repeat(number.into()))).unwrap();
    }
}
