//! Stored and recorded events as JSON for programs that print or send them.

use serde::{Serialize, Serializer, ser, ser::SerializeStruct};
use serde_json::value::RawValue;

use crate::store::{Recorded, StoredEvent};

impl Serialize for StoredEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { id, stream, version, position, name, schema_version, payload, metadata, recorded_at } = self;
        let mut fields = serializer.serialize_struct("StoredEvent", 9)?;
        fields.serialize_field("id", id)?;
        fields.serialize_field("stream", stream)?;
        fields.serialize_field("version", version)?;
        fields.serialize_field("position", position)?;
        fields.serialize_field("name", name)?;
        fields.serialize_field("schema_version", schema_version)?;
        fields.serialize_field("payload", raw("the payload of the stored event", payload)?)?;
        fields.serialize_field(
            "metadata",
            &metadata.as_ref().map(|metadata| raw("the metadata of the stored event", metadata)).transpose()?,
        )?;
        fields.serialize_field("recorded_at", recorded_at)?;
        fields.end()
    }
}

/// The JSON as it is stored; only its syntax is checked. The error names no content.
pub(crate) fn raw<'a, E: ser::Error>(what: &str, json: &'a [u8]) -> Result<&'a RawValue, E> {
    serde_json::from_slice(json).map_err(|_| E::custom(format_args!("{what} is not JSON")))
}

impl<E: Serialize> Serialize for Recorded<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { id, stream, version, position, part, recorded_at, metadata, event } = self;
        let mut fields = serializer.serialize_struct("Recorded", 8)?;
        fields.serialize_field("id", id)?;
        fields.serialize_field("stream", stream)?;
        fields.serialize_field("version", version)?;
        fields.serialize_field("position", position)?;
        fields.serialize_field("part", part)?;
        fields.serialize_field("event", event)?;
        fields.serialize_field("metadata", metadata)?;
        fields.serialize_field("recorded_at", recorded_at)?;
        fields.end()
    }
}
