//! Tells the write-ahead log of a file from one that was left beside a restored file.
//!
//! SQLite replays whatever valid write-ahead log stands beside a file, and so mixes a restored backup with what came after it.
//! The row `wal_base` prevents that. It is in each write-ahead log, and says which one that is, counted, and of which
//! incarnation: a file that does not hold the write-ahead log before is another one.

use std::{fs::File, io, os::unix::fs::FileExt, path::Path};

use es_core::{Position, StoreErrorKind};
use rusqlite::Connection;
use uuid::Uuid;

use crate::{
    error::SqliteError,
    file::{
        connection::{self, Settings},
        identity::Place,
        incarnation::{self, last_position},
        verify::{verify, verify_in},
        wal_base::{self, Base, Salts},
    },
};

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

/// Writes the row of the write-ahead log that the open transaction of `connection` will be in, unless it has its row, and gives the
/// salts of that write-ahead log; `None` when they are not known. Called in a transaction that may write.
///
/// Only the first page that a transaction writes tells: it may begin a new write-ahead log. So the pages that were changed so
/// far are written now and not by the commit. Where that is not possible, the row is left to the next append.
pub(crate) fn follow(connection: &Connection, place: &Place) -> Result<Option<Salts>, SqliteError> {
    if !may_write_pages(connection)? {
        return Ok(None);
    }
    let path = place.beside("-wal");
    let salts = || salts_at(&path).map_err(|source| SqliteError::Io { path: path.clone(), source });
    connection.cache_flush()?;
    let Some(found) = salts()? else { return Ok(None) };
    if let Some(base) = wal_base::store(connection, found)? {
        // A page that a statement of the caller is at was not written. The page of the row is.
        connection.cache_flush()?;
        if let Some(begun) = salts()?.filter(|now| *now != found) {
            Base { salts: begun, ..base }.store(connection)?;
            return Ok(Some(begun));
        }
    }
    Ok(Some(found))
}

/// Whether the pages of the open transaction may be written before its commit: the caller may have forbidden it, and the pages of
/// an attached database would be written too, which locks out its readers.
fn may_write_pages(connection: &Connection) -> Result<bool, SqliteError> {
    let spills: i64 = connection.prepare_cached("PRAGMA cache_spill")?.query_row([], |row| row.get(0))?;
    let mut databases = connection.prepare_cached("PRAGMA database_list")?;
    let mut databases = databases.query([])?;
    while let Some(database) = databases.next()? {
        // 0 is the main database, and 1 the temporary one.
        if database.get::<_, i64>(0)? > 1 {
            return Ok(false);
        }
    }
    Ok(spills != 0)
}

/// What one view of the log says.
#[derive(Debug)]
struct View {
    schema_version: i64,
    last: Position,
    /// The incarnations, the oldest first.
    incarnations: Vec<Uuid>,
    /// Whether the log is a backup that was never opened.
    is_backup: bool,
    /// The row of the newest write-ahead log that has one.
    base: Option<Base>,
}

impl View {
    fn of(connection: &Connection) -> Result<Self, SqliteError> {
        let incarnations = incarnation::all(connection)?;
        Ok(Self {
            schema_version: connection.pragma_query_value(None, "schema_version", |row| row.get(0))?,
            last: last_position(connection)?,
            is_backup: incarnations.last().is_some_and(|newest| newest.origin.is_empty()),
            incarnations: incarnations.into_iter().map(|one| one.id).collect(),
            base: Base::read(connection)?,
        })
    }

    /// The number of the newest write-ahead log; 0 when there was none.
    fn wal(&self) -> i64 {
        self.base.as_ref().map_or(0, |base| base.number)
    }
}

/// Whether the write-ahead log beside a file belongs to it.
#[derive(Debug)]
pub(crate) enum Belongs {
    /// Or there is none.
    Yes,
    No,
    /// Only the whole file tells.
    Untold(Box<Untold>),
}

