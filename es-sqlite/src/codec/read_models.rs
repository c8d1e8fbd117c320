//! A row of `read_models`, and one of `read_model_rows`.

use std::time::Duration;

use bytes::Bytes;
use es_core::{
    Checkpoint, Position, ReadModelFailure, ReadModelId, ReadModelState, ReadModelStatus, StoredRow, StreamId,
    Timestamp, Version,
};
use rusqlite::{
    Connection, OptionalExtension, Row, params, params_from_iter,
    types::{FromSql, ToSqlOutput, Value, ValueRef},
};
use uuid::Uuid;

use crate::{codec::checksum, error::SqliteError};

/// The columns of `read_models`, in the order of the table; the last one is the checksum of the others.
const COLUMNS: usize = 20;

const FIND: &str = "SELECT * FROM read_models WHERE name = ?1 AND version = ?2";
const FIND_NUMBER: &str = "SELECT model FROM read_models WHERE name = ?1 AND version = ?2";
const FIND_ALL: &str = "SELECT * FROM read_models ORDER BY name, version";
const NEXT_NUMBER: &str = "SELECT coalesce(max(model), 0) + 1 FROM read_models";
const STORE: &str = "INSERT OR REPLACE INTO read_models
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)";
const STORE_ROW: &str = "INSERT OR REPLACE INTO read_model_rows (model, key, state, checksum) VALUES (?1, ?2, ?3, ?4)";

/// A read model as the file has it.
#[derive(Debug)]
pub(crate) struct KeptModel {
    number: i64,
    /// Its `lease_left` depends on the time, so it is `None` here; [`status_at`](Self::status_at) sets it.
    pub(crate) status: ReadModelStatus,
    /// `None` when it was given back.
    pub(crate) lease: Option<Lease>,
}

/// The time for which an owner stays the owner, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lease {
    length: i64,
    /// Since 1970-01-01T00:00:00Z.
    end: i64,
}

impl Lease {
    pub(crate) fn starting(now: Timestamp, length: Duration) -> Self {
        let length = i64::try_from(length.as_micros()).unwrap_or(i64::MAX);
        Self { length, end: now.as_micros().saturating_add(length) }
    }

    /// How long it still lasts; `None` when it is over: its end is reached, or lies further ahead than its length, because the
    /// clock was set back.
    fn left(self, now: Timestamp) -> Option<Duration> {
        let left = self.end.saturating_sub(now.as_micros());
        u64::try_from(left).ok().filter(|_| left > 0 && left <= self.length).map(Duration::from_micros)
    }
}

impl KeptModel {
    /// A read model that is not in the file yet.
    pub(crate) fn new(connection: &Connection, model: ReadModelId) -> Result<Self, SqliteError> {
        let number = connection.prepare_cached(NEXT_NUMBER)?.query_row([], |row| row.get(0))?;
        Ok(Self { number, status: ReadModelStatus::new(model), lease: None })
    }

    pub(crate) fn find(connection: &Connection, model: &ReadModelId) -> Result<Option<Self>, SqliteError> {
        let mut find = connection.prepare_cached(FIND)?;
        let mut rows = find.query(params![model.name(), model.version()])?;
        rows.next()?.map(Self::decode).transpose()
    }

    /// Finds all, by their names and versions.
    pub(crate) fn all(connection: &Connection) -> Result<Vec<Self>, SqliteError> {
        let mut find = connection.prepare_cached(FIND_ALL)?;
        let mut rows = find.query([])?;
        let mut models = Vec::new();
        while let Some(row) = rows.next()? {
            models.push(Self::decode(row)?);
        }
        Ok(models)
    }

    pub(crate) fn status_at(mut self, now: Timestamp) -> ReadModelStatus {
        self.status.lease_left = self.lease.and_then(|lease| lease.left(now));
        self.status
    }

    pub(crate) fn can_be_claimed(&self, owner: &str, now: Timestamp) -> bool {
        let waits = matches!(self.status.state, ReadModelState::Paused | ReadModelState::Stopped);
        let is_owned = self.lease.is_some_and(|lease| lease.left(now).is_some());
        !waits && (!is_owned || self.status.owner.as_deref() == Some(owner))
    }

