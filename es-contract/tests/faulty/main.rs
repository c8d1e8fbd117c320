//! The faulty store passes capabilities on, injects faults into them, and offers none where the inner store has none.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

mod read_models;
mod snapshots;

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use es_contract::{BrokenPromise, Factory, FactoryError, FreshStore, Operation, contract::PROMISES};
use es_core::{
    AppendError, AppendRequest, Appended, Capabilities, Checkpoint, Direction, EventStore, Filter, Page, ReadError,
    StoredEvent, StreamId, Timestamp, Version,
};
use es_memory::MemoryStore;
use es_testing::FaultyStore;
use futures_core::stream::BoxStream;

/// A store that offers events alone, around a store that offers more.
#[derive(Clone, Debug)]
struct EventsAlone(MemoryStore);

#[async_trait]
impl EventStore for EventsAlone {
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

    fn capabilities(&self) -> Capabilities<'_> {
        let Capabilities { read_models: _, snapshots: _ } = self.0.capabilities();
        Capabilities { read_models: None, snapshots: None }
    }
}

/// Makes faulty stores without any fault set, around a store with capabilities or without.
struct Harmless {
    capable: bool,
}

struct Fresh {
    store: Arc<dyn EventStore>,
    memory: MemoryStore,
    /// How many microseconds its clock was set back.
    behind: Arc<AtomicI64>,
}

#[async_trait]
impl Factory for Harmless {
    async fn fresh(&self) -> Result<Box<dyn FreshStore>, FactoryError> {
        let by = Arc::new(AtomicI64::new(0));
        let behind = Arc::clone(&by);
        let memory = MemoryStore::with_clock(move || {
            let now = Timestamp::now();
            Timestamp::from_micros(now.as_micros() - behind.load(Ordering::SeqCst)).unwrap_or(now)
        });
        let store: Arc<dyn EventStore> = if self.capable {
            Arc::new(FaultyStore::new(memory.clone(), 1))
        } else {
            Arc::new(FaultyStore::new(EventsAlone(memory.clone()), 1))
        };
        Ok(Box::new(Fresh { store, memory, behind: by }))
    }

    fn operations(&self) -> &[Operation] {
        if self.capable { &[Operation::Snapshots, Operation::ReadModels] } else { &[] }
    }
}

#[async_trait]
impl FreshStore for Fresh {
    async fn handle(&self) -> Result<Arc<dyn EventStore>, FactoryError> {
        Ok(Arc::clone(&self.store))
    }

    fn open_readers(&self) -> usize {
        self.memory.open_readers()
    }

    async fn put_clock_back(&self, by: Duration) -> Result<(), FactoryError> {
        self.behind.fetch_add(i64::try_from(by.as_micros())?, Ordering::SeqCst);
        Ok(())
    }
}

/// Checks the promises of the family behind a faulty store, around a store with the capability and around one without.
async fn passes_on(family: &str) -> Result<(), BrokenPromise> {
    let promises: Vec<_> = PROMISES.iter().filter(|promise| promise.family == family).collect();
    assert!(promises.len() > 10);
    for (promise, capable) in promises.iter().flat_map(|promise| [(promise, true), (promise, false)]) {
        (promise.check)(&Harmless { capable }).await?;
    }
    Ok(())
}
