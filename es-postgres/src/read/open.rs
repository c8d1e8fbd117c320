//! How many readers are open.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A count of readers.
#[derive(Debug, Clone, Default)]
pub(crate) struct OpenReaders(Arc<AtomicUsize>);

/// One of them; not counted any more when it is dropped.
#[derive(Debug)]
pub(crate) struct Open(OpenReaders);

impl OpenReaders {
    pub(crate) fn open(&self) -> Open {
        self.0.fetch_add(1, Ordering::Relaxed);
        Open(self.clone())
    }

    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}
