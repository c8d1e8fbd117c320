//! The event: a fact of the domain, stored once and never changed.

use serde::{Serialize, de::DeserializeOwned};

use crate::event::{DecodeError, EncodeError, SchemaVersion, decode, encode, schema::Schema};

/// A fact of the domain: a plain struct, stored once, never changed.
///
/// Derive it, together with `Clone` and serde's `Serialize` and `Deserialize`; see [`derive(Event)`](macro@crate::Event).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "not an event",
    note = "write `#[derive(Event, Clone, Serialize, Deserialize)]` and `#[event(name = \"…\")]` on `{Self}`"
)]
pub trait Event: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// The name it is stored under, stable for ever.
    const NAME: &'static str;
    /// The schema version of today's type: the `version` of `#[event(version = …)]`.
    const SCHEMA_VERSION: SchemaVersion;
    /// Describes every shape the event ever had.
    const SCHEMA: &'static Schema;

    /// Decodes a payload that was stored with schema version `stored`, and upcasts it to today's type.
    ///
    /// # Errors
    /// [`DecodeError::Newer`] when this program does not know `stored` yet, [`DecodeError::Payload`] when the payload does not
    /// have that version's shape, and [`DecodeError::Upcast`] when a step refuses it.
    fn decode(stored: SchemaVersion, payload: &[u8]) -> Result<Self, DecodeError>;

    /// Appends the payload of today's shape to `out`, as JSON.
    ///
    /// # Errors
    /// [`EncodeError`] when the value cannot be stored.
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        encode::event(self, out)
    }
}

/// Decodes an event that has a single schema version, for an [`Event::decode`] that is written by hand.
///
/// # Errors
/// As [`Event::decode`].
pub fn decode_single<E: Event>(stored: SchemaVersion, payload: &[u8]) -> Result<E, DecodeError> {
    if stored == E::SCHEMA_VERSION {
        decode::shape(payload, E::SCHEMA, stored)
    } else {
        Err(DecodeError::Newer { known: E::SCHEMA_VERSION })
    }
}
