//! The append: events for streams, all or nothing.

use uuid::Uuid;

use crate::{
    event::Timestamp,
    store::{Checkpoint, Expected, NewEvent, Position, StreamId, Version},
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
#[non_exhaustive]
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
    /// The incarnation of the log that the positions are in; `None` from a store that reports none.
    pub incarnation: Option<Uuid>,
}

impl Appended {
    /// The answer to events: `stream` is at `version` with them, they are at `positions`, and were recorded at
    /// `recorded_at`. It is no repeat.
    ///
    /// ```
    /// # use es_core::{Appended, Checkpoint, Position, StreamId, Timestamp, Version};
    /// let (stream, positions) = (StreamId::new("account", "1")?, vec![Position::new(7), Position::new(8)]);
    /// let incarnation = uuid::Uuid::from_u128(1);
    /// let appended = Appended::new(stream, Version::new(2), positions, Timestamp::now()).with_incarnation(incarnation);
    /// assert_eq!((appended.first_version(), appended.repeated), (Version::FIRST, false));
    /// assert_eq!(appended.checkpoint(), Some(Checkpoint::new(incarnation, Position::new(8))));
    /// # Ok::<(), es_core::LimitError>(())
    /// ```
    pub fn new(stream: StreamId, version: Version, positions: Vec<Position>, recorded_at: Timestamp) -> Self {
        Self { stream, version, positions, recorded_at: Some(recorded_at), repeated: false, incarnation: None }
    }

    /// The answer to an append without events: `stream` is at `version`. It is no repeat.
    pub fn assertion(stream: StreamId, version: Version) -> Self {
        Self { stream, version, positions: Vec::new(), recorded_at: None, repeated: false, incarnation: None }
    }

    /// Sets whether the same events were there already, and this is the first answer again.
    #[must_use]
    pub fn with_repeated(self, repeated: bool) -> Self {
        Self { repeated, ..self }
    }

    /// Sets the incarnation of the log. Every store must report it with every answer; the contract tests it.
    #[must_use]
    pub fn with_incarnation(self, incarnation: Uuid) -> Self {
        Self { incarnation: Some(incarnation), ..self }
    }

    /// The checkpoint of the last event: a reader that goes on after it sees what was appended later. `None` for an
    /// append without events.
    pub fn checkpoint(&self) -> Option<Checkpoint> {
        let last = *self.positions.last()?;
        Some(self.incarnation.map_or_else(|| last.into(), |incarnation| Checkpoint::new(incarnation, last)))
    }

    /// The version of the first event.
    pub fn first_version(&self) -> Version {
        Version::new((self.version.get() + 1).saturating_sub(self.positions.len() as u64))
    }
}
