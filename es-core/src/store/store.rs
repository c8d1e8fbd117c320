//! The store: what a storage crate implements.

use std::{fmt::Debug, ops::ControlFlow, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_core::{future::BoxFuture, stream::BoxStream};
use futures_util::StreamExt;

use crate::store::{
    AppendError, AppendRequest, Appended, Capabilities, Checkpoint, Filter, Page, ReadError, Snapshots, StoreError,
    StoreErrorKind, StoredEvent, StreamId, UnknownOutcome, Version, page, subscription,
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

/// Looks at one stored event, and says whether to go on: [`ControlFlow::Continue`] or [`ControlFlow::Break`].
pub type Visitor<'a> = &'a mut (dyn FnMut(&StoredEvent) -> Result<ControlFlow<()>, ReadError> + Send);

/// What a storage crate implements. The promises it makes are tests: run `es_contract::store_contract!` over it.
///
/// Every method takes the store by reference; a store is shared by cloning a handle to it, or as
/// `Arc<dyn EventStore>`.
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
    /// Appends to several streams, all or nothing; answers one [`Appended`] for each, in order. Each names the incarnation of
    /// the log.
    ///
    /// The same event ids at the same place again are answered with the first result and `repeated: true`. With
    /// [`Expected::Any`](crate::Expected::Any) and [`Exists`](crate::Expected::Exists) the place is where the first
    /// id stands in that stream. Several streams must be all repeated or all new.
    ///
    /// A store never ignores an idempotency key: it holds each key of the request from then on, or refuses the request
    /// with [`KeysUnsupported`](AppendError::KeysUnsupported) before anything is written. A key that was taken before is
    /// answered with [`KeyTaken`](AppendError::KeyTaken), whatever else the request asks for, unless it is the same
    /// append, sent again; [`Verdict::on`](crate::Verdict::on) has the whole order.
    ///
    /// # Errors
    /// [`AppendError`]; unless it is [`Unknown`](AppendError::Unknown), nothing was appended, and this request took no key. The
    /// keys that [`KeyTaken`](AppendError::KeyTaken) names are held: of a request without events perhaps by this very one, when
    /// it was sent before.
    async fn append(&self, request: AppendRequest) -> Result<Vec<Appended>, AppendError>;

    /// Reads a stream from version `from` on, that one included: towards newer events, or backwards towards older
    /// ones (from the last one with [`Version::MAX`]). At most `limit` events; `None` for all. A stream that does
    /// not exist is empty.
    fn read_stream(
        &self,
        stream: &StreamId,
        from: Version,
        direction: Direction,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<StoredEvent, ReadError>>;

    /// Shows `visitor` the events of a stream from version `from` on, that one included, until it answers
    /// [`ControlFlow::Break`]: what loading an aggregate asks for.
    ///
    /// As provided it reads the stream; a store that holds the events in memory spares the copies.
    ///
    /// # Errors
    /// [`ReadError`], the visitor's own among them.
    async fn visit_stream(&self, stream: &StreamId, from: Version, visitor: Visitor<'_>) -> Result<(), ReadError> {
        let mut events = self.read_stream(stream, from, Direction::Forward, None);
        while let Some(event) = events.next().await {
            if visitor(&event?)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Reads the events of the whole store that `filter` accepts, a [`Page`] at a time: forward those above `from` and
    /// up to the frontier, in the order of their positions; backward those below `from`, the newest first. At most
    /// `limit` events; `None` for all.
    ///
    /// Without a limit, the last page forward ends at the frontier, also where nothing is accepted: then it is empty. A
    /// page holds at most [`Page::EVENTS`] events, and [`Page::BYTES`] bytes of them unless it holds a single one.
    ///
    /// A checkpoint of another incarnation of the log is refused with [`ReadError::Restored`], unless all up to it is in
    /// today's log; a filter that [`limits::check_filter`](crate::limits::check_filter) refuses, with
    /// [`ReadError::Filter`]. Each is the only answer, here as in [`subscribe`](Self::subscribe).
    fn read_pages(
        &self,
        from: Checkpoint,
        direction: Direction,
        filter: &Filter,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<Page, ReadError>>;

    /// The events of [`read_pages`](Self::read_pages) forward, one by one.
    fn read_all(
        &self,
        after: Checkpoint,
        filter: &Filter,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<StoredEvent, ReadError>> {
        page::events(self.read_pages(after, Direction::Forward, filter, limit))
    }

    /// The frontier: the last event at or below which nothing can still appear, and the incarnation of the log. Its
    /// position never moves back within an incarnation.
    ///
    /// # Errors
    /// [`ReadError::Store`].
    async fn frontier(&self) -> Result<Checkpoint, ReadError>;

    /// Waits until the frontier is above `seen`, and gives it; at once when the log is of another incarnation.
    ///
    /// As provided it asks for the frontier again and again, after 5 ms at first and 250 ms at last (with tokio's
    /// timer); a store that knows better wakes up at once.
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

    /// Catches up with the events above `after` that `filter` accepts, and then goes on live, a [`Page`] at a time:
    /// every event exactly once, in the order of the positions. It ends only after an error.
    ///
    /// From the start with [`Checkpoint::START`]; from now with what [`frontier`](Self::frontier) gives. A page that
    /// ends at the frontier says that the reader has caught up; an empty page says how far it has looked.
    fn subscribe_pages(&self, after: Checkpoint, filter: &Filter) -> BoxStream<'_, Result<Page, ReadError>> {
        subscription::subscribe(self, after, filter.clone())
    }

    /// The events of [`subscribe_pages`](Self::subscribe_pages), one by one.
    fn subscribe(&self, after: Checkpoint, filter: &Filter) -> BoxStream<'_, Result<StoredEvent, ReadError>> {
        page::events(self.subscribe_pages(after, filter))
    }

    /// The stores that this one is made of, each with an order and an incarnation of its own; empty when it is its only
    /// partition. Order is promised within a partition, and a checkpoint is of one of them. A stream is in one partition, and
    /// an append that spans several is refused with [`AppendError::SpansPartitions`].
    ///
    /// A store with partitions takes appends and reads streams itself. There is no order over all of its events, so it answers
    /// with [`ReadError::Partitioned`] to what reads the log, gives its frontier or subscribes; who reads the log asks for the
    /// partitions first, and reads each. An idempotency key holds over all partitions, or is refused with
    /// [`KeysUnsupported`](AppendError::KeysUnsupported). A store that wraps another one wraps its partitions too.
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

    /// Sends an append again whose outcome could not be learnt, with the same event ids and the same keys: always safe. One
    /// that has keys and no events cannot be told from another one with the same keys: if it was stored, the answer is
    /// [`KeyTaken`](AppendError::KeyTaken) with its own outcome.
    ///
    /// # Errors
    /// [`Conflict`](AppendError::Conflict) and [`KeyTaken`](AppendError::KeyTaken) as [`append`](Self::append): they come from
    /// what is stored. Any other refusal says that nothing was appended this time, and nothing of the first: the answer is
    /// [`Unknown`](AppendError::Unknown) again then, with the same request and the refusal as its source.
    async fn resolve(&self, outcome: UnknownOutcome) -> Result<Vec<Appended>, AppendError> {
        let request = outcome.into_request();
        match self.append(request.clone()).await {
            Err(AppendError::Store(source)) => Err(UnknownOutcome::new(request, source).into()),
            Ok(appended) => Ok(appended),
            Err(error) if error.settles() || matches!(error, AppendError::Unknown(_)) => Err(error),
            Err(refusal) => {
                let source = StoreError::new(StoreErrorKind::Other, refusal);
                Err(UnknownOutcome::new(request, source).into())
            }
        }
    }

    /// What the store can do beyond events. A wrapper takes what the store inside can do apart, field by field, and says what it
    /// does with each: see [`Capabilities`].
    ///
    /// It answers the same as long as the store lives.
    fn capabilities(&self) -> Capabilities<'_>;

    /// The snapshots, where the store keeps any: the field of [`capabilities`](Self::capabilities). A store says it there, and
    /// does not write this method.
    fn snapshots(&self) -> Option<&dyn Snapshots> {
        self.capabilities().snapshots
    }
}

/// Forwards each method to the store inside, without a second box around its future.
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

    // Whole, as nothing stands before the store inside: there is no capability to be forgotten here.
    fn capabilities(&self) -> Capabilities<'_> {
        (**self).capabilities()
    }

    fn snapshots(&self) -> Option<&dyn Snapshots> {
        (**self).snapshots()
    }
}
