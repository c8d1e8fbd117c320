//! Decides on a request and executes it, within a transaction that holds the write lock.

use std::mem;

use es_core::{
    Append, AppendError, AppendRequest, Appended, Expected, IdempotencyKey, NewEvent, Position, StreamId, Timestamp,
    Verdict, Version,
};
use rusqlite::{
    Connection, params,
    types::{ToSqlOutput, ValueRef},
};
use uuid::Uuid;

use crate::{
    append::found::{Found, StreamEnd},
    codec::{
        checksum::{self, EventFields},
        kinds::Kinds,
    },
    error::SqliteError,
    file::incarnation::KnownIncarnation,
};

/// What appends need to know of the log, as of the transaction.
#[derive(Debug)]
pub(super) struct Log<'a> {
    connection: &'a Connection,
    kinds: &'a mut Kinds,
    incarnation: Uuid,
    pub(super) last: Position,
    now: Timestamp,
    look_up: LookUp,
}

/// When the ids of a request's events are looked up before they are inserted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LookUp {
    /// When a stream is not as expected, or the request has keys: it may have been sent before. In any other request an id
    /// that is taken fails the insertion, and the request is executed once more with [`Always`](Self::Always).
    WhenUnexpected,
    /// In each request.
    Always,
}

/// Why a request was not executed.
pub(super) enum Failure {
    /// It is refused, and has written nothing.
    Refused(AppendError),
    /// SQLite failed. What it has written must be rolled back.
    Failed(SqliteError),
}

impl From<SqliteError> for Failure {
    fn from(error: SqliteError) -> Self {
        Self::Failed(error)
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl<'a> Log<'a> {
    /// Reads the end of the log in the open transaction.
    pub(super) fn new(
        connection: &'a Connection,
        kinds: &'a mut Kinds,
        known: &mut KnownIncarnation,
        now: Timestamp,
        look_up: LookUp,
    ) -> Result<Self, SqliteError> {
        let (incarnation, last) = known.end(connection)?;
        Ok(Self { connection, kinds, incarnation, last, now, look_up })
    }

    /// Executes `request`, whose limits were checked. With [`LookUp::WhenUnexpected`] the failure
    /// [`SqliteError::is_constraint`] says that an id may be taken.
    pub(super) fn execute(&mut self, request: &AppendRequest) -> Result<Vec<Appended>, Failure> {
        let end = |append: &Append| StreamEnd::find(self.connection, self.kinds, &append.stream);
        let ends = request.appends().iter().map(end).collect::<Result<Vec<_>, _>>()?;
        let is_expected = request.appends().iter().zip(&ends).all(|(append, end)| append.expected.holds(end.version));
        // A repeat of a request with keys is told from another request by its ids.
        let look_up_ids = !is_expected || !request.keys().is_empty() || self.look_up == LookUp::Always;
        let found = Found::of(self.connection, request, &ends, look_up_ids)?;
        match Verdict::on(request, &found) {
            Verdict::Append => {}
            Verdict::Repeated => {
                let first = |(append, end)| first_answer(&found, append, end).with_incarnation(self.incarnation);
                return Ok(request.appends().iter().zip(&ends).map(first).collect());
            }
            Verdict::KeyTaken(taken) => return Err(Failure::Refused(taken.into())),
            Verdict::Conflict(conflict) => return Err(Failure::Refused(conflict.into())),
        }
        drop(found);
        let first = request.events().next().map(NewEvent::id);
        for key in request.keys() {
            self.take_key(key, first)?;
        }
        request.appends().iter().zip(ends).map(|(append, end)| self.append(append, end)).collect()
    }

    fn take_key(&self, key: &IdempotencyKey, event: Option<Uuid>) -> Result<(), Failure> {
        let event = event.as_ref().map(Uuid::as_bytes);
        let sum = checksum::of_key(key.key(), key.digest(), key.outcome(), event.map(<[u8; 16]>::as_slice));
        let insert = "INSERT INTO keys (key, digest, outcome, event, checksum) VALUES (?1, ?2, ?3, ?4, ?5)";
        let mut insert = self.connection.prepare_cached(insert)?;
        insert.execute(params![key.key(), key.digest(), &key.outcome()[..], event, sum])?;
        Ok(())
    }

    fn append(&mut self, append: &Append, end: StreamEnd) -> Result<Appended, Failure> {
        let stream = &append.stream;
        if append.events.is_empty() {
            return Ok(Appended::assertion(stream.clone(), end.version).with_incarnation(self.incarnation));
        }
        let number = match end.number {
            Some(number) => number,
            None => self.add_stream(stream)?,
        };
        let recorded_at = end.recorded_at.map_or(self.now, |last| self.now.max(last));
        let mut version = end.version;
        let mut positions = Vec::with_capacity(append.events.len());
        let mut together = append.events.len();
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO events (position, stream, version, kind, schema_version, together, recorded_at, event_id, id,
                                 payload, metadata, checksum)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?;
        for event in &append.events {
            version = version.plus(1);
            self.last = self.last.plus(1);
            let (kind, hash) = self.kinds.number(self.connection, stream.category(), event.name())?;
            let event_id = event.id();
            let fields = EventFields {
                kind: hash,
                id: stream.id().as_bytes(),
                position: self.last.get().cast_signed(),
                version: version.get().cast_signed(),
                schema_version: event.schema_version().get().into(),
                together: i64::try_from(mem::take(&mut together)).unwrap_or(i64::MAX),
                recorded_at: recorded_at.as_micros(),
                event_id: event_id.as_bytes(),
                payload: event.payload(),
                metadata: event.metadata().map(|metadata| &metadata[..]),
            };
            let EventFields { position, version, schema_version, together, recorded_at, event_id, .. } = fields;
            let (payload, metadata) = (text(fields.payload), fields.metadata.map(text));
            insert.execute(params![
                position,
                number,
                version,
                kind,
                schema_version,
                together,
                recorded_at,
                event_id,
                stream.id(),
                payload,
                metadata,
                fields.checksum()
            ])?;
            positions.push(self.last);
        }
        Ok(Appended::new(stream.clone(), version, positions, recorded_at).with_incarnation(self.incarnation))
    }

    fn add_stream(&self, stream: &StreamId) -> Result<i64, Failure> {
        let add = "INSERT INTO streams (category, id, slice) VALUES (?1, ?2, ?3)";
        self.connection.prepare_cached(add)?.execute(params![stream.category(), stream.id(), stream.slice()])?;
        Ok(self.connection.last_insert_rowid())
    }
}

/// JSON is UTF-8, so its bytes are stored as text without another check.
fn text(json: &[u8]) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(ValueRef::Text(json))
}

/// The answer that `append`, which is stored already, got the first time.
fn first_answer(found: &Found<'_>, append: &Append, end: &StreamEnd) -> Appended {
    let stored: Vec<_> = append.events.iter().filter_map(|event| found.event(event.id())).collect();
    if let (Some(first), Some(last)) = (stored.first(), stored.last()) {
        let positions = stored.iter().map(|event| event.position).collect();
        Appended::new(append.stream.clone(), last.version, positions, first.recorded_at)
    } else {
        let version = match append.expected {
            Expected::Exact(version) => version,
            Expected::NoStream => Version::NONE,
            Expected::Any | Expected::Exists => end.version,
        };
        Appended::assertion(append.stream.clone(), version)
    }
    .with_repeated(true)
}
