//! The limits of one batch.

use es_core::limits;

/// The highest setting for the events of a batch.
const MAX_EVENTS: usize = 10_000;

/// How much the writer appends in one transaction, for [`SqliteBuilder::batch_limits`](crate::SqliteBuilder::batch_limits). A
/// single append may be larger.
///
/// ```
/// use es_sqlite::{BatchLimits, SqliteStore};
///
/// let limits = BatchLimits::new().with_bytes(1024 * 1024).with_events(500);
/// let builder = SqliteStore::builder("bank.db").batch_limits(limits);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "limits do nothing until they are given to a builder"]
pub struct BatchLimits {
    pub(super) bytes: usize,
    pub(super) events: usize,
}

impl BatchLimits {
    /// The defaults: 4 MiB and 2,000 events. See [`BatchLimits`] for an example.
    pub fn new() -> Self {
        Self { bytes: 4 * 1024 * 1024, events: 2_000 }
    }

    /// Sets the bytes of a batch, at most 64 MiB: more is taken for that.
    ///
    /// ```
    /// # use es_sqlite::BatchLimits;
    /// assert_eq!(BatchLimits::new().with_bytes(usize::MAX), BatchLimits::new().with_bytes(64 * 1024 * 1024));
    /// ```
    pub fn with_bytes(self, bytes: usize) -> Self {
        Self { bytes: bytes.min(limits::APPEND_BYTES), ..self }
    }

    /// Sets the events of a batch, at most 10,000: more is taken for that.
    ///
    /// ```
    /// # use es_sqlite::BatchLimits;
    /// assert_eq!(BatchLimits::new().with_events(usize::MAX), BatchLimits::new().with_events(10_000));
    /// ```
    pub fn with_events(self, events: usize) -> Self {
        Self { events: events.min(MAX_EVENTS), ..self }
    }
}

impl Default for BatchLimits {
    fn default() -> Self {
        Self::new()
    }
}