    /// Decodes a row, which must be as it was written.
    pub(crate) fn decode(row: &Row<'_>) -> Result<Self, SqliteError> {
        let number = row.get(0)?;
        let damaged = |what: &str| SqliteError::damaged(format!("read model {number}: {what}"));
        let values = (0..COLUMNS - 1).map(|column| row.get_ref(column)).collect::<Result<Vec<_>, _>>()?;
        if checksum::of_values(values) != row.get::<_, i64>(COLUMNS - 1)? {
            return Err(damaged("its checksum does not match"));
        }
        let unsigned = |column| Ok::<_, rusqlite::Error>(row.get::<_, i64>(column)?.cast_unsigned());
        let checkpoint = |column| {
            let position = Position::new(unsigned(column)?);
            let incarnation = row.get::<_, Option<[u8; 16]>>(column + 1)?.map(Uuid::from_bytes);
            Ok::<_, rusqlite::Error>(match incarnation {
                Some(incarnation) => Checkpoint::new(incarnation, position),
                None => position.into(),
            })
        };
        let model = ReadModelId::new(row.get::<_, String>(1)?, row.get(2)?);
        let mut status = ReadModelStatus::new(model.map_err(|error| damaged(&error.to_string()))?);
        status.state = row.get::<_, String>(3)?.parse().map_err(|_| damaged("its state is none"))?;
        status.complete = row.get(4)?;
        status.epoch = unsigned(5)?;
        (status.handled, status.seen) = (checkpoint(6)?, checkpoint(8)?);
        status.owner = row.get(10)?;
        let lease = match (row.get(11)?, row.get(12)?) {
            (Some(length), Some(end)) => Some(Lease { length, end }),
            _ => None,
        };
        if let Some(category) = row.get::<_, Option<String>>(13)? {
            let stream = StreamId::new(category, row.get::<_, String>(14)?);
            let stream = stream.map_err(|error| damaged(&error.to_string()))?;
            let (version, position) = (Version::new(unsigned(15)?), Position::new(unsigned(16)?));
            let failure = ReadModelFailure::new(stream, version, position, row.get(17)?, row.get::<_, String>(18)?);
            status.failure = Some(failure);
        }
        Ok(Self { number, status, lease })
    }

    /// Writes the row, in place of the one of this name and version.
    pub(crate) fn store(&self, connection: &Connection) -> Result<(), SqliteError> {
        let ReadModelStatus { model, state, complete, handled, seen, epoch, owner, failure, .. } = &self.status;
        let incarnation = |checkpoint: &Checkpoint| checkpoint.incarnation().map(|id| id.as_bytes().to_vec());
        let failed = failure.as_ref();
        let values: [Value; COLUMNS - 1] = [
            self.number.into(),
            model.name().to_owned().into(),
            model.version().into(),
            state.name().to_owned().into(),
            (*complete).into(),
            epoch.cast_signed().into(),
            handled.position().get().cast_signed().into(),
            incarnation(handled).into(),
            seen.position().get().cast_signed().into(),
            incarnation(seen).into(),
            owner.clone().into(),
            self.lease.map(|lease| lease.length).into(),
            self.lease.map(|lease| lease.end).into(),
            failed.map(|failed| failed.stream.category().to_owned()).into(),
            failed.map(|failed| failed.stream.id().to_owned()).into(),
            failed.map(|failed| failed.version.get().cast_signed()).into(),
            failed.map(|failed| failed.position.get().cast_signed()).into(),
            failed.map(|failed| failed.attempts).into(),
            failed.map(|failed| failed.error.clone()).into(),
        ];
        let sum = checksum::of_values(values.iter().map(ValueRef::from));
        connection.prepare_cached(STORE)?.execute(params_from_iter(values.into_iter().chain([sum.into()])))?;
        Ok(())
    }

    /// Writes rows of the read model, each in place of the one with its key.
    pub(crate) fn store_rows(&self, connection: &Connection, rows: &[StoredRow]) -> Result<(), SqliteError> {
        let mut store = connection.prepare_cached(STORE_ROW)?;
        for StoredRow { key, state, .. } in rows {
            let sum = checksum::of_read_model_row(&self.status.model, key, state);
            // JSON is UTF-8, so its bytes are stored as text without another check.
            store.execute(params![self.number, key, ToSqlOutput::Borrowed(ValueRef::Text(state)), sum])?;
        }
        Ok(())
    }

    /// Removes all rows of the read model.
    pub(crate) fn delete_rows(&self, connection: &Connection) -> Result<(), SqliteError> {
        connection.prepare_cached("DELETE FROM read_model_rows WHERE model = ?1")?.execute([self.number])?;
        Ok(())
    }
}

/// The number that the rows of a read model have; `None` when the file does not have it.
pub(crate) fn number(connection: &Connection, model: &ReadModelId) -> Result<Option<i64>, SqliteError> {
    let mut find = connection.prepare_cached(FIND_NUMBER)?;
    Ok(find.query_row(params![model.name(), model.version()], |row| row.get(0)).optional()?)
}

/// Decodes a row of `model`, which must be as it was written, of these columns: key, state, checksum.
pub(crate) fn decode_row(model: &ReadModelId, row: &Row<'_>) -> Result<StoredRow, SqliteError> {
    let key = String::column_result(row.get_ref(0)?).map_err(rusqlite::Error::from)?;
    let state = row.get_ref(1)?.as_bytes().map_err(rusqlite::Error::from)?;
    if checksum::of_read_model_row(model, &key, state) != row.get::<_, i64>(2)? {
        return Err(SqliteError::damaged(format!("a row of read model `{model}`: its checksum does not match")));
    }
    Ok(StoredRow::new(key, Bytes::copy_from_slice(state)))
}