/// A file of which only a verification tells whether its write-ahead log belongs to it.
#[derive(Debug)]
pub(crate) struct Untold {
    place: Place,
    settings: Settings,
    /// With a transaction that reads the file and its write-ahead log as they were found, or why they cannot be read.
    both: Result<Connection, SqliteError>,
}

/// Whether the write-ahead log beside the file belongs to it. Called while no writer of this library runs. Changes nothing.
pub(crate) fn belongs(place: &Place, settings: &Settings) -> Result<Belongs, SqliteError> {
    let path = place.beside("-wal");
    let salts = salts_at(&path).map_err(|source| SqliteError::Io { path, source })?;
    let Some(salts) = salts else { return Ok(Belongs::Yes) };
    // An error is no proof: a crash within a checkpoint leaves a file that only its write-ahead log completes.
    let alone = connection::without_wal(place.path(), settings).and_then(|alone| View::of(&alone)).ok();
    if alone.as_ref().is_some_and(|alone| alone.is_backup) {
        return Ok(Belongs::No);
    }
    let told = connection::observer(place.path(), settings).and_then(|both| {
        both.execute_batch("BEGIN")?;
        Ok((told(&both, salts, alone.as_ref())?, both))
    });
    let both = match told {
        Ok((Some(true), _)) => return Ok(Belongs::Yes),
        Ok((Some(false), _)) => return Ok(Belongs::No),
        Ok((None, both)) => Ok(both),
        Err(error) if error.kind() == StoreErrorKind::Corrupt => Err(error),
        Err(error) => return Err(error),
    };
    Ok(Belongs::Untold(Box::new(Untold { place: place.clone(), settings: *settings, both })))
}

/// Whether the write-ahead log belongs to the file, by what `both` together and the file `alone` say; `None` when they do not
/// tell.
fn told(both: &Connection, salts: Salts, alone: Option<&View>) -> Result<Option<bool>, SqliteError> {
    let has_base = "SELECT count(*) FROM sqlite_schema WHERE name = 'wal_base'";
    if both.query_row(has_base, [], |row| row.get::<_, i64>(0))? == 0 {
        // The tables were never made.
        return Ok(Some(true));
    }
    let replayed = View::of(both)?;
    let Some(alone) = alone else { return Ok(None) };
    // A write-ahead log only adds.
    let is_newer = alone.schema_version > replayed.schema_version || alone.last > replayed.last;
    if is_newer || !replayed.incarnations.starts_with(&alone.incarnations) {
        return Ok(Some(false));
    }
    // The row of this write-ahead log, if that is in it already.
    let Some(base) = replayed.base.as_ref().filter(|base| base.salts == salts) else { return Ok(None) };
    let follows = alone.wal() == base.number || alone.wal() == base.number - 1;
    if Some(&base.incarnation) != replayed.incarnations.last() || !follows {
        return Ok(Some(false));
    }
    Ok((alone.schema_version == base.schema_version).then_some(true))
}

impl Untold {
    /// Whether the write-ahead log belongs to the file: the file is whole with it. Fails when the file is damaged.
    ///
    /// Writers may go on meanwhile. They have judged the write-ahead log themselves, and nobody begins it anew as long as its
    /// transaction reads it.
    pub(crate) fn verify(self) -> Result<bool, SqliteError> {
        let Self { place, settings, both } = self;
        let error = match both {
            Ok(both) => {
                tracing::info!(path = %place.path().display(), "the file is verified, since it cannot be told otherwise whether its write-ahead log belongs to it");
                if verify_in(&both).is_intact() {
                    return Ok(true);
                }
                SqliteError::damaged("it is not whole, neither with its write-ahead log nor without")
            }
            Err(error) => error,
        };
        let alone = connection::without_wal(place.path(), &settings).and_then(|alone| verify(&alone));
        // A file that is whole alone is not damaged: the write-ahead log is of another one.
        if alone.is_ok_and(|found| found.is_intact()) { Ok(false) } else { Err(error) }
    }
}
