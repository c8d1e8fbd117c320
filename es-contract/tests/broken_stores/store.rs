//! The broken store: a store in memory with one fault, and its factory.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use bytes::Bytes;
use es_contract::{Factory, FreshStore, Operation, Property, promises::Sample};
use es_core::{
    AppendError, AppendRequest, Appended, AsOf, Capabilities, Checkpoint, Claim, Claimed, Direction, EncodeError,
    EventStore, Filter, LimitError, Metadata, NewEvent, Page, Position, ReadError, ReadModelError, ReadModelId,
    ReadModelRequest, ReadModelStatus, ReadModelStep, ReadModels, SnapshotError, Snapshots, StoredEvent, StoredRow,
    StoredSnapshot, StreamId, Timestamp, UnknownOutcome, Version, Visitor,
};
use es_memory::MemoryStore;
use futures_core::stream::BoxStream;

use crate::{
    append, encoding,
    fault::Fault,
    pages, read,
    read_models::{self, ReadModelFault, Remembered},
    snapshots, subscribe,
};

/// The state that the handles of one broken store share.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// A counter for the use of a fault.
    pub(crate) count: AtomicU64,
    /// Readers that a fault keeps open.
    pub(crate) kept: AtomicUsize,
    /// Events that are hidden from readers until the given time.
    pub(crate) hidden: Mutex<HashMap<Position, Instant>>,
    /// The snapshots of stores with a fault about snapshots.
    pub(crate) snapshots: Mutex<Vec<StoredSnapshot>>,
    /// What the faults of read models remember.
    pub(crate) read_models: Remembered,
    /// The keys that a fault remembers.
    pub(crate) keys: Mutex<HashSet<String>>,
    /// Locks of the faults that lock keys or streams, by name.
    pub(crate) locks: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    /// By how many microseconds the clock was put back.
    behind: AtomicI64,
    /// The times of the clock at the appends, for the faults about recorded times.
    pub(crate) times: Mutex<HashMap<Position, Timestamp>>,
}

impl Shared {
    pub(crate) fn next(&self) -> u64 {
        self.count.fetch_add(1, Ordering::Relaxed)
    }

    /// The time of the store's clock.
    pub(crate) fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        Timestamp::from_micros(now.as_micros() - self.behind.load(Ordering::SeqCst)).unwrap_or(now)
    }
}

/// The broken store without its subscriptions, which read through it.
#[derive(Clone, Debug)]
pub(crate) struct Reads {
    pub(crate) inner: MemoryStore,
    pub(crate) fault: Fault,
    pub(crate) shared: Arc<Shared>,
}

#[async_trait]
impl EventStore for Reads {
    async fn append(&self, request: AppendRequest) -> Result<Vec<Appended>, AppendError> {
        append::append(self, request).await
    }

    fn read_stream(
        &self,
        stream: &StreamId,
        from: Version,
        direction: Direction,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<StoredEvent, ReadError>> {
        read::read_stream(self, stream, from, direction, limit)
    }

    async fn visit_stream(&self, stream: &StreamId, from: Version, visitor: Visitor<'_>) -> Result<(), ReadError> {
        read::visit_stream(self, stream, from, visitor).await
    }

    fn read_pages(
        &self,
        from: Checkpoint,
        direction: Direction,
        filter: &Filter,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<Page, ReadError>> {
        pages::read_pages(self, from, direction, filter, limit)
    }

    async fn frontier(&self) -> Result<Checkpoint, ReadError> {
        read::frontier(self).await
    }

    async fn changed(&self, seen: Checkpoint) -> Result<Checkpoint, ReadError> {
        read::changed(self, seen).await
    }

    fn capabilities(&self) -> Capabilities<'_> {
        let Capabilities { read_models, snapshots } = self.inner.capabilities();
        let hides_snapshots = matches!(self.fault, Fault::HidesItsSnapshots | Fault::HidesTheCapabilityOfSnapshots);
        let hides_read_models =
            matches!(self.fault, Fault::OfReadModels(ReadModelFault::HidesThem | ReadModelFault::HidesTheCapability));
        Capabilities {
            read_models: read_models.filter(|_| !hides_read_models).map(|_| self as &dyn ReadModels),
            snapshots: snapshots.filter(|_| !hides_snapshots).map(|_| self as &dyn Snapshots),
        }
    }

    fn read_models(&self) -> Option<&dyn ReadModels> {
        match self.fault {
            Fault::OfReadModels(ReadModelFault::HidesTheCapability) => Some(self),
            _ => self.capabilities().read_models,
        }
    }

    fn snapshots(&self) -> Option<&dyn Snapshots> {
        match self.fault {
            Fault::HidesTheCapabilityOfSnapshots => Some(self),
            _ => self.capabilities().snapshots,
        }
    }
}

#[async_trait]
impl Snapshots for Reads {
    async fn nearest(
        &self,
        stream: &StreamId,
        schema: &str,
        at: AsOf,
    ) -> Result<Option<StoredSnapshot>, SnapshotError> {
        snapshots::nearest(self, stream, schema, at).await
    }

