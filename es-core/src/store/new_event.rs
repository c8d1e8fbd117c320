//! An event on its way into a store.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

use bytes::Bytes;
use uuid::Uuid;

use crate::{
    event::{
        AggregateEvent, EncodeError, EventName, Metadata, SchemaVersion, Timestamp,
        decode::{self, Decoded},
        encode,
        limits::{self, METADATA_BYTES, PAYLOAD_BYTES},
    },
    store::{Position, StoredEvent, StreamId, Version},
};

/// An event on its way into a store: encoded, within every limit, and known to decode again.
///
/// ```
/// # use es_core::*;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
/// # #[event(name = "account.deposited")]
/// # struct Deposited { amount: u64 }
/// # #[derive(Aggregate, Default, Debug)]
/// # #[aggregate(category = "account", id = String, events(Deposited))]
/// # struct Account { balance: u64 }
/// # #[es_core::apply]
/// # impl Account { fn deposited(&mut self, event: Deposited) { self.balance += event.amount; } }
/// let event = NewEvent::encode(&AccountEvent::from(Deposited { amount: 5 }), |_| {})?;
/// assert_eq!(event.payload(), r#"{"amount":5}"#);
/// assert_eq!(event.name(), &"account.deposited");
/// # Ok::<(), EncodeError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewEvent {
    id: Uuid,
    name: EventName,
    schema_version: SchemaVersion,
    payload: Bytes,
    metadata: Option<Bytes>,
}

impl NewEvent {
    /// Encodes `event` under a new id (UUIDv7), without metadata, and decodes it again, so that nothing is stored that
    /// could not be read back. Passes the decoded event to `decoded`.
    ///
    /// # Errors
    /// [`EncodeError`]: a limit, a value that JSON cannot hold, or a payload that does not decode.
    pub fn encode<S: AggregateEvent>(event: &S, decoded: impl FnOnce(S)) -> Result<Self, EncodeError> {
        let (Encoded { id, name, schema_version, payload }, stored) = Encoded::new(event)?;
        decoded(stored);
        Ok(Self { id, name, schema_version, payload: payload.into(), metadata: None })
    }

    /// Creates an event from a payload that is JSON already, such as one that is copied from another store.
    ///
    /// # Errors
    /// [`EncodeError`]: a limit, or a payload that is not JSON a store can give back.
    pub fn from_json(
        id: Uuid,
        name: EventName,
        schema_version: SchemaVersion,
        payload: impl Into<Bytes>,
    ) -> Result<Self, EncodeError> {
        let payload = payload.into();
        limits::check_length("payload", payload.len(), PAYLOAD_BYTES)?;
        encode::check_json(&payload)?;
        Ok(Self { id, name, schema_version, payload, metadata: None })
    }

    /// Replaces the id. A caller that appends the same ids again gets the first answer again.
    #[must_use]
    pub fn with_id(mut self, id: Uuid) -> Self {
        self.id = id;
        self
    }

    /// Sets the metadata.
    ///
    /// # Errors
    /// [`EncodeError`]: over 64 KiB, or a value that JSON cannot hold.
    pub fn with_metadata(self, metadata: &Metadata) -> Result<Self, EncodeError> {
        Ok(Self { metadata: Some(encode_metadata(metadata)?), ..self })
    }

    /// Turns it into the event as a store holds it, without a copy of its bytes.
    pub fn into_stored(
        self,
        stream: StreamId,
        version: Version,
        position: Position,
        recorded_at: Timestamp,
    ) -> StoredEvent {
        let Self { id, name, schema_version, payload, metadata } = self;
        StoredEvent::at(stream, version, position, recorded_at).event(id, name, schema_version, payload, metadata)
    }

    /// The id.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// The stored name.
    pub fn name(&self) -> &EventName {
        &self.name
    }

    /// The schema version of the payload.
    pub fn schema_version(&self) -> SchemaVersion {
        self.schema_version
    }

    /// The payload: JSON.
    pub fn payload(&self) -> &Bytes {
        &self.payload
    }

    /// The metadata: JSON, or `None` when none was given.
    pub fn metadata(&self) -> Option<&Bytes> {
        self.metadata.as_ref()
    }
}

/// An event that is encoded and may be appended more than once.
#[derive(Clone)]
pub(crate) struct Encoded {
    pub(crate) id: Uuid,
    pub(crate) name: EventName,
    schema_version: SchemaVersion,
    payload: Vec<u8>,
}

impl Encoded {
    /// Encodes `event` as [`NewEvent::encode`] does, and gives the decoded event, which is what a reader will see.
    pub(crate) fn new<S: AggregateEvent>(event: &S) -> Result<(Self, S), EncodeError> {
        let mut payload = Vec::with_capacity(128);
        // Unwind safe: after a panic of the event's own `Serialize` the payload is dropped.
        catch_unwind(AssertUnwindSafe(|| event.encode(&mut payload)))
            .unwrap_or_else(|_| Err(EncodeError::Panicked { name: event.name() }))?;
        limits::check_length("payload", payload.len(), PAYLOAD_BYTES)?;
        let name = EventName::from_static(event.name())?;
        let schema_version = event.schema_version();
        let encoded = Self { id: Uuid::now_v7(), name, schema_version, payload };
        let stored = encoded.read()?;
        Ok((encoded, stored))
    }

    /// Decodes the payload as a reader will.
    ///
    /// # Errors
    /// [`EncodeError::Unreadable`] and [`EncodeError::Retired`].
    pub(crate) fn read<S: AggregateEvent>(&self) -> Result<S, EncodeError> {
        let name = || self.name.clone();
        let category = S::CATEGORIES.first().copied().unwrap_or_default();
        match decode::events(category, &self.name, self.schema_version, &self.payload) {
            Err(source) => Err(EncodeError::Unreadable { name: name(), source }),
            Ok(Decoded { first: Some(event), rest }) if rest.is_empty() => Ok(event),
            Ok(_) => Err(EncodeError::Retired { name: name() }),
        }
    }

    /// Creates the event for an append. The payload is copied so that a store keeps only its bytes, and not the spare
    /// capacity of the buffer.
    pub(crate) fn to_new(&self, metadata: Option<Bytes>) -> NewEvent {
        let Self { id, name, schema_version, payload } = self;
        let payload = Bytes::copy_from_slice(payload);
        NewEvent { id: *id, name: name.clone(), schema_version: *schema_version, payload, metadata }
    }
}

impl fmt::Debug for NewEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Errors hold events, so this shows the length of the payload and not its bytes.
        let Self { id, name, schema_version, payload, metadata } = self;
        f.debug_struct("NewEvent")
            .field("id", id)
            .field("name", name)
            .field("schema_version", schema_version)
            .field("payload_bytes", &payload.len())
            .field("metadata_bytes", &metadata.as_ref().map(Bytes::len))
            .finish()
    }
}

pub(crate) fn encode_metadata(metadata: &Metadata) -> Result<Bytes, EncodeError> {
    let mut json = Vec::new();
    encode::json(metadata, &mut json)?;
    limits::check_length("metadata", json.len(), METADATA_BYTES)?;
    Ok(json.into())
}
