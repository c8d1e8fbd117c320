//! The contract is for one partition, and asks whether a store is one.

use std::sync::Arc;

use async_trait::async_trait;
use es_contract::{Factory, FactoryError, FreshStore, Property, contract::PROMISES};
use es_core::{
    AppendError, AppendRequest, Appended, Checkpoint, Direction, EventStore, Filter, Page, ReadError, StoredEvent,
    StreamId, Version,
};
use es_memory::MemoryStore;
use futures_core::stream::BoxStream;

/// A store that says it has a partition besides itself; all else it leaves to the first.
#[derive(Debug)]
struct Several([Arc<dyn EventStore>; 2]);

#[async_trait]
impl EventStore for Several {
    async fn append(&self, request: AppendRequest) -> Result<Vec<Appended>, AppendError> {
        self.0[0].append(request).await
    }

    fn read_stream(
        &self,
        stream: &StreamId,
        from: Version,
        direction: Direction,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<StoredEvent, ReadError>> {
        self.0[0].read_stream(stream, from, direction, limit)
    }

    fn read_pages(
        &self,
        from: Checkpoint,
        direction: Direction,
        filter: &Filter,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<Page, ReadError>> {
        self.0[0].read_pages(from, direction, filter, limit)
    }

    async fn frontier(&self) -> Result<Checkpoint, ReadError> {
        self.0[0].frontier().await
    }

    fn partitions(&self) -> &[Arc<dyn EventStore>] {
        &self.0
    }
}

struct Stores;

#[async_trait]
impl Factory for Stores {
    async fn fresh(&self) -> Result<Box<dyn FreshStore>, FactoryError> {
        Ok(Box::new(Fresh))
    }

    fn properties(&self) -> &[Property] {
        &[Property::Durable, Property::SeveralProcesses, Property::WakesWithoutPolling]
    }
}

struct Fresh;

#[async_trait]
impl FreshStore for Fresh {
    async fn handle(&self) -> Result<Arc<dyn EventStore>, FactoryError> {
        Ok(Arc::new(Several([Arc::new(MemoryStore::new()), Arc::new(MemoryStore::new())])))
    }

    fn open_readers(&self) -> usize {
        0
    }
}

#[tokio::test]
async fn no_promise_takes_several_partitions_for_one() {
    // the store keeps no snapshots, and is asked for none; the use of memory is asked in a process of its own
    for promise in PROMISES.iter().filter(|promise| !["snapshots", "memory_use"].contains(&promise.family)) {
        let broken = (promise.check)(&Stores).await.err().map(|broken| broken.to_string());
        assert!(broken.as_deref().is_some_and(|why| why.contains("2 partitions")), "{promise:?}: {broken:?}");
    }
}
