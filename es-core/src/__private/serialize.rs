//! The `Serialize` of event sets: an event by its name, its schema version and its payload.

use serde::{Serializer, ser, ser::SerializeStruct};

use super::AsEvent;
use crate::{
    event::{AggregateEvent, EncodeError, SchemaVersion},
    store::raw,
};

/// Serialises an event of an aggregate with the payload that a store would hold.
///
/// # Errors
/// The serializer's; and when the payload cannot be encoded.
pub fn serialize<E: AggregateEvent, S: Serializer>(event: &E, serializer: S) -> Result<S::Ok, S::Error> {
    write(event.name(), event.schema_version(), |payload| event.encode(payload), serializer)
}

/// Serialises an event of a feed, as [`serialize`] does.
///
/// # Errors
/// The serializer's; and when the payload cannot be encoded.
pub(super) fn serialize_listed<E: AsEvent, S: Serializer>(event: &E, serializer: S) -> Result<S::Ok, S::Error> {
    write(E::NAME, E::SCHEMA_VERSION, |payload| event.encode(payload), serializer)
}

fn write<S: Serializer>(
    name: &str,
    schema_version: SchemaVersion,
    encode: impl FnOnce(&mut Vec<u8>) -> Result<(), EncodeError>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut payload = Vec::new();
    encode(&mut payload).map_err(ser::Error::custom)?;
    let payload = raw("the payload", &payload)?;
    let mut fields = serializer.serialize_struct("Event", 3)?;
    fields.serialize_field("name", name)?;
    fields.serialize_field("schema_version", &schema_version)?;
    fields.serialize_field("payload", payload)?;
    fields.end()
}
