//! What the log holds of a request: the versions of its streams, its event ids and its keys.

use std::{collections::HashMap, fmt::Display};

use bytes::Bytes;
use es_core::{
    Append, AppendRequest, IdempotencyKey, Known, KnownEvent, KnownKey, Position, StoredEvent, StreamId, Timestamp,
    Version,
};
use rusqlite::{Connection, OptionalExtension, Row};
use uuid::Uuid;

use crate::{
    codec::{
        checksum,
        kinds::Kinds,
        row::{AFTER_COLUMNS, RowDecoder, TOGETHER, columns, place_in},
    },
    error::SqliteError,
};

/// The last event of a stream, and the number of the stream.
const LAST_EVENT: &str = concat!(
    "SELECT ",
    columns!(),
    ", streams.stream FROM streams JOIN events USING (stream)
     WHERE streams.category = ?1 AND streams.id = ?2 ORDER BY events.version DESC LIMIT 1"
);
/// The event at a position.
const EVENT_AT: &str = concat!("SELECT ", columns!(), " FROM events WHERE position = ?1");

/// The end of a stream.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct StreamEnd {
    /// The number of the stream; `None` when it has no events.
    pub(super) number: Option<i64>,
    pub(super) version: Version,
    pub(super) recorded_at: Option<Timestamp>,
}

impl StreamEnd {
    /// Finds the last event, which must be as it was written: the next one gets a version and a recorded time after its own.
    pub(super) fn find(connection: &Connection, kinds: &mut Kinds, stream: &StreamId) -> Result<Self, SqliteError> {
        let mut statement = connection.prepare_cached(LAST_EVENT)?;
        let mut rows = statement.query([stream.category(), stream.id()])?;
        let Some(row) = rows.next()? else { return Ok(Self::default()) };
        let (version, recorded_at) = place_in(stream, connection, row, kinds)?;
        Ok(Self { number: Some(row.get(AFTER_COLUMNS)?), version, recorded_at: Some(recorded_at) })
    }
}

/// An event that the log holds.
#[derive(Clone, Debug)]
pub(super) struct FoundEvent {
    stream: StreamId,
    pub(super) version: Version,
    pub(super) position: Position,
    pub(super) recorded_at: Timestamp,
    together: usize,
}

/// A key that the log holds.
#[derive(Clone, Debug)]
struct FoundKey {
    digest: [u8; 32],
    outcome: Bytes,
    event: Option<Uuid>,
}

/// What the log holds of a request, all as of one transaction.
#[derive(Debug)]
pub(super) struct Found<'a> {
    ends: HashMap<&'a StreamId, Version>,
    events: HashMap<Uuid, FoundEvent>,
    keys: HashMap<&'a str, FoundKey>,
}

impl<'a> Found<'a> {
    /// Looks for all of `request`, whose streams end at `ends`; for its event ids only if `look_up_ids`.
    pub(super) fn of(
        connection: &Connection,
        request: &'a AppendRequest,
        ends: &[StreamEnd],
        look_up_ids: bool,
    ) -> Result<Self, SqliteError> {
        let streams = request.appends().iter().map(|append: &Append| &append.stream);
        let mut found = Self {
            ends: streams.zip(ends.iter().map(|end| end.version)).collect(),
            events: HashMap::new(),
            keys: HashMap::new(),
        };
        for event in request.events().filter(|_| look_up_ids) {
            if let Some(known) = find_event(connection, event.id())? {
                found.events.insert(event.id(), known);
            }
        }
        for key in request.keys() {
            if let Some(known) = find_key(connection, key)? {
                found.keys.insert(key.key(), known);
            }
        }
        Ok(found)
    }

    pub(super) fn event(&self, id: Uuid) -> Option<&FoundEvent> {
        self.events.get(&id)
    }
}

impl Known for Found<'_> {
    fn version(&self, stream: &StreamId) -> Version {
        self.ends.get(stream).copied().unwrap_or(Version::NONE)
    }

    fn event(&self, id: Uuid) -> Option<KnownEvent<'_>> {
        let FoundEvent { stream, version, together, .. } = self.events.get(&id)?;
        Some(KnownEvent { stream, version: *version, together: *together })
    }

    fn key(&self, key: &str) -> Option<KnownKey<'_>> {
        let FoundKey { digest, outcome, event } = self.keys.get(key)?;
        Some(KnownKey { digest, outcome, event: *event })
    }
}

fn find_event(connection: &Connection, id: Uuid) -> Result<Option<FoundEvent>, SqliteError> {
    let find = "SELECT position FROM events WHERE event_id = ?1";
    let position =
        connection.prepare_cached(find)?.query_row([id.as_bytes()], |row| row.get::<_, i64>(0)).optional()?;
    let Some(position) = position else { return Ok(None) };
    let mut statement = connection.prepare_cached(EVENT_AT)?;
    let mut rows = statement.query([position])?;
    let damaged = |what: &dyn Display| SqliteError::damaged(format!("the event at position {position}: {what}"));
    let row = rows.next()?.ok_or_else(|| damaged(&"an index leads to it, and it does not exist"))?;
    let StoredEvent { id: found, stream, version, position, recorded_at, .. } =
        RowDecoder::default().event(connection, row).map_err(|error| damaged(&error))?;
    if found != id {
        return Err(damaged(&"an index leads to it, which it should not"));
    }
    let together = usize::try_from(row.get::<_, i64>(TOGETHER)?).map_err(|error| damaged(&error))?;
    Ok(Some(FoundEvent { stream, version, position, recorded_at, together }))
}

fn find_key(connection: &Connection, key: &IdempotencyKey) -> Result<Option<FoundKey>, SqliteError> {
    let mut statement =
        connection.prepare_cached("SELECT digest, outcome, event, checksum FROM keys WHERE key = ?1")?;
    let row = |row: &Row<'_>| {
        Ok((
            row.get::<_, [u8; 32]>(0)?,
            row.get::<_, Vec<u8>>(1)?,
            row.get::<_, Option<[u8; 16]>>(2)?,
            row.get::<_, i64>(3)?,
        ))
    };
    let found = statement.query_row([key.key()], row).optional()?;
    let Some((digest, outcome, event, stored)) = found else { return Ok(None) };
    let event_bytes = event.as_ref().map(<[u8; 16]>::as_slice);
    if checksum::of_key(key.key(), &digest, &outcome, event_bytes) != stored {
        let what = format!("idempotency key `{}`: its checksum does not match", key.key());
        return Err(SqliteError::damaged(what));
    }
    Ok(Some(FoundKey { digest, outcome: outcome.into(), event: event.map(Uuid::from_bytes) }))
}