    async fn store(&self, snapshot: StoredSnapshot) -> Result<(), SnapshotError> {
        snapshots::store(self, snapshot).await
    }
}

#[async_trait]
impl ReadModels for Reads {
    async fn claim(&self, model: &ReadModelId, owner: &str, lease: Duration) -> Result<Claimed, ReadModelError> {
        read_models::claim(self, model, owner, lease).await
    }

    async fn advance(&self, claim: &Claim, step: ReadModelStep) -> Result<(), ReadModelError> {
        read_models::advance(self, claim, step).await
    }

    async fn rows(&self, model: &ReadModelId, keys: &[String]) -> Result<Vec<Option<Bytes>>, ReadModelError> {
        read_models::rows(self, model, keys).await
    }

    async fn rows_after(
        &self,
        model: &ReadModelId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StoredRow>, ReadModelError> {
        read_models::rows_after(self, model, after, limit).await
    }

    async fn statuses(&self) -> Result<Vec<ReadModelStatus>, ReadModelError> {
        read_models::statuses(self).await
    }

    async fn ask(&self, model: &ReadModelId, request: ReadModelRequest) -> Result<(), ReadModelError> {
        read_models::ask(self, model, request).await
    }

    async fn events_after(&self, after: Position) -> Result<u64, ReadModelError> {
        read_models::events_after(self, after).await
    }
}

/// A store in memory with one fault.
#[derive(Clone, Debug)]
pub(crate) struct BrokenStore(Reads);

#[async_trait]
impl EventStore for BrokenStore {
    async fn append(&self, request: AppendRequest) -> Result<Vec<Appended>, AppendError> {
        self.0.append(request).await
    }

    fn read_stream(
        &self,
        stream: &StreamId,
        from: Version,
        direction: Direction,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<StoredEvent, ReadError>> {
        self.0.read_stream(stream, from, direction, limit)
    }

    async fn visit_stream(&self, stream: &StreamId, from: Version, visitor: Visitor<'_>) -> Result<(), ReadError> {
        self.0.visit_stream(stream, from, visitor).await
    }

    fn read_pages(
        &self,
        from: Checkpoint,
        direction: Direction,
        filter: &Filter,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<Page, ReadError>> {
        self.0.read_pages(from, direction, filter, limit)
    }

    async fn frontier(&self) -> Result<Checkpoint, ReadError> {
        self.0.frontier().await
    }

    async fn changed(&self, seen: Checkpoint) -> Result<Checkpoint, ReadError> {
        self.0.changed(seen).await
    }

    fn subscribe_pages(&self, after: Checkpoint, filter: &Filter) -> BoxStream<'_, Result<Page, ReadError>> {
        subscribe::subscribe_pages(&self.0, after, filter)
    }

    async fn resolve(&self, outcome: UnknownOutcome) -> Result<Vec<Appended>, AppendError> {
        let request = outcome.into_request();
        if self.0.fault == Fault::IgnoresKeysWhenResolved {
            return self.append(request.into_parts().0.into()).await;
        }
        match self.append(request.clone()).await {
            Err(AppendError::Store(source)) => Err(UnknownOutcome::new(request, source).into()),
            answer => answer,
        }
    }

    fn capabilities(&self) -> Capabilities<'_> {
        self.0.capabilities()
    }

