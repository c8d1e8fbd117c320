//! A store whose log is empty, for tests of what reaches a store and of what it answers.

use std::fmt::Debug;

use async_trait::async_trait;
use es_core::{
    AppendError, AppendRequest, Appended, Capabilities, Checkpoint, Direction, EventStore, Filter, Page, ReadError,
    StoredEvent, StreamId, Version,
};
use futures_core::stream::BoxStream;
use futures_util::{StreamExt, stream};

/// The answers of the store that a test is about; the others panic.
#[async_trait]
pub(crate) trait Answers: Debug + Send + Sync + 'static {
    async fn append(&self, request: AppendRequest) -> Result<Vec<Appended>, AppendError> {
        panic!("no test appends {request:?}")
    }

    fn read_pages(&self, _: Checkpoint) -> BoxStream<'_, Result<Page, ReadError>> {
        stream::empty().boxed()
    }

    fn subscribe_pages(&self, after: Checkpoint, _: &Filter) -> BoxStream<'_, Result<Page, ReadError>> {
        panic!("no test subscribes after {after:?}")
    }
}

/// The store.
#[derive(Clone, Debug, Default)]
pub(crate) struct EmptyLog<T>(pub(crate) T);

#[async_trait]
impl<T: Answers> EventStore for EmptyLog<T> {
    async fn append(&self, request: AppendRequest) -> Result<Vec<Appended>, AppendError> {
        self.0.append(request).await
    }

    fn read_stream(
        &self,
        _: &StreamId,
        _: Version,
        _: Direction,
        _: Option<usize>,
    ) -> BoxStream<'_, Result<StoredEvent, ReadError>> {
        stream::empty().boxed()
    }

    fn read_pages(
        &self,
        from: Checkpoint,
        _: Direction,
        _: &Filter,
        _: Option<usize>,
    ) -> BoxStream<'_, Result<Page, ReadError>> {
        self.0.read_pages(from)
    }

    async fn frontier(&self) -> Result<Checkpoint, ReadError> {
        Ok(Checkpoint::START)
    }

    fn subscribe_pages(&self, after: Checkpoint, filter: &Filter) -> BoxStream<'_, Result<Page, ReadError>> {
        self.0.subscribe_pages(after, filter)
    }

    fn capabilities(&self) -> Capabilities<'_> {
        Capabilities { read_models: None, snapshots: None }
    }
}
