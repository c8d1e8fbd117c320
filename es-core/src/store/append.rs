//! The append: events for streams, all or nothing.

use crate::{
    event::Timestamp,
    store::{Expected, NewEvent, Position, StreamId, Version},
};

/// Events for one stream, and the version they were decided on.
///
/// Without events it only asserts the stream's version, in the same transaction as the other appends of the request. This
/// protects a decision that read two aggregates.
///
/// ```
/// # use es_core::*;
/// # async fn example(store: &dyn EventStore, transfer: NewEvent) -> Result<(), Box<dyn std::error::Error>> {
/// let (from, to) = (StreamId::new("account", "1")?, StreamId::new("account", "2")?);
/// let appended = store
///     .append(AppendRequest::new([
///         Append::new(from, Expected::Exact(Version::new(7)), vec![transfer]),
///         Append::assertion(to, Expected::Exists),
///     ]))
///     .await?;
/// assert_eq!(appended[0].version, 8);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Append {
    /// The stream.
    pub stream: StreamId,
    /// The version that the stream must have.
    pub expected: Expected,
    /// The events, in order; empty to only assert the version.
    pub events: Vec<NewEvent>,
}

impl Append {
    /// Appends `events` to `stream` if its version is `expected`.
    pub fn new(stream: StreamId, expected: Expected, events: Vec<NewEvent>) -> Self {
        Self { stream, expected, events }
    }

    /// Only asserts that the version of `stream` is `expected`.
    pub fn assertion(stream: StreamId, expected: Expected) -> Self {
        Self::new(stream, expected, Vec::new())
    }
}

/// The result of one [`Append`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "storage crates make it; a new field has to reach each of them")]
pub struct Appended {
    /// The stream.
    pub stream: StreamId,
    /// The stream's version after the append: the version of its last event, or for an assertion the version that the store
    /// found.
    pub version: Version,
    /// The position of each event, in order.
    pub positions: Vec<Position>,
    /// When the events were recorded; `None` for an assertion.
    pub recorded_at: Option<Timestamp>,
    /// Whether the same events were appended before, so that this is the first answer again.
    pub repeated: bool,
}

impl Appended {
    /// The version of the first event.
    pub fn first_version(&self) -> Version {
        Version::new((self.version.get() + 1).saturating_sub(self.positions.len() as u64))
    }
}
