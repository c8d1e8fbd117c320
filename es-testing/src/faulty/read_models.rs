//! Read models that fail on purpose.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use es_core::{
    Claim, Claimed, EventStore, Position, ReadModelError, ReadModelId, ReadModelRequest, ReadModelStatus,
    ReadModelStep, ReadModels, StoreError, StoreErrorKind, StoredRow,
};

use super::FaultyStore;

impl<S: EventStore> FaultyStore<S> {
    /// The read models of the inner store. [`EventStore::capabilities`] offers them only where there are any.
    fn inner_read_models(&self) -> Result<&dyn ReadModels, ReadModelError> {
        self.store.read_models().ok_or_else(|| {
            let error = StoreError::new(StoreErrorKind::Misconfigured, "the inner store keeps no read models");
            ReadModelError::Store(error)
        })
    }
}

/// Reading rows, statuses and counts fails with the chance of [`read_errors`](FaultyStore::read_errors); claims, steps and requests
/// fail with the chances of an append. If the answer is lost, a claim may be granted, a step taken or a request done, or not.
#[async_trait]
impl<S: EventStore> ReadModels for FaultyStore<S> {
    async fn claim(&self, model: &ReadModelId, owner: &str, lease: Duration) -> Result<Claimed, ReadModelError> {
        let claiming = self.inner_read_models()?.claim(model, owner, lease);
        self.writing("the claim", claiming, ReadModelError::Store).await
    }

    async fn advance(&self, claim: &Claim, step: ReadModelStep) -> Result<(), ReadModelError> {
        let advancing = self.inner_read_models()?.advance(claim, step);
        self.writing("the step", advancing, ReadModelError::Store).await
    }

    async fn rows(&self, model: &ReadModelId, keys: &[String]) -> Result<Vec<Option<Bytes>>, ReadModelError> {
        let finding = self.inner_read_models()?.rows(model, keys);
        self.reading("the rows", finding, ReadModelError::Store).await
    }

    async fn rows_after(
        &self,
        model: &ReadModelId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StoredRow>, ReadModelError> {
        let finding = self.inner_read_models()?.rows_after(model, after, limit);
        self.reading("the page of rows", finding, ReadModelError::Store).await
    }

    async fn statuses(&self) -> Result<Vec<ReadModelStatus>, ReadModelError> {
        let finding = self.inner_read_models()?.statuses();
        self.reading("the list of read models", finding, ReadModelError::Store).await
    }

    async fn ask(&self, model: &ReadModelId, request: ReadModelRequest) -> Result<(), ReadModelError> {
        let asking = self.inner_read_models()?.ask(model, request);
        self.writing("the request", asking, ReadModelError::Store).await
    }

    async fn events_after(&self, after: Position) -> Result<u64, ReadModelError> {
        let counting = self.inner_read_models()?.events_after(after);
        self.reading("the count of events", counting, ReadModelError::Store).await
    }
}
