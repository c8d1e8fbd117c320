//! Tells the write-ahead log of a file from one that was left beside a restored file.
//!
//! SQLite replays whatever valid write-ahead log stands beside a file, and so mixes a restored backup with what came after it.
//! The row `wal_base` prevents that. It is in each write-ahead log, and says what the file alone held when that log was begun:
//! a file that holds less is another one.

use std::{fs::File, io, os::unix::fs::FileExt, path::Path};

use es_core::Position;
use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    error::SqliteError,
    file::{
        connection::{self, Settings},
        identity::Place,
        incarnation::last_position,
        verify::verify,
    },
};

/// The two numbers that SQLite draws anew whenever it begins a write-ahead log.
pub(crate) type Salts = [u8; 8];

/// Where the salts begin in the header of a write-ahead log.
const SALTS: u64 = 16;

/// Reads the salts of a write-ahead log; `None` when it is empty.
pub(crate) fn salts(wal: &File) -> io::Result<Option<Salts>> {
    let mut salts = Salts::default();
    match wal.read_exact_at(&mut salts, SALTS) {
        Ok(()) => Ok(Some(salts)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads the salts of the write-ahead log at `path`; `None` when there is none.
fn salts_at(path: &Path) -> io::Result<Option<Salts>> {
    match File::open(path).and_then(|wal| salts(&wal)) {
        Ok(salts) => Ok(salts),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes the row for the write-ahead log with these salts. The file alone held the events up to `position`.
pub(crate) fn store_base(connection: &Connection, salts: Salts, position: Position) -> Result<(), SqliteError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO wal_base (one, salts, position, schema_version)
         SELECT 1, ?1, ?2, schema_version FROM pragma_schema_version
         ON CONFLICT (one) DO UPDATE SET
             salts = excluded.salts, position = excluded.position, schema_version = excluded.schema_version",
    )?;
    statement.execute(params![salts, position.get().cast_signed()])?;
    Ok(())
}

/// The salts in the row.
pub(crate) fn stored_salts(connection: &Connection) -> Result<Option<Salts>, SqliteError> {
    let mut statement = connection.prepare_cached("SELECT salts FROM wal_base")?;
    Ok(statement.query_row([], |row| row.get(0)).optional()?)
}

/// What one view of the log says.
#[derive(Debug)]
struct View {
    schema_version: i64,
    last: Position,
    /// Whether the log is a backup that was never opened.
    is_backup: bool,
}

impl View {
    fn of(connection: &Connection) -> Result<Self, SqliteError> {
        let origin = "SELECT origin FROM incarnations ORDER BY number DESC LIMIT 1";
        let origin = connection.query_row(origin, [], |row| row.get::<_, String>(0)).optional()?;
        Ok(Self {
            schema_version: connection.pragma_query_value(None, "schema_version", |row| row.get(0))?,
            last: last_position(connection)?,
            is_backup: origin.is_some_and(|origin| origin.is_empty()),
        })
    }
}

/// Whether the write-ahead log beside the file belongs to it. Called while no writer of this library runs. Changes nothing.
pub(crate) fn belongs(place: &Place, settings: &Settings) -> Result<bool, SqliteError> {
    let path = place.beside("-wal");
    let Some(salts) = salts_at(&path).map_err(|source| SqliteError::Io { path, source })? else { return Ok(true) };
    // An error is no proof: a crash within a checkpoint leaves a file that only its write-ahead log completes.
    let alone = connection::without_wal(place.path(), settings).and_then(|alone| View::of(&alone)).ok();
    if alone.as_ref().is_some_and(|alone| alone.is_backup) {
        return Ok(false);
    }
    let both = connection::observer(place.path(), settings)?;
    let has_base = "SELECT count(*) FROM sqlite_schema WHERE name = 'wal_base'";
    if both.query_row(has_base, [], |row| row.get::<_, i64>(0))? == 0 {
        // The tables were never made.
        return Ok(true);
    }
    let (replayed, base) = (View::of(&both)?, base(&both, salts)?);
    if let Some(alone) = alone {
        if alone.schema_version > replayed.schema_version || alone.last > replayed.last {
            return Ok(false);
        }
        if let Some((position, schema_version)) = base
            && alone.last >= position
            && alone.schema_version >= schema_version
        {
            return Ok(true);
        }
    }
    tracing::info!(path = %place.path().display(), "the file is verified, since it cannot be told otherwise whether its write-ahead log belongs to it");
    Ok(verify(&both)?.is_intact())
}

/// The base of the write-ahead log with these salts, if its row is in it already.
fn base(connection: &Connection, salts: Salts) -> Result<Option<(Position, i64)>, SqliteError> {
    let row = "SELECT position, schema_version FROM wal_base WHERE salts = ?1";
    let row = connection.query_row(row, [salts], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?))).optional()?;
    Ok(row.and_then(|(position, version)| Some((Position::new(u64::try_from(position).ok()?), version))))
}
