//! Counts open readers.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// The number of open readers.
#[derive(Debug, Clone, Default)]
pub(crate) struct OpenReaders(Arc<AtomicUsize>);

/// An open reader; dropping it lowers the count.
#[derive(Debug)]
pub(crate) struct OpenReader(OpenReaders);

impl OpenReaders {
    /// Counts one more reader, until the returned guard is dropped.
    pub(crate) fn register(&self) -> OpenReader {
        self.0.fetch_add(1, Ordering::Relaxed);
        OpenReader(self.clone())
    }

    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for OpenReader {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}
