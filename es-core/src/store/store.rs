//! The store: what a storage crate implements.

use std::{fmt::Debug, ops::ControlFlow, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_core::{future::BoxFuture, stream::BoxStream};
use futures_util::StreamExt;

use crate::store::{
    AppendError, AppendRequest, Appended, Capabilities, Checkpoint, Filter, Page, ReadError, ReadModels, Snapshots,
    StoredEvent, StreamId, UnknownOutcome, Version, page, subscription,
};

/// Which way to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there is no third direction")]
pub enum Direction {
    /// From older to newer.
    Forward,
    /// From newer to older.
    Backward,
}

/// Receives one stored event, and decides whether to continue: [`ControlFlow::Continue`] or [`ControlFlow::Break`].
pub type Visitor<'a> = &'a mut (dyn FnMut(&StoredEvent) -> Result<ControlFlow<()>, ReadError> + Send);

/// What a storage crate implements. Its promises are tests: `es_contract::store_contract!` runs them.
///
/// Every method takes the store by reference; share a store by cloning a handle to it, or as `Arc<dyn EventStore>`.
///
/// ```
/// use es_core::{Direction, EventStore, ReadError, StreamId, Version};
/// use futures_util::TryStreamExt;
///
/// async fn last_version(store: &dyn EventStore, stream: &StreamId) -> Result<Version, ReadError> {
///     let mut newest = store.read_stream(stream, Version::MAX, Direction::Backward, Some(1));
///     Ok(newest.try_next().await?.map_or(Version::NONE, |event| event.version))
/// }
/// ```
#[async_trait]
pub trait EventStore: Send + Sync + Debug + 'static {
    /// Appends to several streams, all or nothing, and gives one [`Appended`] for each, in order, with the incarnation of the
    /// log.
    ///
    /// A request whose event ids are already stored at the versions it asks for is a repeat: it gets the first answer with
    /// `repeated: true`. With [`Expected::Any`](crate::Expected::Any) and [`Exists`](crate::Expected::Exists) these versions
    /// start where the first id is stored in that stream. In a request for several streams either all or none are repeats.
    ///
    /// A store never ignores an idempotency key: it takes each key of the request, or refuses the request with
    /// [`KeysUnsupported`](AppendError::KeysUnsupported) before anything is written. If a key was taken before, the answer is
    /// [`KeyTaken`](AppendError::KeyTaken), whatever else the request asks for, unless the request is a repeat;
    /// [`Verdict::on`](crate::Verdict::on) has the whole order.
    ///
    /// # Errors
    /// [`AppendError`]. Unless it is [`Unknown`](AppendError::Unknown), this request appended nothing and took no key. A request
    /// without events that is sent again gets [`KeyTaken`](AppendError::KeyTaken) for the keys that it took the first time.
    async fn append(&self, request: AppendRequest) -> Result<Vec<Appended>, AppendError>;

    /// Reads a stream from version `from`, inclusive: forward to newer events, or backward to older ones (from the last
    /// with [`Version::MAX`]). At most `limit` events; `None` for all. A stream that does not exist is empty.
    fn read_stream(
        &self,
        stream: &StreamId,
        from: Version,
        direction: Direction,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<StoredEvent, ReadError>>;

    /// Passes the events of a stream from version `from`, inclusive, to `visitor` until it returns [`ControlFlow::Break`].
    /// Repositories load aggregates with it.
    ///
    /// The provided method reads the stream; a store that holds its events in memory can lend them without a copy.
    ///
    /// # Errors
    /// [`ReadError`], also one that the visitor returned.
    async fn visit_stream(&self, stream: &StreamId, from: Version, visitor: Visitor<'_>) -> Result<(), ReadError> {
        let mut events = self.read_stream(stream, from, Direction::Forward, None);
        while let Some(event) = events.next().await {
            if visitor(&event?)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Reads the events of the whole store that `filter` accepts, a [`Page`] at a time: forward, those above `from` up to the
    /// frontier, in the order of their positions; backward, those below `from`, the newest first. At most `limit` events;
    /// `None` for all.
    ///
    /// Forward and without a limit, the last page ends at the frontier; it is empty if the filter accepts nothing there. A
    /// page holds at most [`Page::EVENTS`] events, and at most [`Page::BYTES`] bytes unless it holds a single event.
    ///
    /// Refuses a checkpoint of another incarnation of the log with [`ReadError::Restored`], unless the log still holds all
    /// events up to it, and a filter that [`limits::check_filter`](crate::limits::check_filter) refuses with
    /// [`ReadError::Filter`]. Such an error is the only item, here and in [`subscribe`](Self::subscribe).
    fn read_pages(
        &self,
        from: Checkpoint,
        direction: Direction,
        filter: &Filter,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<Page, ReadError>>;

    /// Reads the events of [`read_pages`](Self::read_pages), forward, one by one.
    fn read_all(
        &self,
        after: Checkpoint,
        filter: &Filter,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<StoredEvent, ReadError>> {
        page::events(self.read_pages(after, Direction::Forward, filter, limit))
    }

    /// Gives the frontier: the position of the last event at or below which no new event can appear, and the incarnation of
    /// the log. Its position never moves back within an incarnation.
    ///
    /// # Errors
    /// [`ReadError::Store`].
    async fn frontier(&self) -> Result<Checkpoint, ReadError>;

    /// Waits until the frontier is above `seen`, and gives it; at once when the log has another incarnation.
    ///
    /// The provided method polls the frontier, after 5 ms at first and 250 ms at last (with tokio's timer); a store that is
    /// notified of appends should return at once.
    ///
    /// # Errors
    /// [`ReadError::Store`].
    async fn changed(&self, seen: Checkpoint) -> Result<Checkpoint, ReadError> {
        let mut pause = Duration::from_millis(5);
        loop {
            let frontier = self.frontier().await?;
            if frontier.is_news_after(seen) {
                return Ok(frontier);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(250));
        }
    }

    /// Reads the events above `after` that `filter` accepts, and then new ones as they are appended, a [`Page`] at a time:
    /// every event exactly once, in the order of the positions. It ends only after an error.
    ///
    /// Start with [`Checkpoint::START`] for all events, or with the [`frontier`](Self::frontier) for new ones only. A page that
    /// ends at the frontier tells that the reader has caught up; an empty page tells how far it has looked.
    fn subscribe_pages(&self, after: Checkpoint, filter: &Filter) -> BoxStream<'_, Result<Page, ReadError>> {
        subscription::subscribe(self, after, filter.clone())
    }

    /// Reads the events of [`subscribe_pages`](Self::subscribe_pages) one by one.
    fn subscribe(&self, after: Checkpoint, filter: &Filter) -> BoxStream<'_, Result<StoredEvent, ReadError>> {
        page::events(self.subscribe_pages(after, filter))
    }

    /// The stores that this one consists of, each with its own order and incarnation; empty for a store with a single order.
    /// A checkpoint belongs to one partition. A stream is in one partition; an append to several partitions is refused with
    /// [`AppendError::SpansPartitions`].
    ///
    /// A store with partitions takes appends and reads streams itself. It has no order over all of its events, so every method
    /// that reads the log, gives the frontier or subscribes fails with [`ReadError::Partitioned`]: a reader of the log asks for
    /// the partitions first, and reads each of them. An idempotency key is taken in all partitions, or refused with
    /// [`KeysUnsupported`](AppendError::KeysUnsupported). A store that wraps another one must wrap its partitions too.
    ///
    /// ```
    /// # use es_core::{EventStore, EventStoreExt, Position, ReadError};
    /// # use std::sync::Arc;
    /// /// The last position of each log in `store`.
    /// async fn last_positions(store: &Arc<dyn EventStore>) -> Result<Vec<Position>, ReadError> {
    ///     let partitions = match store.partitions() {
    ///         [] => std::slice::from_ref(store),
    ///         partitions => partitions,
    ///     };
    ///     let mut last = Vec::new();
    ///     for partition in partitions {
    ///         let event = partition.stored_events().backward().limit(1).read().try_next().await?;
    ///         last.push(event.map_or(Position::START, |event| event.position));
    ///     }
    ///     Ok(last)
    /// }
    /// ```
    fn partitions(&self) -> &[Arc<dyn EventStore>] {
        &[]
    }

    /// Sends a request whose answer was lost again, with the same event ids and keys, which is always safe. A request with keys
    /// and no events cannot be distinguished from another one with the same keys: if it was executed, the answer is
    /// [`KeyTaken`](AppendError::KeyTaken) with its own outcome.
    ///
    /// # Errors
    /// [`Conflict`](AppendError::Conflict) and [`KeyTaken`](AppendError::KeyTaken), which settle the first request too, since
    /// the store checks for its events before. Any other error says nothing about the first request, so it becomes the source of
    /// another [`Unknown`](AppendError::Unknown) with the same request.
    async fn resolve(&self, outcome: UnknownOutcome) -> Result<Vec<Appended>, AppendError> {
        let request = outcome.into_request();
        self.append(request.clone()).await.map_err(|error| error.of_repeat(request))
    }

    /// What the store can do beyond events. A wrapper decides on each capability of the inner store: see [`Capabilities`].
    ///
    /// The answer never changes while the store lives.
    fn capabilities(&self) -> Capabilities<'_>;

    /// The snapshots, if the store keeps any: the field of [`capabilities`](Self::capabilities). A store does not implement
    /// this method.
    fn snapshots(&self) -> Option<&dyn Snapshots> {
        self.capabilities().snapshots
    }

    /// The read models, if the store keeps any: the field of [`capabilities`](Self::capabilities). A store does not implement
    /// this method.
    fn read_models(&self) -> Option<&dyn ReadModels> {
        self.capabilities().read_models
    }
}

/// Forwards each method to the inner store, without a second box around its future.
impl<S: EventStore + ?Sized> EventStore for Arc<S> {
    fn append<'a, 'f>(&'a self, request: AppendRequest) -> BoxFuture<'f, Result<Vec<Appended>, AppendError>>
    where
        'a: 'f,
    {
        (**self).append(request)
    }

    fn read_stream(
        &self,
        stream: &StreamId,
        from: Version,
        direction: Direction,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<StoredEvent, ReadError>> {
        (**self).read_stream(stream, from, direction, limit)
    }

    fn read_pages(
        &self,
        from: Checkpoint,
        direction: Direction,
        filter: &Filter,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<Page, ReadError>> {
        (**self).read_pages(from, direction, filter, limit)
    }

    fn read_all(
        &self,
        after: Checkpoint,
        filter: &Filter,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<StoredEvent, ReadError>> {
        (**self).read_all(after, filter, limit)
    }

    fn visit_stream<'a, 'b, 'c, 'f>(
        &'a self,
        stream: &'b StreamId,
        from: Version,
        visitor: Visitor<'c>,
    ) -> BoxFuture<'f, Result<(), ReadError>>
    where
        'a: 'f,
        'b: 'f,
        'c: 'f,
    {
        (**self).visit_stream(stream, from, visitor)
    }

    fn frontier<'a, 'f>(&'a self) -> BoxFuture<'f, Result<Checkpoint, ReadError>>
    where
        'a: 'f,
    {
        (**self).frontier()
    }

    fn changed<'a, 'f>(&'a self, seen: Checkpoint) -> BoxFuture<'f, Result<Checkpoint, ReadError>>
    where
        'a: 'f,
    {
        (**self).changed(seen)
    }

    fn subscribe_pages(&self, after: Checkpoint, filter: &Filter) -> BoxStream<'_, Result<Page, ReadError>> {
        (**self).subscribe_pages(after, filter)
    }

    fn subscribe(&self, after: Checkpoint, filter: &Filter) -> BoxStream<'_, Result<StoredEvent, ReadError>> {
        (**self).subscribe(after, filter)
    }

    fn partitions(&self) -> &[Arc<dyn EventStore>] {
        (**self).partitions()
    }

    fn resolve<'a, 'f>(&'a self, outcome: UnknownOutcome) -> BoxFuture<'f, Result<Vec<Appended>, AppendError>>
    where
        'a: 'f,
    {
        (**self).resolve(outcome)
    }

    // Forwarded as a whole: an `Arc` does not wrap any capability.
    fn capabilities(&self) -> Capabilities<'_> {
        (**self).capabilities()
    }

    fn snapshots(&self) -> Option<&dyn Snapshots> {
        (**self).snapshots()
    }

    fn read_models(&self) -> Option<&dyn ReadModels> {
        (**self).read_models()
    }
}
