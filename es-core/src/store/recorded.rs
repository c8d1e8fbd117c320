//! Stored events, as bytes and decoded.

use std::fmt;

use bytes::Bytes;
use uuid::Uuid;

use crate::{
    event::{
        EventName, EventSet, Metadata, SchemaVersion, Timestamp,
        decode::{self, Decoded},
    },
    store::{Position, ReadError, StreamId, Version},
};

/// An event as a store holds it: its stream, version, position and time, and its payload as bytes.
///
/// [`decode`](Self::decode) turns it into [`Recorded`] events. A store in memory creates it with
/// [`NewEvent::into_stored`](crate::NewEvent::into_stored), a store that reads it from its storage with [`at`](Self::at).
///
/// It serialises as an object with the names of its fields. The payload and the metadata are in it as they are stored,
/// and are not decoded for it:
///
/// ```
/// # use es_core::{EventName, Position, SchemaVersion, StoredEvent, StreamId, Timestamp, Version};
/// # use uuid::Uuid;
/// let stream = StreamId::new("account", "4711")?;
/// let stored = StoredEvent::at(stream, Version::FIRST, Position::new(7), Timestamp::UNIX_EPOCH).event(
///     Uuid::nil(),
///     EventName::from_static("account.deposited")?,
///     SchemaVersion::FIRST,
///     r#"{"amount":5.00}"#,
///     None,
/// );
/// assert_eq!(
///     serde_json::to_string(&stored)?,
///     r#"{"id":"00000000-0000-0000-0000-000000000000","stream":"account/4711","version":1,"position":7,"#.to_owned()
///         + r#""name":"account.deposited","schema_version":1,"payload":{"amount":5.00},"metadata":null,"#
///         + r#""recorded_at":"1970-01-01T00:00:00.000000Z"}"#
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
// A new field also needs, beside what the compiler reports: in es-postgres a migration (the table, `check_arguments`,
// `append`), `read/*.sql` and `read/row.rs`, and in `append/` `columns.rs`, `statement.rs`, `callers_statement.sql` and
// `TYPES` of `transaction.rs`; and a promise in `es-contract/src/promises/fields.rs`.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredEvent {
    /// The event's id.
    pub id: Uuid,
    /// The stream it belongs to.
    pub stream: StreamId,
    /// Its place in the stream.
    pub version: Version,
    /// Its place in the store.
    pub position: Position,
    /// The name it is stored under.
    pub name: EventName,
    /// The schema version of its payload.
    pub schema_version: SchemaVersion,
    /// The payload: JSON, byte for byte as it was appended.
    pub payload: Bytes,
    /// The metadata: JSON, byte for byte as it was appended; `None` when none was given.
    pub metadata: Option<Bytes>,
    /// When it was recorded, by the store's clock; never before the stream's previous event.
    pub recorded_at: Timestamp,
}

/// The place of a stored event, and when it was recorded: [`event`](Self::event) adds the event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "it is no event until `event`"]
pub struct StoredAt {
    stream: StreamId,
    version: Version,
    position: Position,
    recorded_at: Timestamp,
}

impl StoredAt {
    /// The event that is stored there, byte for byte as it was appended. Each argument has a type of its own, so none is
    /// mistaken for another, and none can be left out.
    pub fn event(
        self,
        id: Uuid,
        name: EventName,
        schema_version: SchemaVersion,
        payload: impl Into<Bytes>,
        metadata: Option<Bytes>,
    ) -> StoredEvent {
        let Self { stream, version, position, recorded_at } = self;
        let payload = payload.into();
        StoredEvent { id, stream, version, position, name, schema_version, payload, metadata, recorded_at }
    }
}

impl StoredEvent {
    /// The event at `version` of `stream` and at `position` of the log, which was recorded at `recorded_at`: for a store
    /// that reads it back. [`StoredAt::event`] adds what was appended.
    pub fn at(stream: StreamId, version: Version, position: Position, recorded_at: Timestamp) -> StoredAt {
        StoredAt { stream, version, position, recorded_at }
    }

    /// How many bytes its payload and metadata have.
    pub fn bytes(&self) -> usize {
        self.payload.len() + self.metadata.as_ref().map_or(0, Bytes::len)
    }

    /// Decodes the payload and passes each event that it became to `each`: one, or for a retired event none or many.
    ///
    /// # Errors
    /// [`ReadError::Decode`].
    pub fn decode_each<S: EventSet>(&self, mut each: impl FnMut(S)) -> Result<(), ReadError> {
        let Decoded { first, rest } = self.decoded()?;
        // Outside of the decoding, which catches panics: a panic of `each` reaches the caller.
        if let Some(event) = first {
            each(event);
        }
        rest.into_iter().for_each(each);
        Ok(())
    }

    fn decoded<S: EventSet>(&self) -> Result<Decoded<S>, ReadError> {
        let category = self.stream.category();
        let decoded = decode::events(category, &self.name, self.schema_version, &self.payload);
        decoded.map_err(|source| ReadError::Decode {
            stream: self.stream.clone(),
            version: self.version,
            position: self.position,
            name: self.name.clone(),
            schema_version: self.schema_version,
            source,
        })
    }

