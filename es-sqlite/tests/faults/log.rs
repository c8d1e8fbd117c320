//! The log that the tests work on, and what they know of it.

use std::path::{Path, PathBuf};

use es_core::{
    Append, AppendError, AppendRequest, Checkpoint, EventName, EventStore, Expected, Filter, NewEvent, ReadError,
    SchemaVersion, StoreError, StoredEvent, StreamId,
};
use es_sqlite::{SqliteError, SqliteOpenError, SqliteStore};
use futures_util::StreamExt;
use tempfile::TempDir;
use uuid::Uuid;

/// A folder for one test, with the file of a log in it.
pub(crate) struct Files {
    folder: TempDir,
}

impl Files {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The file of the log.
    pub(crate) fn log(&self) -> PathBuf {
        self.named("log.db")
    }

    /// The file beside the log with this ending, such as `-wal`.
    pub(crate) fn beside(&self, suffix: &str) -> PathBuf {
        self.named(&format!("log.db{suffix}"))
    }

    pub(crate) fn named(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

pub(crate) async fn open(path: impl AsRef<Path>) -> SqliteStore {
    SqliteStore::open(path).await.unwrap()
}

/// The error with which the file is not opened.
pub(crate) async fn refusal(path: impl AsRef<Path>) -> SqliteOpenError {
    SqliteStore::open(path).await.unwrap_err()
}

/// The event that is the `number`th of each log of these tests.
pub(crate) fn event(number: usize) -> NewEvent {
    let name = EventName::new(["deposited", "withdrawn"][number % 2]).unwrap();
    let payload = format!(r#"{{"number":{number},"note":"{}"}}"#, "x".repeat(number % 400));
    NewEvent::from_json(Uuid::from_u128(number as u128 + 1), name, SchemaVersion::FIRST, payload).unwrap()
}

/// The stream of the `number`th event.
pub(crate) fn stream(number: usize) -> StreamId {
    StreamId::new("account", (number % 5).to_string()).unwrap()
}

/// The append of the `number`th event.
pub(crate) fn request(number: usize) -> AppendRequest {
    Append::new(stream(number), Expected::Any, vec![event(number)]).into()
}

/// Appends the `number`th event.
pub(crate) async fn append_one(store: &SqliteStore, number: usize) -> Result<(), AppendError> {
    store.append(request(number)).await.map(drop)
}

/// Appends the events with these numbers, one by one.
pub(crate) async fn append(store: &SqliteStore, numbers: std::ops::Range<usize>) {
    for number in numbers {
        append_one(store, number).await.unwrap();
    }
}

/// Appends the events with these numbers in one transaction.
pub(crate) async fn append_at_once(store: &SqliteStore, numbers: std::ops::Range<usize>) {
    let appends = numbers.map(|number| append_one(store, number));
    for appended in futures_util::future::join_all(appends).await {
        appended.unwrap();
    }
}

/// The whole log.
pub(crate) async fn read(store: &SqliteStore) -> Result<Vec<StoredEvent>, ReadError> {
    let events = store.read_all(Checkpoint::START, &Filter::all(), None).collect::<Vec<_>>().await;
    events.into_iter().collect()
}

/// Asserts that the log is exactly the first `count` events, each in its place, and that nothing is damaged.
pub(crate) async fn assert_holds(store: &SqliteStore, count: usize) {
    let events = read(store).await.unwrap();
    let found: Vec<_> = events.iter().map(|event| (event.id, event.stream.clone(), event.payload.clone())).collect();
    let expected: Vec<_> =
        (0..count).map(|number| (event(number).id(), stream(number), event(number).payload().clone())).collect();
    assert!(found == expected, "the log holds {} events, and {count} were expected", found.len());
    let positions = (1..).take(count);
    assert!(events.iter().map(|event| event.position.get()).eq(positions));
    let verified = store.verify().await.unwrap();
    assert!(verified.is_intact(), "{:?}", verified.problems);
}

/// The store's own error in an error of any operation.
pub(crate) fn cause<'a>(error: &'a (dyn std::error::Error + 'static)) -> &'a SqliteError {
    let mut source = Some(error);
    while let Some(error) = source {
        if let Some(found) = error.downcast_ref::<SqliteError>() {
            return found;
        }
        if let Some(found) = error.downcast_ref::<StoreError>().and_then(StoreError::downcast_ref) {
            return found;
        }
        source = error.source();
    }
    panic!("no `SqliteError` in {error:?}")
}
