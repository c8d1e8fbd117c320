//! The store that fails on purpose keeps the promise of a busy store.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use es_contract::{BrokenPromise, Factory, FactoryError, FreshStore, contract::PROMISES};
use es_core::{Append, AppendError, EventStore, Expected, StoreErrorKind, StreamId};
use es_memory::MemoryStore;
use es_testing::FaultyStore;

/// Makes stores that refuse every second append as busy.
#[derive(Default)]
struct Busy(AtomicU64);

struct Fresh(FaultyStore<MemoryStore>);

fn store(seed: u64) -> FaultyStore<MemoryStore> {
    FaultyStore::new(MemoryStore::new(), seed).busy(0.5)
}

#[async_trait]
impl Factory for Busy {
    async fn fresh(&self) -> Result<Box<dyn FreshStore>, FactoryError> {
        Ok(Box::new(Fresh(store(self.0.fetch_add(1, Ordering::Relaxed)))))
    }
}

#[async_trait]
impl FreshStore for Fresh {
    async fn handle(&self) -> Result<Arc<dyn EventStore>, FactoryError> {
        Ok(Arc::new(self.0.clone()))
    }

    fn open_readers(&self) -> usize {
        self.0.clone().into_inner().open_readers()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_refused_as_busy_is_not_stored_and_can_be_sent_again() -> Result<(), BrokenPromise> {
    let promises: Vec<_> = PROMISES.iter().filter(|promise| promise.family == "busy").collect();
    assert_eq!(promises.len(), 1);
    for promise in promises {
        (promise.check)(&Busy::default()).await?;
    }
    Ok(())
}

#[tokio::test]
async fn appends_are_refused_as_busy_with_the_given_chance() -> Result<(), BrokenPromise> {
    let (store, stream) = (store(1), StreamId::new("account", "4711")?);
    let mut busy = 0;
    for _ in 0..200 {
        match store.append(Append::assertion(stream.clone(), Expected::NoStream).into()).await {
            Err(AppendError::Store(error)) if error.kind() == StoreErrorKind::Busy => busy += 1,
            answer => drop(answer?),
        }
    }
    assert!((60..140).contains(&busy), "{busy}");
    Ok(())
}
