//! A row of `events`.

use bytes::Bytes;
use es_core::{EventName, Position, ReadError, SchemaVersion, StoredEvent, StreamId, Timestamp, Version};
use rusqlite::{Connection, Row, types::FromSqlError};
use uuid::Uuid;

use crate::{
    codec::{checksum::EventFields, kinds::Kinds},
    error::SqliteError,
};

/// The columns that [`event`] reads, in order.
pub(crate) const COLUMNS: &str = "events.position, events.version, events.kind, events.schema_version, \
                                  events.together, events.recorded_at, events.event_id, events.id, events.payload, \
                                  events.metadata, events.checksum";

/// The column `together` among them.
pub(crate) const TOGETHER: usize = 4;

/// Decodes a row, which must be as it was written.
pub(crate) fn event(connection: &Connection, row: &Row<'_>, kinds: &mut Kinds) -> Result<StoredEvent, ReadError> {
    let position: i64 = row.get(0).map_err(SqliteError::from)?;
    // A column may hold another type than was written, and a number may be out of its range.
    let unreadable = |error: &dyn std::fmt::Display| {
        SqliteError::damaged(format!("the event at position {position} cannot be read: {error}"))
    };
    let fields = (|| {
        Ok::<_, rusqlite::Error>((
            row.get::<_, i64>(1)?,
            row.get::<_, i64>(2)?,
            row.get::<_, i64>(3)?,
            row.get::<_, i64>(4)?,
            row.get::<_, i64>(5)?,
            row.get_ref(6)?.as_blob().map_err(from_sql)?,
            row.get_ref(7)?.as_str().map_err(from_sql)?,
            row.get_ref(8)?.as_bytes().map_err(from_sql)?,
            row.get_ref(9)?.as_bytes_or_null().map_err(from_sql)?,
            row.get::<_, i64>(10)?,
        ))
    })();
    let (version, kind, schema_version, together, recorded_at, event_id, id, payload, metadata, checksum) =
        fields.map_err(|error| unreadable(&error))?;
    let kind = kinds.get(connection, kind).map_err(|error| unreadable(&error))?;
    let fields = EventFields {
        kind: kind.hash,
        id: id.as_bytes(),
        position,
        version,
        schema_version,
        together,
        recorded_at,
        event_id,
        payload,
        metadata,
    };
    let stream = kind.stream(id).map_err(|error| unreadable(&error))?;
    let at = (Version::new(version.cast_unsigned()), Position::new(position.cast_unsigned()));
    if fields.checksum() != checksum {
        return Err(damaged(stream, at, "its checksum does not match"));
    }
    let written = (
        Uuid::from_slice(event_id).ok(),
        u32::try_from(schema_version).ok().and_then(SchemaVersion::new),
        Timestamp::from_micros(recorded_at),
    );
    let (Some(event_id), Some(schema_version), Some(recorded_at)) = written else {
        return Err(damaged(stream, at, "a number is out of its range"));
    };
    let name: EventName = kind.name.clone();
    let (payload, metadata) = (Bytes::copy_from_slice(payload), metadata.map(Bytes::copy_from_slice));
    Ok(StoredEvent::at(stream, at.0, at.1, recorded_at).event(event_id, name, schema_version, payload, metadata))
}

/// The error of an event that is not as it was written.
pub(crate) fn damaged(stream: StreamId, (version, position): (Version, Position), what: &'static str) -> ReadError {
    ReadError::Damaged { stream, version, position, what }
}

fn from_sql(error: FromSqlError) -> rusqlite::Error {
    error.into()
}
