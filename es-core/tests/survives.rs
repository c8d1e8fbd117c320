//! An append returns the events that a reader sees, also for values that do not survive their own serde.

#![cfg(feature = "derive")]
#![expect(
    clippy::unwrap_used,
    clippy::option_option,
    reason = "helpers of tests are tests, and the option is on trial"
)]

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use es_core::{
    Aggregate, Append, AppendError, AppendRequest, Appended, Capabilities, Checkpoint, Direction, Event, EventStore,
    EventStoreExt, Filter, Handle, IntoEvents, Page, Position, ReadError, RepositoryExt, Root, StoredEvent, StreamId,
    Timestamp, Version, apply,
};
use futures_core::stream::BoxStream;
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// Serialized with two digits after the point.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Rounded(f64);

impl Serialize for Rounded {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64((self.0 * 100.0).round() / 100.0)
    }
}

impl<'de> Deserialize<'de> for Rounded {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        f64::deserialize(deserializer).map(Self)
    }
}

#[derive(Event, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[event(name = "noted")]
struct Noted {
    inside: Inside,
    rounded: Rounded,
    kept: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Inside {
    memo: Option<Option<u8>>,
    #[serde(skip)]
    cached: u32,
    #[serde(skip_serializing)]
    #[serde(default)]
    unwritten: Option<String>,
}

#[derive(Aggregate, Default, Debug)]
#[aggregate(category = "notes", id = String, events(Noted))]
struct Notes {
    seen: Vec<Noted>,
}

#[apply]
impl Notes {
    fn noted(&mut self, event: Noted) {
        self.seen.push(event);
    }
}

#[derive(Clone)]
struct Note;

impl Handle<Note> for Notes {
    type Error = std::convert::Infallible;

    fn handle(&self, _: Note) -> Result<impl IntoEvents<Self>, Self::Error> {
        Ok((given(), given()))
    }
}

fn given() -> Noted {
    Noted {
        inside: Inside { memo: Some(None), cached: 9, unwritten: Some("lost".into()) },
        rounded: Rounded(1.239),
        kept: "kept".into(),
    }
}

fn survived() -> Noted {
    Noted { rounded: Rounded(1.24), kept: "kept".into(), ..Noted::default() }
}

/// A minimal store of one stream.
#[derive(Debug, Default)]
struct Little(Mutex<Vec<StoredEvent>>);

#[async_trait]
impl EventStore for Little {
    async fn append(&self, request: AppendRequest) -> Result<Vec<Appended>, AppendError> {
        let mut log = self.0.lock().unwrap();
        let Append { stream, events, .. } = request.into_appends()?.remove(0);
        let positions: Vec<_> = (log.len() as u64 + 1..).map(Position::new).take(events.len()).collect();
        for (event, position) in events.into_iter().zip(&positions) {
            let version = Version::new(position.get());
            log.push(event.into_stored(stream.clone(), version, *position, Timestamp::UNIX_EPOCH));
        }
        let version = Version::new(log.len() as u64);
        Ok(vec![Appended::new(stream, version, positions, Timestamp::UNIX_EPOCH)])
    }

    fn read_stream(
        &self,
        _: &StreamId,
        _: Version,
        _: Direction,
        _: Option<usize>,
    ) -> BoxStream<'_, Result<StoredEvent, ReadError>> {
        stream::iter(self.0.lock().unwrap().clone().into_iter().map(Ok)).boxed()
    }

    fn read_pages(
        &self,
        _: Checkpoint,
        _: Direction,
        _: &Filter,
        _: Option<usize>,
    ) -> BoxStream<'_, Result<Page, ReadError>> {
        let events = self.0.lock().unwrap().clone();
        let end = Position::new(events.len() as u64);
        stream::iter([Ok(Page::new(events, end, Checkpoint::new(Uuid::nil(), end)))]).boxed()
    }

    async fn frontier(&self) -> Result<Checkpoint, ReadError> {
        Ok(Checkpoint::new(Uuid::nil(), Position::new(self.0.lock().unwrap().len() as u64)))
    }

    fn capabilities(&self) -> Capabilities<'_> {
        Capabilities { read_models: None, snapshots: None }
    }
}

#[test]
fn pending_events_and_state_are_those_of_a_reader() {
    let mut root = Root::<Notes>::new("1".to_owned()).unwrap();
    root.record(given());
    root.handle(Note).unwrap();
    let pending: Vec<_> = root.pending().map(|NotesEvent::Noted(event)| event.clone()).collect();
    assert_eq!(pending, vec![survived(); 3]);
    assert_eq!(root.seen, pending);
}

#[tokio::test]
async fn executed_events_are_those_that_a_reader_sees() {
    let store = Arc::new(Little::default());
    let notes = Arc::clone(&store).repository::<Notes>();
    let id = "1".to_owned();
    let executed = notes.execute(&id, Note).await.unwrap();
    let updated = notes.update(&id, |_| given()).await.unwrap();
    let told: Vec<_> = executed.events.into_iter().chain(updated.events).collect();
    let read: Vec<_> = store.events::<NotesEvent>().read().try_collect().await.unwrap();
    assert_eq!(told, read);
    assert!(read.iter().all(|recorded| recorded.event == NotesEvent::from(survived())));
    let loaded = es_core::Repository::load(&notes, &id).await.unwrap();
    assert_eq!((executed.root.seen.len(), &updated.root.seen), (2, &loaded.seen));
    assert_eq!(loaded.seen, vec![survived(); 3]);
}
