//! The store: a handle to a log that its clones share.

use std::{
    fmt,
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use es_core::{
    Append, AppendError, Appended, Capabilities, Checkpoint, Direction, EventStore, Filter, Page, ReadError,
    StoreError, StoreErrorKind, StoredEvent, StreamId, Timestamp, Version, Visitor, limits,
};
use futures_core::stream::BoxStream;
use tokio::sync::watch;

use crate::{
    append,
    log::Log,
    pages::Pages,
    read::{PAGE, Reader, Rest},
};

/// A store in memory. Clones share the log; it ends with the last of them.
///
/// ```
/// # use es_core::{Append, EventStore, Expected, EventName, NewEvent, SchemaVersion, StreamId, Version};
/// # use es_memory::MemoryStore;
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let store = MemoryStore::new();
/// let stream = StreamId::new("account", "4711")?;
/// let opened = NewEvent::from_json(
///     uuid::Uuid::now_v7(),
///     EventName::from_static("account.opened")?,
///     SchemaVersion::FIRST,
///     r#"{"owner":"Ada"}"#,
/// )?;
/// let appended = store.append(vec![Append::new(stream, Expected::NoStream, vec![opened])]).await?;
/// assert_eq!(appended[0].version, Version::FIRST);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct MemoryStore {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    log: RwLock<Log>,
    clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    /// Wakes who waits for a change.
    wake: watch::Sender<()>,
    readers: AtomicUsize,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty store that takes the time from `clock`, for tests of what depends on it. Within a stream the recorded
    /// time does not go back, even when `clock` does.
    ///
    /// ```
    /// # use es_core::Timestamp;
    /// # use es_memory::MemoryStore;
    /// let store = MemoryStore::with_clock(|| Timestamp::UNIX_EPOCH);
    /// ```
    pub fn with_clock(clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self { shared: Arc::new(Shared { clock: Box::new(clock), ..Shared::default() }) }
    }

    /// How many readers and waiting subscriptions are open.
    pub fn open_readers(&self) -> usize {
        self.shared.readers.load(Ordering::Relaxed) + self.shared.wake.receiver_count()
    }
}

#[async_trait]
impl EventStore for MemoryStore {
    async fn append(&self, appends: Vec<Append>) -> Result<Vec<Appended>, AppendError> {
        limits::check(&appends)?;
        let mut log = self.shared.write();
        let before = log.events.len();
        let answer = append::append(&mut log, appends, &self.shared.clock)?;
        // Under the lock, as who waits looks and subscribes under it: it has seen these events, or is told of them.
        if log.events.len() > before && self.shared.wake.receiver_count() > 0 {
            self.shared.wake.send_replace(());
        }
        Ok(answer)
    }

    fn read_stream(
        &self,
        stream: &StreamId,
        from: Version,
        direction: Direction,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<StoredEvent, ReadError>> {
        Box::pin(Reader::new(&self.shared, Rest::Stream { stream: stream.clone(), from, direction }, limit))
    }

    async fn visit_stream(&self, stream: &StreamId, from: Version, visitor: Visitor<'_>) -> Result<(), ReadError> {
        let mut seen = usize::try_from(from.get().saturating_sub(1)).unwrap_or(usize::MAX);
        loop {
            // A page under the lock, and then a turn for writers.
            let log = self.shared.read();
            let indexes = log.streams.get(stream).map_or(&[][..], Vec::as_slice);
            let page = indexes.get(seen..indexes.len().min(seen.saturating_add(PAGE))).unwrap_or_default();
            for index in page {
                if visitor(&log.events[*index])?.is_break() {
                    return Ok(());
                }
            }
            seen += page.len();
            if page.len() < PAGE {
                return Ok(());
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
        Box::pin(Pages::new(&self.shared, from, direction, filter, limit))
    }

    async fn frontier(&self) -> Result<Checkpoint, ReadError> {
        Ok(self.shared.read().frontier())
    }

    async fn changed(&self, seen: Checkpoint) -> Result<Checkpoint, ReadError> {
        let (mut frontier, mut wake) = {
            let log = self.shared.read();
            (log.frontier(), self.shared.wake.subscribe())
        };
        while !frontier.is_news_after(seen) {
            wake.changed().await.map_err(|closed| ReadError::Store(StoreError::new(StoreErrorKind::Closed, closed)))?;
            frontier = self.shared.read().frontier();
        }
        Ok(frontier)
    }

    fn capabilities(&self) -> Capabilities<'_> {
        Capabilities { snapshots: Some(self) }
    }
}

/// A reader that is open, and counted until it is dropped.
#[derive(Debug)]
pub(crate) struct OpenReader(Arc<Shared>);

impl OpenReader {
    pub(crate) fn new(shared: &Arc<Shared>) -> Self {
        shared.readers.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(shared))
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.0
    }
}

impl Drop for OpenReader {
    fn drop(&mut self) {
        self.0.readers.fetch_sub(1, Ordering::Relaxed);
    }
}

// A panic in another thread poisons the lock; an append decides before it writes, so the log behind it is whole.
impl Shared {
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Log> {
        self.log.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, Log> {
        self.log.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Shared {
    fn default() -> Self {
        let (log, clock) = (RwLock::default(), Box::new(Timestamp::now));
        Self { log, clock, wake: watch::Sender::new(()), readers: AtomicUsize::new(0) }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let log = self.shared.read();
        f.debug_struct("MemoryStore").field("events", &log.events.len()).field("streams", &log.streams.len()).finish()
    }
}
