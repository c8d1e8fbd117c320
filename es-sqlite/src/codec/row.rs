//! A row of `events`.

use bytes::{Bytes, BytesMut};
use es_core::{Position, ReadError, SchemaVersion, StoredEvent, StreamId, Timestamp, Version};
use rusqlite::{Connection, Row};
use uuid::Uuid;

use crate::{
    codec::{
        checksum::EventFields,
        kinds::{Kind, Kinds},
    },
    error::SqliteError,
};

/// The columns that [`RowDecoder`] reads, in order, for a statement that is a constant.
macro_rules! columns {
    () => {
        "events.position, events.version, events.kind, events.schema_version, events.together, events.recorded_at, \
         events.event_id, events.id, events.payload, events.metadata, events.checksum"
    };
}
pub(crate) use columns;

/// The same columns, for a statement that is put together at run time.
pub(crate) const COLUMNS: &str = columns!();

/// The first column after them.
pub(crate) const AFTER_COLUMNS: usize = 11;

/// The column `together` among them.
pub(crate) const TOGETHER: usize = 4;

/// Payloads are copied into blocks of this size, so that a page of events needs few allocations. A larger payload, or one that
/// would leave much of a block unused, has an allocation of its own.
const BLOCK_BYTES: usize = 16 * 1024;
const SHARED_BYTES: usize = BLOCK_BYTES / 8;

/// Decodes the rows that a connection reads.
#[derive(Debug, Default)]
pub(crate) struct RowDecoder {
    pub(crate) kinds: Kinds,
    block: BytesMut,
}

impl RowDecoder {
    /// Decodes a row, which must be as it was written.
    pub(crate) fn event(&mut self, connection: &Connection, row: &Row<'_>) -> Result<StoredEvent, ReadError> {
        let position = integer(row, 0).map_err(SqliteError::from)?;
        // A column may hold another type than was written, and a number may be out of its range.
        let unreadable = |error: &dyn std::fmt::Display| {
            SqliteError::damaged(format!("the event at position {position} cannot be read: {error}"))
        };
        let kind = integer(row, 2).map_err(|error| unreadable(&error))?;
        let kind = self.kinds.get(connection, kind).map_err(|error| unreadable(&error))?;
        let (fields, checksum) = fields(row, position, kind).map_err(|error| unreadable(&error))?;
        let id = str::from_utf8(fields.id).map_err(|error| unreadable(&error))?;
        let stream = kind.stream(id).map_err(|error| unreadable(&error))?;
        let at = (Version::new(fields.version.cast_unsigned()), Position::new(position.cast_unsigned()));
        if fields.checksum() != checksum {
            return Err(damaged(stream, at, "its checksum does not match"));
        }
        let written = (
            Uuid::from_slice(fields.event_id).ok(),
            u32::try_from(fields.schema_version).ok().and_then(SchemaVersion::new),
            Timestamp::from_micros(fields.recorded_at),
        );
        let (Some(event_id), Some(schema_version), Some(recorded_at)) = written else {
            return Err(damaged(stream, at, "a number is out of its range"));
        };
        let name = kind.name.clone();
        let (payload, metadata) = (self.copy(fields.payload), fields.metadata.map(|metadata| self.copy(metadata)));
        Ok(StoredEvent::at(stream, at.0, at.1, recorded_at).event(event_id, name, schema_version, payload, metadata))
    }

    fn copy(&mut self, bytes: &[u8]) -> Bytes {
        if bytes.len() > SHARED_BYTES {
            return Bytes::copy_from_slice(bytes);
        }
        if self.block.capacity() - self.block.len() < bytes.len() {
            self.block = BytesMut::with_capacity(BLOCK_BYTES);
        }
        self.block.extend_from_slice(bytes);
        self.block.split().freeze()
    }
}

/// Gives the version and the recorded time of a row, which must be as it was written, and of `stream`.
pub(crate) fn place_in(
    stream: &StreamId,
    connection: &Connection,
    row: &Row<'_>,
    kinds: &mut Kinds,
) -> Result<(Version, Timestamp), SqliteError> {
    let position = integer(row, 0)?;
    let damaged = |what: &str| SqliteError::damaged(format!("the event at position {position}: {what}"));
    let kind = kinds.get(connection, integer(row, 2)?)?;
    let (fields, checksum) = fields(row, position, kind)?;
    if fields.checksum() != checksum {
        return Err(damaged("its checksum does not match"));
    }
    if (kind.category().as_bytes(), fields.id) != (stream.category().as_bytes(), stream.id().as_bytes()) {
        return Err(damaged("it is filed under another stream"));
    }
    let recorded_at =
        Timestamp::from_micros(fields.recorded_at).ok_or_else(|| damaged("a number is out of its range"))?;
    Ok((Version::new(fields.version.cast_unsigned()), recorded_at))
}

/// What the row says, and the checksum that it holds.
fn fields<'row>(row: &'row Row<'_>, position: i64, kind: &Kind) -> rusqlite::Result<(EventFields<'row>, i64)> {
    let fields = EventFields {
        kind: kind.hash,
        position,
        version: integer(row, 1)?,
        schema_version: integer(row, 3)?,
        together: integer(row, TOGETHER)?,
        recorded_at: integer(row, 5)?,
        event_id: row.get_ref(6)?.as_blob()?,
        id: row.get_ref(7)?.as_bytes()?,
        payload: row.get_ref(8)?.as_bytes()?,
        metadata: row.get_ref(9)?.as_bytes_or_null()?,
    };
    Ok((fields, integer(row, 10)?))
}

fn integer(row: &Row<'_>, column: usize) -> rusqlite::Result<i64> {
    Ok(row.get_ref(column)?.as_i64()?)
}

/// The error of an event that is not as it was written.
pub(crate) fn damaged(stream: StreamId, (version, position): (Version, Position), what: &'static str) -> ReadError {
    ReadError::Damaged { stream, version, position, what }
}
