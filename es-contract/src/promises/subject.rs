//! The store under test, and the helpers that the promises are written with.

use std::{fmt::Debug, sync::Arc};

use es_core::{
    Append, AppendError, Appended, Checkpoint, Conflict, Direction, EventName, EventStore, Expected, Filter, NewEvent,
    Position, ReadError, SchemaVersion, StoreError, StoreErrorKind, StoredEvent, StreamId, Version,
};
use futures_core::Stream;
use futures_util::TryStreamExt;
use tokio::task::JoinError;
use uuid::Uuid;

use crate::{BrokenPromise, Factory, FactoryError, FreshStore, contract::child};

/// Refuses a store with partitions: the promises about order hold for one partition.
pub(crate) fn one_partition(store: &Arc<dyn EventStore>) -> Result<(), BrokenPromise> {
    match store.partitions().len() {
        0 => Ok(()),
        several => Err(BrokenPromise::new(
            "a store under contract has no partitions; run the contract for each of `partitions()`",
            format!("{several} partitions"),
        )),
    }
}

/// A fresh store under test.
pub(crate) struct Subject {
    pub(crate) fresh: Box<dyn FreshStore>,
    pub(crate) store: Arc<dyn EventStore>,
}

impl Subject {
    pub(crate) async fn fresh(factory: &dyn Factory) -> Result<Self, BrokenPromise> {
        let fresh = factory.fresh().await?;
        let store = fresh.handle().await?;
        one_partition(&store)?;
        Ok(Self { fresh, store })
    }

    pub(crate) async fn another_handle(&self) -> Result<Arc<dyn EventStore>, BrokenPromise> {
        Ok(self.fresh.handle().await?)
    }

    pub(crate) fn stream(&self, id: &str) -> Result<StreamId, BrokenPromise> {
        Ok(self.fresh.stream("sample", id)?)
    }

    /// Appends to one stream.
    pub(crate) async fn append(
        &self,
        stream: &StreamId,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        append(&self.store, stream, expected, events).await
    }

    /// Appends `count` events to one stream, one by one, expecting `Any`.
    pub(crate) async fn fill(&self, stream: &StreamId, count: u64) -> Result<Vec<NewEvent>, BrokenPromise> {
        let events = notes(1..=count)?;
        for event in &events {
            self.append(stream, Expected::Any, vec![event.clone()]).await?;
        }
        Ok(events)
    }

    /// All events of `stream`.
    pub(crate) async fn events(&self, stream: &StreamId) -> Result<Vec<StoredEvent>, BrokenPromise> {
        events(&self.store, stream).await
    }

    pub(crate) async fn read(
        &self,
        stream: &StreamId,
        from: u64,
        direction: Direction,
        limit: Option<usize>,
    ) -> Result<Vec<StoredEvent>, BrokenPromise> {
        collect(self.store.read_stream(stream, Version::new(from), direction, limit)).await
    }

    /// The position of the frontier.
    pub(crate) async fn frontier(&self) -> Result<Position, ReadError> {
        Ok(self.store.frontier().await?.position())
    }

    /// All events of the store.
    pub(crate) async fn log(&self) -> Result<Vec<StoredEvent>, BrokenPromise> {
        collect(self.store.read_all(Checkpoint::START, &Filter::all(), None)).await
    }
}

pub(crate) async fn append(
    store: &Arc<dyn EventStore>,
    stream: &StreamId,
    expected: Expected,
    events: Vec<NewEvent>,
) -> Result<Appended, AppendError> {
    let answer = store.append(Append::new(stream.clone(), expected, events).into()).await?;
    let count = answer.len();
    let mut answer = answer.into_iter();
    match (answer.next(), answer.next()) {
        (Some(appended), None) => Ok(appended),
        _ => Err(AppendError::Store(failed(format!("the store gave {count} answers for one stream")))),
    }
}

pub(crate) async fn events(store: &Arc<dyn EventStore>, stream: &StreamId) -> Result<Vec<StoredEvent>, BrokenPromise> {
    collect(store.read_stream(stream, Version::FIRST, Direction::Forward, None)).await
}

pub(crate) async fn collect(
    events: impl Stream<Item = Result<StoredEvent, ReadError>>,
) -> Result<Vec<StoredEvent>, BrokenPromise> {
    Ok(events.try_collect().await?)
}

/// An event whose payload is the number `n`, under a new id.
pub(crate) fn note(n: u64) -> Result<NewEvent, BrokenPromise> {
    raw("sample.noted", format!(r#"{{"n":{n}}}"#))
}

/// A [`note`] for each number.
pub(crate) fn notes(numbers: impl IntoIterator<Item = u64>) -> Result<Vec<NewEvent>, BrokenPromise> {
    numbers.into_iter().map(note).collect()
}

/// An event with exactly these bytes as its payload.
pub(crate) fn raw(name: &'static str, payload: impl Into<String>) -> Result<NewEvent, BrokenPromise> {
    Ok(NewEvent::from_json(Uuid::now_v7(), EventName::new(name)?, SchemaVersion::FIRST, payload.into().into_bytes())?)
}

/// Waits for something that a correct store does soon; `promised` is broken if it takes longer than the patience of the test.
pub(crate) async fn within_timeout<T>(promised: &str, soon: impl Future<Output = T>) -> Result<T, BrokenPromise> {
    let patience = child::patience();
    let late = |_| BrokenPromise::new(promised, format!("not within {patience:?}"));
    tokio::time::timeout(patience, soon).await.map_err(late)
}

/// The error for a subscription that ended without an error before.
pub(crate) fn ended() -> BrokenPromise {
    BrokenPromise::new("a subscription goes on", "it ended")
}

/// The result of a task; a panic is a broken promise.
pub(crate) fn task_result<T>(task: Result<T, JoinError>) -> Result<T, BrokenPromise> {
    task.map_err(|error| BrokenPromise::new("nothing panics", error.to_string()))
}

pub(crate) fn versions(events: &[StoredEvent]) -> Vec<u64> {
    events.iter().map(|event| event.version.get()).collect()
}

pub(crate) fn ids(events: &[StoredEvent]) -> Vec<Uuid> {
    events.iter().map(|event| event.id).collect()
}

pub(crate) fn new_ids(events: &[NewEvent]) -> Vec<Uuid> {
    events.iter().map(NewEvent::id).collect()
}

/// `promised` is broken unless `seen` is `expected`.
#[expect(clippy::needless_pass_by_value, reason = "promises read better with values")]
pub(crate) fn ensure_eq<T: PartialEq<U> + Debug, U: Debug>(
    promised: &str,
    expected: T,
    seen: U,
) -> Result<(), BrokenPromise> {
    ensure(promised, expected == seen, || format!("{seen:?} instead of {expected:?}"))
}

/// `promised` is broken, with what `seen` gives, unless `kept`.
pub(crate) fn ensure(promised: &str, kept: bool, seen: impl FnOnce() -> String) -> Result<(), BrokenPromise> {
    if kept { Ok(()) } else { Err(BrokenPromise::new(promised, seen())) }
}

/// `promised` is broken unless `answer` is a conflict.
pub(crate) fn conflict<T: Debug>(promised: &str, answer: Result<T, AppendError>) -> Result<Conflict, BrokenPromise> {
    match answer {
        Err(AppendError::Conflict(conflict)) => Ok(conflict),
        other => Err(BrokenPromise::new(format!("{promised}: a conflict"), format!("{other:?}"))),
    }
}

/// An error made by a promise, in place of an error of the store.
pub(crate) fn failed(what: impl Into<FactoryError>) -> StoreError {
    StoreError::new(StoreErrorKind::Other, what)
}
