//! The store in memory keeps every promise.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use es_contract::{Factory, FreshStore, Operation, Property, store_contract};
use es_core::{EventStore, Timestamp};
use es_memory::MemoryStore;

struct InMemory;

#[async_trait]
impl Factory for InMemory {
    async fn fresh(&self) -> Result<Box<dyn FreshStore>, es_contract::FactoryError> {
        let behind = Arc::new(AtomicI64::new(0));
        let by = Arc::clone(&behind);
        let clock = move || {
            let now = Timestamp::now();
            Timestamp::from_micros(now.as_micros() - by.load(Ordering::SeqCst)).unwrap_or(now)
        };
        Ok(Box::new(Fresh { store: MemoryStore::with_clock(clock), behind }))
    }

    fn properties(&self) -> &[Property] {
        &[Property::WakesWithoutPolling]
    }

    fn operations(&self) -> &[Operation] {
        &[Operation::Snapshots, Operation::Keys, Operation::ReadModels]
    }
}

struct Fresh {
    store: MemoryStore,
    /// How many microseconds its clock was set back.
    behind: Arc<AtomicI64>,
}

#[async_trait]
impl FreshStore for Fresh {
    async fn handle(&self) -> Result<Arc<dyn EventStore>, es_contract::FactoryError> {
        Ok(Arc::new(self.store.clone()))
    }

    fn open_readers(&self) -> usize {
        self.store.open_readers()
    }

    async fn put_clock_back(&self, by: Duration) -> Result<(), es_contract::FactoryError> {
        self.behind.fetch_add(i64::try_from(by.as_micros())?, Ordering::SeqCst);
        Ok(())
    }
}

store_contract!(InMemory);
