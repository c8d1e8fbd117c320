//! Decodes a row into an event. A row that somebody else wrote is an error, never a panic.

use bytes::{Bytes, BytesMut};
use es_core::{
    EventName, Position, ReadError, SchemaVersion, StoredEvent, StreamId, Version,
    limits::{METADATA_BYTES, PAYLOAD_BYTES},
};
use tokio_postgres::Row;

use crate::{
    read::error::read_error,
    server::{
        error::PostgresError,
        types::{Json, Time},
    },
};

/// The statement returns this instead of metadata over the limit. A store never writes a number there.
const OVERSIZED: &[u8] = b"0";
/// How many event names are cached; a log has few.
const NAMES: usize = 64;

/// Payloads up to this size share a chunk of memory with their neighbours.
const SMALL: usize = 4 * 1024;
/// The size of such a chunk: the most memory that a single kept event keeps alive.
const CHUNK: usize = 32 * 1024;

/// Decodes rows into events, and caches the parts that they share.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    names: Vec<EventName>,
    /// The stream of the last row.
    last_stream: Option<StreamId>,
    chunk: BytesMut,
}

impl Decoder {
    /// Decodes the event of a row. Unless `stream` is given, its stream is in the last two columns.
    pub(super) fn event(&mut self, row: &Row, stream: Option<&StreamId>) -> Result<StoredEvent, ReadError> {
        let stream = match stream {
            Some(stream) => stream.clone(),
            None => self.stream(column(row, 8)?, column(row, 9)?)?,
        };
        let (position, version): (i64, i64) = (column(row, 0)?, column(row, 1)?);
        let position_read = Position::try_from(position).unwrap_or(Position::START);
        let version_read = Version::try_from(version).unwrap_or(Version::NONE);
        let damaged =
            |what| ReadError::Damaged { stream: stream.clone(), version: version_read, position: position_read, what };
        if position < 1 {
            return Err(damaged("its position is not above 0"));
        }
        if version < 1 {
            return Err(damaged("its version is not above 0"));
        }
        let schema_version = u32::try_from(column::<i64>(row, 5)?).ok().and_then(SchemaVersion::new);
        let payload: Option<Json<'_>> = column(row, 6)?;
        let metadata: Option<Json<'_>> = column(row, 7)?;
        let id = column(row, 3)?;
        let name = self.name(column(row, 4)?).ok_or_else(|| damaged("its name is empty or too long"))?;
        let schema_version = schema_version.ok_or_else(|| damaged("its schema version is none"))?;
        let payload = self.bytes(payload, PAYLOAD_BYTES).ok_or_else(|| damaged("its payload is over the limit"))?;
        let metadata = match metadata {
            None => None,
            Some(json) if json.0 == OVERSIZED => return Err(damaged("its metadata is over the limit")),
            json => Some(self.bytes(json, METADATA_BYTES).ok_or_else(|| damaged("its metadata is over the limit"))?),
        };
        let at = StoredEvent::at(stream, version_read, position_read, column::<Time>(row, 2)?.0);
        Ok(at.event(id, name, schema_version, payload, metadata))
    }

    fn stream(&mut self, category: &str, id: &str) -> Result<StreamId, ReadError> {
        let stream = match self.last_stream.take() {
            Some(last) if last.category() == category && last.id() == id => last,
            Some(last) if last.category() == category => last.sibling(id).map_err(unexpected_answer)?,
            _ => StreamId::new(category, id).map_err(unexpected_answer)?,
        };
        Ok(self.last_stream.insert(stream).clone())
    }

    fn bytes(&mut self, json: Option<Json<'_>>, limit: usize) -> Option<Bytes> {
        let json = json.filter(|json| json.0.len() <= limit)?.0;
        if json.len() > SMALL {
            return Some(Bytes::copy_from_slice(json));
        }
        if self.chunk.capacity() < json.len() {
            self.chunk = BytesMut::with_capacity(CHUNK);
        }
        self.chunk.extend_from_slice(json);
        Some(self.chunk.split().freeze())
    }

    fn name(&mut self, name: &str) -> Option<EventName> {
        if let Some(known) = self.names.iter().find(|known| *known == name) {
            return Some(known.clone());
        }
        let name = EventName::new(name).ok()?;
        if self.names.len() < NAMES {
            self.names.push(name.clone());
        }
        Some(name)
    }
}

fn column<'a, T: tokio_postgres::types::FromSql<'a>>(row: &'a Row, index: usize) -> Result<T, ReadError> {
    row.try_get(index).map_err(unexpected_answer)
}

fn unexpected_answer(error: impl std::error::Error + Send + Sync + 'static) -> ReadError {
    read_error(PostgresError::Answer(error.into()))
}
