//! A store that wraps another one does not implement `capabilities`.

use std::sync::Arc;

use async_trait::async_trait;
use es::{
    AppendError, AppendRequest, Appended, Checkpoint, Direction, EventStore, Filter, Page, ReadError, StoredEvent,
    StreamId, Version,
};
use futures_core::stream::BoxStream;

#[derive(Debug)]
struct Watched(Arc<dyn EventStore>);

#[async_trait]
impl EventStore for Watched {
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
}

fn main() {}
