//! The limits of one batch.

use es_core::limits;

/// The highest setting for the events of a batch.
const MAX_EVENTS: usize = 10_000;

/// How much the writer sends to the server in one batch, for [`PostgresBuilder::batch_limits`].
///
/// A single append may be larger. One with more bytes is sent over its own connection, so that others do not wait for its
/// transfer.
///
/// ```
/// use es_postgres::{BatchLimits, PostgresStore};
///
/// let limits = BatchLimits::new().with_bytes(1024 * 1024).with_events(500);
/// let builder = PostgresStore::builder("postgres://localhost/bank").batch_limits(limits);
/// ```
///
/// [`PostgresBuilder::batch_limits`]: crate::PostgresBuilder::batch_limits
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "limits do nothing until they are given to a builder"]
pub struct BatchLimits {
    pub(super) bytes: usize,
    pub(super) events: usize,
    /// The server holds one lock for each stream.
    pub(super) streams: usize,
}

impl BatchLimits {
    /// The defaults: 4 MiB, 2,000 events and 1,000 streams. See [`BatchLimits`] for an example.
    pub fn new() -> Self {
        Self { bytes: 4 * 1024 * 1024, events: 2_000, streams: 1_000 }
    }

    /// Sets the bytes of a batch, at most 64 MiB: more is taken for that.
    ///
    /// ```
    /// # use es_postgres::BatchLimits;
    /// assert_eq!(BatchLimits::new().with_bytes(usize::MAX), BatchLimits::new().with_bytes(64 * 1024 * 1024));
    /// ```
    pub fn with_bytes(self, bytes: usize) -> Self {
        Self { bytes: bytes.min(limits::APPEND_BYTES), ..self }
    }

    /// Sets the events of a batch, at most 10,000: more is taken for that.
    ///
    /// ```
    /// # use es_postgres::BatchLimits;
    /// assert_eq!(BatchLimits::new().with_events(usize::MAX), BatchLimits::new().with_events(10_000));
    /// ```
    pub fn with_events(self, events: usize) -> Self {
        Self { events: events.min(MAX_EVENTS), ..self }
    }

    /// Sets the streams of a batch, at most 1,000: more is taken for that.
    ///
    /// ```
    /// # use es_postgres::BatchLimits;
    /// assert_eq!(BatchLimits::new().with_streams(usize::MAX), BatchLimits::new().with_streams(1_000));
    /// ```
    pub fn with_streams(self, streams: usize) -> Self {
        Self { streams: streams.min(limits::EVENTS), ..self }
    }
}

impl Default for BatchLimits {
    fn default() -> Self {
        Self::new()
    }
}
