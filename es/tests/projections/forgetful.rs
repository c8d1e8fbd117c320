//! A store that has forgotten the checkpoint of a read model when its owner claims it again, as it does after a lost answer.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use es::{
    AppendError, AppendRequest, Appended, Checkpoint, Direction, EventStore, Filter, Page, Position, ReadError,
    StoreError, StoreErrorKind, StoredEvent, StreamId, Version,
    store::{
        Capabilities, Claim, Claimed, ReadModelError, ReadModelId, ReadModelRequest, ReadModelStatus, ReadModelStep,
        ReadModels, StoredRow,
    },
};
use futures_core::stream::BoxStream;

#[derive(Debug)]
pub(crate) struct Forgetful {
    inner: Arc<dyn EventStore>,
    /// Whether it has taken a step.
    stepped: AtomicBool,
    /// The claim that the owner should have been given.
    real: Mutex<Option<Claim>>,
}

impl Forgetful {
    pub(crate) fn new(inner: Arc<dyn EventStore>) -> Self {
        Self { inner, stepped: AtomicBool::new(false), real: Mutex::default() }
    }

    fn inner(&self) -> Result<&dyn ReadModels, ReadModelError> {
        let none = || ReadModelError::Store(StoreError::new(StoreErrorKind::Misconfigured, "it keeps none"));
        self.inner.read_models().ok_or_else(none)
    }
}

#[async_trait]
impl EventStore for Forgetful {
    async fn append(&self, request: AppendRequest) -> Result<Vec<Appended>, AppendError> {
        self.inner.append(request).await
    }

    fn read_stream(
        &self,
        stream: &StreamId,
        from: Version,
        direction: Direction,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<StoredEvent, ReadError>> {
        self.inner.read_stream(stream, from, direction, limit)
    }

    fn read_pages(
        &self,
        from: Checkpoint,
        direction: Direction,
        filter: &Filter,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<Page, ReadError>> {
        self.inner.read_pages(from, direction, filter, limit)
    }

    async fn frontier(&self) -> Result<Checkpoint, ReadError> {
        self.inner.frontier().await
    }

    async fn changed(&self, seen: Checkpoint) -> Result<Checkpoint, ReadError> {
        self.inner.changed(seen).await
    }

    fn capabilities(&self) -> Capabilities<'_> {
        Capabilities { read_models: Some(self), snapshots: None }
    }
}

#[async_trait]
impl ReadModels for Forgetful {
    async fn claim(&self, model: &ReadModelId, owner: &str, lease: Duration) -> Result<Claimed, ReadModelError> {
        let mut claimed = self.inner()?.claim(model, owner, lease).await?;
        if let Claimed::Owned(claim) = &mut claimed
            && self.stepped.load(Ordering::SeqCst)
        {
            *self.real.lock().unwrap_or_else(PoisonError::into_inner) = Some(claim.clone());
            (claim.handled, claim.seen) = (Checkpoint::START, Checkpoint::START);
        }
        Ok(claimed)
    }

    async fn advance(&self, claim: &Claim, step: ReadModelStep) -> Result<(), ReadModelError> {
        self.stepped.store(true, Ordering::SeqCst);
        let real = self.real.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.inner()?.advance(real.as_ref().unwrap_or(claim), step).await
    }

    async fn rows(&self, model: &ReadModelId, keys: &[String]) -> Result<Vec<Option<Bytes>>, ReadModelError> {
        self.inner()?.rows(model, keys).await
    }

    async fn rows_after(
        &self,
        model: &ReadModelId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StoredRow>, ReadModelError> {
        self.inner()?.rows_after(model, after, limit).await
    }

    async fn statuses(&self) -> Result<Vec<ReadModelStatus>, ReadModelError> {
        self.inner()?.statuses().await
    }

    async fn ask(&self, model: &ReadModelId, request: ReadModelRequest) -> Result<(), ReadModelError> {
        self.inner()?.ask(model, request).await
    }

    async fn events_after(&self, after: Position) -> Result<u64, ReadModelError> {
        self.inner()?.events_after(after).await
    }
}
