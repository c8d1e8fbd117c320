//! The store: a handle to a log that its clones share.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use es_core::{
    AppendError, AppendRequest, Appended, Capabilities, Checkpoint, Direction, EventStore, Filter, Page, ReadError,
    StoreError, StoreErrorKind, StoredEvent, StreamId, Timestamp, Version, Visitor, limits,
};
use futures_core::stream::BoxStream;

use crate::{
    append,
    pages::Pages,
    read::{PAGE, Reader, Rest},
    shared::Shared,
};

/// A store in memory. Clones share the log, which lives as long as one of them.
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
/// let appended = store.append(Append::new(stream, Expected::NoStream, vec![opened]).into()).await?;
/// assert_eq!(appended[0].version, Version::FIRST);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct MemoryStore {
    pub(crate) shared: Arc<Shared>,
}

impl MemoryStore {
    /// Creates an empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates an empty store that takes the time from `clock`, for tests that depend on it. Within a stream the recorded time
    /// never decreases, even when `clock` does. The leases of read models follow `clock`, too.
    ///
    /// ```
    /// # use es_core::Timestamp;
    /// # use es_memory::MemoryStore;
    /// let store = MemoryStore::with_clock(|| Timestamp::UNIX_EPOCH);
    /// ```
    pub fn with_clock(clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self { shared: Arc::new(Shared::new(clock)) }
    }

    /// Counts the open readers and the subscriptions that wait for events.
    pub fn open_readers(&self) -> usize {
        self.shared.readers() + self.shared.wake.receiver_count()
    }
}

#[async_trait]
impl EventStore for MemoryStore {
    async fn append(&self, request: AppendRequest) -> Result<Vec<Appended>, AppendError> {
        limits::check(&request)?;
        let mut log = self.shared.write();
        let before = log.events.len();
        let answer = append::append(&mut log, request, &self.shared.clock)?;
        // Sent under the lock: a waiting task reads the frontier and subscribes under the lock, so it either sees these events
        // or is woken.
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
            // Releases the lock after each page, so that writers can take it.
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
        Capabilities { read_models: Some(self), snapshots: Some(self) }
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let log = self.shared.read();
        f.debug_struct("MemoryStore").field("events", &log.events.len()).field("streams", &log.streams.len()).finish()
    }
}