    fn snapshots(&self) -> Option<&dyn Snapshots> {
        self.0.snapshots()
    }

    fn read_models(&self) -> Option<&dyn ReadModels> {
        self.0.read_models()
    }
}

/// Makes stores with one fault.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BrokenStoreFactory(pub(crate) Fault);

#[async_trait]
impl Factory for BrokenStoreFactory {
    async fn fresh(&self) -> Result<Box<dyn FreshStore>, es_contract::FactoryError> {
        let (fault, shared) = (self.0, Arc::new(Shared::default()));
        let clock = Arc::clone(&shared);
        let inner = match fault {
            Fault::OfReadModels(ReadModelFault::LeasesFollowTheClientsClock) => MemoryStore::new(),
            _ => MemoryStore::with_clock(move || clock.now()),
        };
        Ok(Box::new(Fresh(Reads { inner, fault, shared })))
    }

    fn properties(&self) -> &[Property] {
        match self.0 {
            Fault::ForgetsWhenReopened
            | Fault::StartsAgainWhenReopened
            | Fault::OfReadModels(ReadModelFault::StartsEpochsAnewWhenReopened) => {
                &[Property::WakesWithoutPolling, Property::Durable]
            }
            Fault::CannotBeJoined => &[Property::WakesWithoutPolling, Property::SeveralProcesses],
            _ => &[Property::WakesWithoutPolling],
        }
    }

    fn operations(&self) -> &[Operation] {
        match self.0 {
            Fault::PretendsToKeepSnapshots => &[Operation::Keys, Operation::ReadModels],
            Fault::PretendsToHoldKeys => &[Operation::Snapshots, Operation::ReadModels],
            Fault::OfReadModels(ReadModelFault::PretendsToKeepThem) => &[Operation::Snapshots, Operation::Keys],
            _ => &[Operation::Snapshots, Operation::Keys, Operation::ReadModels],
        }
    }
}

struct Fresh(Reads);

#[async_trait]
impl FreshStore for Fresh {
    async fn handle(&self) -> Result<Arc<dyn EventStore>, es_contract::FactoryError> {
        if self.0.fault == Fault::EachHandleHasItsOwnLog {
            let inner = if self.0.shared.next() == 0 { self.0.inner.clone() } else { MemoryStore::new() };
            return Ok(Arc::new(BrokenStore(Reads { inner, ..self.0.clone() })));
        }
        Ok(Arc::new(BrokenStore(self.0.clone())))
    }

    async fn reopened(&self) -> Result<Arc<dyn EventStore>, es_contract::FactoryError> {
        let inner = match self.0.fault {
            Fault::StartsAgainWhenReopened => append::copy_without_ids(&self.0.inner).await?,
            Fault::OfReadModels(ReadModelFault::StartsEpochsAnewWhenReopened) => {
                read_models::start_epochs_anew(&self.0).await;
                self.0.inner.clone()
            }
            _ => MemoryStore::new(),
        };
        Ok(Arc::new(BrokenStore(Reads { inner, ..self.0.clone() })))
    }

    fn open_readers(&self) -> usize {
        match self.0.fault {
            Fault::CountsNoReaders => 0,
            _ => self.0.inner.open_readers() + self.0.shared.kept.load(Ordering::Relaxed),
        }
    }

    async fn put_clock_back(&self, by: Duration) -> Result<(), es_contract::FactoryError> {
        self.0.shared.behind.fetch_add(i64::try_from(by.as_micros())?, Ordering::SeqCst);
        Ok(())
    }

    fn encode(&self, event: &Sample, metadata: Option<&Metadata>) -> Result<NewEvent, EncodeError> {
        encoding::encode(self.0.fault, event, metadata)
    }

    fn stream(&self, category: &str, id: &str) -> Result<StreamId, LimitError> {
        encoding::stream(self.0.fault, category, id)
    }
}
