//! The append: events for streams, all or nothing.

use crate::{
    event::Timestamp,
    store::{Expected, NewEvent, Position, StreamId, Version},
};

/// Events for one stream, and the version they were decided on.
///
/// Without events it only asserts the stream's version, in the same transaction as its neighbours: that is how
/// a decision that looked at two aggregates is protected.
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
    /// The events, in order; none to only assert the version.
    pub events: Vec<NewEvent>,
}

impl Append {
    /// `events` for `stream`, if it is as `expected`.
    pub fn new(stream: StreamId, expected: Expected, events: Vec<NewEvent>) -> Self {
        Self { stream, expected, events }
    }

    /// Nothing but the assertion that `stream` is as `expected`.
    pub fn assertion(stream: StreamId, expected: Expected) -> Self {
        Self::new(stream, expected, Vec::new())
    }
}

/// What became of one [`Append`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "storage crates make it; a new field has to reach each of them")]
pub struct Appended {
    /// The stream.
    pub stream: StreamId,
    /// The stream's version with these events: the version of the last of them, or for an assertion the version
    /// that was found.
    pub version: Version,
    /// The position of each event, in order.
    pub positions: Vec<Position>,
    /// When the events were recorded; `None` for an assertion.
    pub recorded_at: Option<Timestamp>,
    /// Whether the same events were there already, and this is the first answer again.
    pub repeated: bool,
}

impl Appended {
    /// The version of the first event.
    pub fn first_version(&self) -> Version {
        Version::new((self.version.get() + 1).saturating_sub(self.positions.len() as u64))
    }
}
