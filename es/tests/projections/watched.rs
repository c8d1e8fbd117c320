//! A store that counts what is read from its log, fails when a test wants it, and can be exchanged for another one.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use async_trait::async_trait;
use es::{
    AppendError, AppendRequest, Appended, Checkpoint, Direction, EventStore, Filter, Page, ReadError, StoreError,
    StoreErrorKind, StoredEvent, StreamId, Version, store::Capabilities,
};
use futures_core::stream::BoxStream;
use futures_util::{StreamExt, stream};
use tokio::sync::Notify;

/// A store that is watched. A clone is the same store.
#[derive(Clone, Debug)]
pub(crate) struct Watched(Arc<State>);

#[derive(Debug)]
struct State {
    inner: Mutex<&'static Arc<dyn EventStore>>,
    subscriptions: AtomicUsize,
    events: AtomicUsize,
    /// The answers to the next subscriptions.
    failures: Mutex<Vec<StoreErrorKind>>,
    /// Whether every read is refused.
    closed: AtomicBool,
    cut: Notify,
}

impl Watched {
    pub(crate) fn new(inner: &Arc<dyn EventStore>) -> Self {
        Self(Arc::new(State {
            inner: Mutex::new(leaked(inner)),
            subscriptions: AtomicUsize::new(0),
            events: AtomicUsize::new(0),
            failures: Mutex::default(),
            closed: AtomicBool::new(false),
            cut: Notify::new(),
        }))
    }

    /// How often a reader subscribed, and how many events all readers of the log received.
    pub(crate) fn reads(&self) -> (usize, usize) {
        (self.0.subscriptions.load(Ordering::SeqCst), self.0.events.load(Ordering::SeqCst))
    }

    /// Makes the next subscriptions fail so, and ends those that there are.
    pub(crate) fn fail(&self, failures: &[StoreErrorKind]) {
        self.0.failures.lock().unwrap_or_else(PoisonError::into_inner).extend(failures);
        self.0.cut.notify_waiters();
    }

    /// Refuses every read from now on, and ends the subscriptions that there are.
    pub(crate) fn close(&self) {
        self.0.closed.store(true, Ordering::SeqCst);
        self.fail(&[StoreErrorKind::Closed]);
    }

    /// Exchanges the store for another one, as a restore does, and ends the subscriptions.
    pub(crate) fn exchange(&self, other: &Arc<dyn EventStore>) {
        *self.0.inner.lock().unwrap_or_else(PoisonError::into_inner) = leaked(other);
        self.0.cut.notify_waiters();
    }

    fn counted<'a>(&'a self, pages: BoxStream<'a, Result<Page, ReadError>>) -> BoxStream<'a, Result<Page, ReadError>> {
        let counted = pages.inspect(|page| {
            if let Ok(page) = page {
                self.0.events.fetch_add(page.events.len(), Ordering::SeqCst);
            }
        });
        counted.boxed()
    }

    fn inner(&self) -> &'static Arc<dyn EventStore> {
        *self.0.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// So that streams can borrow a store that is exchanged.
fn leaked(store: &Arc<dyn EventStore>) -> &'static Arc<dyn EventStore> {
    Box::leak(Box::new(Arc::clone(store)))
}

fn failed(kind: StoreErrorKind) -> ReadError {
    ReadError::Store(StoreError::new(kind, "on purpose"))
}

#[async_trait]
impl EventStore for Watched {
    async fn append(&self, request: AppendRequest) -> Result<Vec<Appended>, AppendError> {
        self.inner().append(request).await
    }

    fn read_stream(
        &self,
        stream: &StreamId,
        from: Version,
        direction: Direction,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<StoredEvent, ReadError>> {
        self.inner().read_stream(stream, from, direction, limit)
    }

    fn read_pages(
        &self,
        from: Checkpoint,
        direction: Direction,
        filter: &Filter,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<Page, ReadError>> {
        if self.0.closed.load(Ordering::SeqCst) {
            return stream::iter([Err(failed(StoreErrorKind::Closed))]).boxed();
        }
        self.counted(self.inner().read_pages(from, direction, filter, limit))
    }

    async fn frontier(&self) -> Result<Checkpoint, ReadError> {
        self.inner().frontier().await
    }

    fn subscribe_pages(&self, after: Checkpoint, filter: &Filter) -> BoxStream<'_, Result<Page, ReadError>> {
        self.0.subscriptions.fetch_add(1, Ordering::SeqCst);
        let mut failures = self.0.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if !failures.is_empty() {
            let failure = failed(failures.remove(0));
            return stream::iter([Err(failure)]).boxed();
        }
        let counted = self.counted(self.inner().subscribe_pages(after, filter));
        let cut = stream::once(self.0.cut.notified()).map(|()| Err(failed(StoreErrorKind::Unavailable)));
        stream::select(counted, cut).boxed()
    }

    fn capabilities(&self) -> Capabilities<'_> {
        Capabilities { read_models: None, snapshots: None }
    }
}
