//! The contract refuses a store with several partitions.

use std::sync::Arc;

use async_trait::async_trait;
use es_contract::{BrokenPromise, Factory, FactoryError, FreshStore, Property, contract::PROMISES};
use es_core::{
    Append, AppendError, AppendRequest, Appended, Capabilities, Checkpoint, Direction, EventStore, Expected, Filter,
    Page, ReadError, StoredEvent, StreamId, Version,
};
use es_memory::MemoryStore;
use es_testing::FaultyStore;
use futures_core::stream::BoxStream;

/// A store with two partitions, whose operations go to the first one.
#[derive(Clone, Debug)]
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

    fn capabilities(&self) -> Capabilities<'_> {
        Capabilities { read_models: None, snapshots: None }
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

fn several() -> Several {
    Several([Arc::new(MemoryStore::new()), Arc::new(MemoryStore::new())])
}

#[async_trait]
impl FreshStore for Fresh {
    async fn handle(&self) -> Result<Arc<dyn EventStore>, FactoryError> {
        Ok(Arc::new(several()))
    }

    fn open_readers(&self) -> usize {
        0
    }
}

#[tokio::test]
async fn every_promise_refuses_a_store_with_partitions() {
    // The store declares neither snapshots nor keys nor read models, so those promises pass. The promises about memory run in a
    // child process.
    let others = ["snapshots", "keys", "read_models", "memory_use"];
    for promise in PROMISES.iter().filter(|promise| !others.contains(&promise.family)) {
        let broken = (promise.check)(&Stores).await.err().map(|broken| broken.to_string());
        assert!(broken.as_deref().is_some_and(|why| why.contains("2 partitions")), "{promise:?}: {broken:?}");
    }
}

#[tokio::test]
async fn a_faulty_store_fails_in_each_partition() -> Result<(), BrokenPromise> {
    let store = FaultyStore::new(several(), 1);
    assert_eq!(store.partitions().len(), 2);
    let append = Append::assertion(StreamId::new("account", "4711")?, Expected::NoStream);
    for (chance, fails) in [(0.0, false), (1.0, true)] {
        let store = store.clone().errors_before(chance);
        for partition in store.partitions() {
            let refused = partition.append(append.clone().into()).await;
            assert_eq!(matches!(&refused, Err(AppendError::Store(_))), fails, "{refused:?}");
        }
        let incarnations = [store.partitions()[0].frontier().await?, store.partitions()[1].frontier().await?];
        assert_ne!(incarnations[0], incarnations[1], "each partition has its own incarnation");
    }
    Ok(())
}
