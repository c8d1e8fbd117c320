//! The store in memory keeps every promise.

use std::sync::Arc;

use async_trait::async_trait;
use es_core::{EventStore, StoreError};
use es_memory::MemoryStore;
use es_testing::{Factory, FreshStore, Operation, Property, store_contract};

struct InMemory;

#[async_trait]
impl Factory for InMemory {
    async fn fresh(&self) -> Result<Box<dyn FreshStore>, StoreError> {
        Ok(Box::new(Fresh(MemoryStore::new())))
    }

    fn properties(&self) -> &[Property] {
        &[Property::WakesWithoutPolling]
    }

    fn operations(&self) -> &[Operation] {
        &[Operation::Snapshots]
    }
}

struct Fresh(MemoryStore);

#[async_trait]
impl FreshStore for Fresh {
    async fn handle(&self) -> Result<Arc<dyn EventStore>, StoreError> {
        Ok(Arc::new(self.0.clone()))
    }

    fn open_readers(&self) -> usize {
        self.0.open_readers()
    }
}

store_contract!(InMemory);
