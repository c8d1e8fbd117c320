//! Stores and finds snapshots.

use es_core::{AsOf, Position, SnapshotError, StoredSnapshot, StreamId, Timestamp, Version};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{codec::checksum, error::SqliteError};

/// Stores `snapshot`, unless there is one of the same version. The outer error means that SQLite failed.
pub(super) fn store(
    connection: &Connection,
    snapshot: &StoredSnapshot,
) -> Result<Result<(), SnapshotError>, SqliteError> {
    let StoredSnapshot { stream, version, position, recorded_at, schema, payload, .. } = snapshot;
    let place = [version.get().cast_signed(), position.get().cast_signed(), recorded_at.as_micros()];
    let sum = checksum::of_snapshot([stream.category(), stream.id(), schema], place, payload);
    let find = "SELECT stream FROM streams JOIN events USING (stream)
                WHERE category = ?1 AND streams.id = ?2 AND version = ?3 AND position = ?4 AND recorded_at = ?5";
    let found = connection
        .prepare_cached(find)?
        .query_row(params![stream.category(), stream.id(), place[0], place[1], place[2]], |row| row.get::<_, i64>(0));
    let Some(number) = found.optional()? else { return Ok(Err(snapshot.no_such_event())) };
    connection
        .prepare_cached(
            "INSERT INTO snapshots (stream, schema, version, position, recorded_at, payload, checksum)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
        )?
        .execute(params![number, schema, place[0], place[1], place[2], &payload[..], sum])?;
    Ok(Ok(()))
}

/// Finds the newest snapshot at or before `at`. Snapshots that are damaged, or whose event the log does not hold, are passed
/// over.
pub(crate) fn nearest(
    connection: &Connection,
    stream: &StreamId,
    schema: &str,
    at: AsOf,
) -> Result<Option<StoredSnapshot>, SqliteError> {
    let limit = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let (column, limit) = match at {
        AsOf::Newest => ("version", i64::MAX),
        AsOf::Version(last) => ("version", limit(last.get())),
        AsOf::Position(last) => ("position", limit(last.get())),
        AsOf::Time(last) => ("recorded_at", last.as_micros()),
    };
    let sql = format!(
        "SELECT snapshots.version, snapshots.position, snapshots.recorded_at, snapshots.payload, snapshots.checksum
         FROM streams JOIN snapshots USING (stream) JOIN events USING (stream, version, position, recorded_at)
         WHERE category = ?1 AND streams.id = ?2 AND schema = ?3 AND snapshots.{column} <= ?4
         ORDER BY snapshots.version DESC"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![stream.category(), stream.id(), schema, limit])?;
    while let Some(row) = rows.next()? {
        if let Some(snapshot) = snapshot(row, stream, schema)? {
            return Ok(Some(snapshot));
        }
        tracing::warn!(%stream, "a snapshot is damaged and passed over");
    }
    Ok(None)
}

/// Decodes a row; `None` when it is not as it was written.
fn snapshot(row: &Row<'_>, stream: &StreamId, schema: &str) -> Result<Option<StoredSnapshot>, SqliteError> {
    let place: [i64; 3] = [row.get(0)?, row.get(1)?, row.get(2)?];
    let payload: Vec<u8> = row.get(3)?;
    let sum = checksum::of_snapshot([stream.category(), stream.id(), schema], place, &payload);
    let [version, position, recorded_at] = place;
    let is_intact = row.get::<_, i64>(4)? == sum;
    let Some(recorded_at) = Timestamp::from_micros(recorded_at).filter(|_| is_intact) else {
        return Ok(None);
    };
    let (version, position) = (Version::new(version.cast_unsigned()), Position::new(position.cast_unsigned()));
    Ok(Some(StoredSnapshot::new(stream.clone(), version, position, recorded_at, schema, payload)))
}
