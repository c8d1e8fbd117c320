//! How many readers are open.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A count of readers.
#[derive(Debug, Clone, Default)]
pub(crate) struct OpenReaders(Arc<AtomicUsize>);

/// One of them; not counted any more when it is dropped.
#[derive(Debug)]
pub(crate) struct OpenReader(OpenReaders);

impl OpenReaders {
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
