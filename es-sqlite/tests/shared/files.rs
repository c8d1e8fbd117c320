//! Stores in files, for the contract: every handle is a store of its own on one file.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use es_contract::{Factory, FactoryError, FreshStore, Operation, Property};
use es_core::{EventStore, Timestamp};
use es_sqlite::{SqliteStore, Synchronous};
use tempfile::TempDir;

/// New files whose stores have this setting.
pub(crate) struct InFiles(pub(crate) Synchronous);

#[async_trait]
impl Factory for InFiles {
    async fn fresh(&self) -> Result<Box<dyn FreshStore>, FactoryError> {
        let folder = tempfile::tempdir()?;
        Ok(Box::new(Fresh {
            synchronous: self.0,
            path: folder.path().join("log.db"),
            _folder: folder,
            handles: Mutex::default(),
            behind: Arc::default(),
        }))
    }

    async fn join(&self, address: &str) -> Result<Arc<dyn EventStore>, FactoryError> {
        Ok(Arc::new(SqliteStore::builder(address).synchronous(self.0).open().await?))
    }

    fn properties(&self) -> &[Property] {
        &[Property::Durable, Property::SeveralProcesses]
    }

    fn operations(&self) -> &[Operation] {
        &[Operation::Snapshots, Operation::Keys, Operation::ReadModels]
    }
}

/// A new file; every handle is a new store with its own connections.
struct Fresh {
    synchronous: Synchronous,
    path: PathBuf,
    _folder: TempDir,
    handles: Mutex<Vec<SqliteStore>>,
    /// How many microseconds the clock was set back.
    behind: Arc<AtomicI64>,
}

impl Fresh {
    async fn open(&self) -> Result<Arc<dyn EventStore>, FactoryError> {
        let behind = Arc::clone(&self.behind);
        let clock = move || {
            let now = Timestamp::now();
            Timestamp::from_micros(now.as_micros() - behind.load(Ordering::SeqCst)).unwrap_or(now)
        };
        let store = SqliteStore::builder(&self.path).synchronous(self.synchronous).clock(clock).open().await?;
        self.handles.lock().unwrap_or_else(PoisonError::into_inner).push(store.clone());
        Ok(Arc::new(store))
    }
}

#[async_trait]
impl FreshStore for Fresh {
    async fn handle(&self) -> Result<Arc<dyn EventStore>, FactoryError> {
        self.open().await
    }

    async fn reopened(&self) -> Result<Arc<dyn EventStore>, FactoryError> {
        let handles = std::mem::take(&mut *self.handles.lock().unwrap_or_else(PoisonError::into_inner));
        for handle in &handles {
            handle.close().await;
        }
        self.open().await
    }

    fn address(&self) -> Option<String> {
        self.path.to_str().map(str::to_owned)
    }

    fn open_readers(&self) -> usize {
        self.handles.lock().unwrap_or_else(PoisonError::into_inner).iter().map(SqliteStore::open_readers).sum()
    }

    async fn put_clock_back(&self, by: Duration) -> Result<(), FactoryError> {
        self.behind.fetch_add(i64::try_from(by.as_micros())?, Ordering::SeqCst);
        Ok(())
    }
}