    /// Decodes the event with its metadata, into one [`Recorded`] for each event that it became.
    ///
    /// # Errors
    /// [`ReadError::Decode`] and [`ReadError::Damaged`].
    pub fn decode<S: EventSet>(&self) -> Result<Vec<Recorded<S>>, ReadError> {
        let (first, rest) = self.clone().into_parts()?;
        Ok(first.into_iter().chain(rest).collect())
    }

    /// As [`decode`](Self::decode), without a list for the usual single event.
    pub(crate) fn into_parts<S: EventSet>(self) -> Result<Parts<S>, ReadError> {
        let Decoded { first, rest } = self.decoded()?;
        let metadata = self.decode_metadata()?.unwrap_or_default();
        let rest = (1..).zip(rest).map(|(part, event)| self.clone().recorded(part, metadata.clone(), event)).collect();
        Ok((first.map(|event| self.recorded(0, metadata, event)), rest))
    }

    /// Decodes the metadata; `None` when none was given.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] when it is not a JSON object of [`Metadata`].
    pub fn decode_metadata(&self) -> Result<Option<Metadata>, ReadError> {
        let Some(json) = &self.metadata else { return Ok(None) };
        serde_json::from_slice(json).map(Some).map_err(|_| ReadError::Damaged {
            stream: self.stream.clone(),
            version: self.version,
            position: self.position,
            what: "its metadata is not a JSON object of metadata",
        })
    }

    fn recorded<S>(self, part: u32, metadata: Metadata, event: S) -> Recorded<S> {
        Recorded {
            id: self.id,
            stream: self.stream,
            version: self.version,
            position: self.position,
            part,
            recorded_at: self.recorded_at,
            metadata,
            event,
        }
    }
}

impl fmt::Debug for StoredEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Shows the length of the payload and not its bytes, since this may be logged.
        let Self { id, stream, version, position, name, schema_version, payload, metadata, recorded_at } = self;
        f.debug_struct("StoredEvent")
            .field("id", id)
            .field("stream", stream)
            .field("version", version)
            .field("position", position)
            .field("name", name)
            .field("schema_version", schema_version)
            .field("payload_bytes", &payload.len())
            .field("metadata_bytes", &metadata.as_ref().map(Bytes::len))
            .field("recorded_at", recorded_at)
            .finish()
    }
}

/// The first of the events that a stored event became, and the others.
pub(crate) type Parts<S> = (Option<Recorded<S>>, Vec<Recorded<S>>);

/// An event with its stream, version, position, id, time and metadata.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Recorded<E> {
    /// The event's id.
    pub id: Uuid,
    /// The stream it belongs to.
    pub stream: StreamId,
    /// Its place in the stream.
    pub version: Version,
    /// Its place in the store.
    pub position: Position,
    /// Its number, from 0, among the events that one retired event became, which all have the stored event's version and
    /// position; otherwise 0. A feed counts only the events that it lists.
    pub part: u32,
    /// When it was recorded, by the store's clock.
    pub recorded_at: Timestamp,
    /// The metadata that was appended with it; empty when there was none.
    pub metadata: Metadata,
    /// The event.
    pub event: E,
}

impl<E> Recorded<E> {
    /// Creates a recorded event for tests of code that handles them: with a nil id, part 0, no metadata, recorded at the Unix
    /// epoch. The fields are public, so that a test can set them.
    ///
    /// ```
    /// # use es_core::{Position, Recorded, StreamId, Timestamp, Version};
    /// let mut opened = Recorded::new(StreamId::new("account", "1")?, Version::FIRST, Position::new(7), "opened");
    /// opened.recorded_at = Timestamp::now();
    /// assert_eq!((opened.version.get(), opened.event), (1, "opened"));
    /// # Ok::<(), es_core::LimitError>(())
    /// ```
    pub fn new(stream: StreamId, version: Version, position: Position, event: E) -> Self {
        let (recorded_at, metadata) = (Timestamp::UNIX_EPOCH, Metadata::new());
        Self { id: Uuid::nil(), stream, version, position, part: 0, recorded_at, metadata, event }
    }

    /// Borrows the event and clones the rest.
    pub fn as_ref(&self) -> Recorded<&E> {
        let Self { id, stream, version, position, part, recorded_at, metadata, event } = self;
        let (stream, metadata) = (stream.clone(), metadata.clone());
        Recorded {
            id: *id,
            stream,
            version: *version,
            position: *position,
            part: *part,
            recorded_at: *recorded_at,
            metadata,
            event,
        }
    }

    /// Splits it into the event and the rest.
    pub fn split(self) -> (E, Recorded<()>) {
        let Self { id, stream, version, position, part, recorded_at, metadata, event } = self;
        (event, Recorded { id, stream, version, position, part, recorded_at, metadata, event: () })
    }

    /// Applies `change` to the event, such as `Into::into` to convert it to another event set.
    pub fn map<F>(self, change: impl FnOnce(E) -> F) -> Recorded<F> {
        let Self { id, stream, version, position, part, recorded_at, metadata, event } = self;
        Recorded { id, stream, version, position, part, recorded_at, metadata, event: change(event) }
    }
}
