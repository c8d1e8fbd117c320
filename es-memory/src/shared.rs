//! The state that the clones of a store and its readers share.

use std::{
    fmt,
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicUsize, Ordering},
    },
};

use es_core::Timestamp;
use tokio::sync::watch;

use crate::{log::Log, read_models::ReadModelMap};

/// The log, its clock, its readers, and the read models.
pub(crate) struct Shared {
    log: RwLock<Log>,
    /// Has a lock of its own, so that appends do not wait for the steps of read models.
    read_models: RwLock<ReadModelMap>,
    pub(crate) clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    /// Wakes the tasks that wait for an append.
    pub(crate) wake: watch::Sender<()>,
    readers: AtomicUsize,
}

/// Counts as an open reader until it is dropped.
#[derive(Debug)]
pub(crate) struct OpenReader(Arc<Shared>);

impl OpenReader {
    pub(crate) fn new(shared: &Arc<Shared>) -> Self {
        shared.readers.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(shared))
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.0
    }
}

impl Drop for OpenReader {
    fn drop(&mut self) {
        self.0.readers.fetch_sub(1, Ordering::Relaxed);
    }
}

// A panic of another thread poisons the lock. What it guards is consistent all the same, since appends and steps decide before
// they write.
impl Shared {
    pub(crate) fn new(clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        let (log, read_models) = (RwLock::default(), RwLock::default());
        Self { log, read_models, clock: Box::new(clock), wake: watch::Sender::new(()), readers: AtomicUsize::new(0) }
    }

    /// Counts the open readers.
    pub(crate) fn readers(&self) -> usize {
        self.readers.load(Ordering::Relaxed)
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Log> {
        self.log.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, Log> {
        self.log.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn read_read_models(&self) -> RwLockReadGuard<'_, ReadModelMap> {
        self.read_models.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write_read_models(&self) -> RwLockWriteGuard<'_, ReadModelMap> {
        self.read_models.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Shared {
    fn default() -> Self {
        Self::new(Timestamp::now)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}
