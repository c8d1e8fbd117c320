//! Counts the open readers.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// How many readers are open. Clones count together.
#[derive(Clone, Debug, Default)]
pub(crate) struct OpenReaders(Arc<AtomicUsize>);

/// Counts as an open reader until it is dropped.
#[derive(Debug)]
pub(crate) struct OpenReader(Arc<AtomicUsize>);

impl OpenReaders {
    pub(crate) fn open(&self) -> OpenReader {
        self.0.fetch_add(1, Ordering::Relaxed);
        OpenReader(Arc::clone(&self.0))
    }

    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for OpenReader {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
