//! Opens the file: makes it where it is missing, refuses what is no log of this library, and brings its tables up to date.

use std::{
    fs::{self, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, MAIN_DB};

use crate::{
    error::SqliteError,
    file::{
        connection::{self, Settings},
        error::SqliteOpenError,
        identity::{Place, beside},
        incarnation, migrate, network,
        synchronous::Synchronous,
        wal::{self, Belongs},
        wal_base,
        write_lock::WriteLock,
    },
};

/// What to do while the file is opened.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) path: PathBuf,
    pub(crate) settings: Settings,
    pub(crate) migrate: bool,
    pub(crate) restored: bool,
    pub(crate) allow_network: bool,
}

/// A file that is open.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) place: Place,
    pub(crate) connection: Connection,
    /// `None` for a file that is only read.
    pub(crate) lock: Option<WriteLock>,
}

/// The first version of SQLite that does not damage a file when two connections write or checkpoint at once.
const SQLITE: i32 = 3_051_003;

/// Opens the file of `request`.
pub(crate) fn open(request: &Request) -> Result<Opened, SqliteOpenError> {
    if rusqlite::version_number() < SQLITE {
        return Err(SqliteOpenError::LibraryTooOld { found: rusqlite::version() });
    }
    let place = find_or_make(request)?;
    if !request.allow_network {
        network::check(place.path())?;
    }
    let failed = |source: SqliteError| SqliteOpenError::file(place.path(), source);
    let mut lock = None;
    if !request.settings.read_only {
        // First, so that no lock file appears beside what is no log.
        let checked = connection::observer(place.path(), &request.settings)
            .map_err(failed)
            .and_then(|file| check_application(&file, &place));
        if let Err(error @ (SqliteOpenError::NotADatabase { .. } | SqliteOpenError::Foreign { .. })) = checked {
            return Err(error);
        }
        let path = place.beside("-lock");
        lock = Some(WriteLock::open(&path, place.rights()).map_err(|source| refused(&path, source))?);
    }
    let take_turn = || lock.as_ref().map(|lock| lock.take(request.settings.busy_timeout)).transpose().map_err(failed);
    let mut turn = take_turn()?;
    let (belongs, damage) = look(&place, &request.settings)?;
    let (belongs, is_verified) = match belongs {
        Belongs::Yes => (true, false),
        Belongs::No => (false, false),
        Belongs::Untold(untold) => {
            // It takes as long as to read the whole file, so others append meanwhile.
            drop(turn);
            let belongs = untold.verify().map_err(failed)?;
            turn = take_turn()?;
            place.check().map_err(failed)?;
            (belongs, true)
        }
    };
    if !belongs {
        return Err(SqliteOpenError::StaleWal { path: place.path().to_owned(), wal: place.beside("-wal") });
    }
    if let Some(damage) = damage {
        return Err(damage);
    }
    let connection = open_locked(request, &place, is_verified)?;
    drop(turn);
    Ok(Opened { place, connection, lock })
}

/// Looks at the file before any connection that would replay the write-ahead log into it, while no other writer of this library
/// runs. Tells whether the write-ahead log belongs to it, and how it is damaged unless it does not.
fn look(place: &Place, settings: &Settings) -> Result<(Belongs, Option<SqliteOpenError>), SqliteOpenError> {
    let failed = |source: SqliteError| SqliteOpenError::file(place.path(), source);
    let check = || {
        let observer = connection::observer(place.path(), settings).map_err(failed);
        observer.and_then(|observer| check_application(&observer, place))
    };
    let mut checked = check();
    if !settings.read_only && matches!(&checked, Err(error) if error.asks_for_rollback()) {
        roll_back_journal(place, settings).map_err(failed)?;
        checked = check();
    }
    let damage = match checked {
        Ok(()) => None,
        Err(damage @ SqliteOpenError::Damaged { .. }) => Some(damage),
        Err(error) => return Err(error),
    };
    Ok((wal::belongs(place, settings).map_err(failed)?, damage))
}

/// Opens the file, whose write-ahead log belongs to it, while no other writer of this library runs.
fn open_locked(request: &Request, place: &Place, is_verified: bool) -> Result<Connection, SqliteOpenError> {
    let settings = &request.settings;
    let failed = |source: SqliteError| SqliteOpenError::file(place.path(), source);
    let sqlite = |error: rusqlite::Error| failed(error.into());
    let mut connection = connection::writer(place.path(), settings).map_err(failed)?;
    if settings.read_only {
        migrate::check(&connection)?;
        return Ok(connection);
    }
    if connection.is_readonly(MAIN_DB).map_err(sqlite)? {
        return Err(SqliteOpenError::ReadOnly { path: place.path().to_owned() });
    }
    // A new file is in the mode of a rollback journal. Under EXTRA a power loss cannot bring that journal back, and so cannot
    // roll the whole log back to nothing.
    connection.pragma_update(None, "synchronous", Synchronous::EXTRA).map_err(sqlite)?;
    if request.migrate {
        migrate::run(&mut connection)?;
    }
    migrate::check(&connection)?;
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(sqlite)?;
    if incarnation::begin_if_copied(&transaction, place, request.restored).map_err(failed)? {
        wal_base::follow_incarnation(&transaction).map_err(failed)?;
    }
    transaction.commit().map_err(sqlite)?;
    // Only now, so that the file alone says that it is no longer a mere backup.
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0)).map_err(sqlite)?;
    if mode != "wal" {
        return Err(failed(SqliteError::damaged(format!("its journal mode stays `{mode}`"))));
    }
    if is_verified {
        // So that the next write begins a write-ahead log that can be told by its row.
        connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).map_err(sqlite)?;
    }
    connection.pragma_update(None, "synchronous", settings.synchronous.name()).map_err(sqlite)?;
    Ok(connection)
}

/// Finds the file, or makes it with rights for its owner alone. SQLite gives the files beside it the same rights.
fn find_or_make(request: &Request) -> Result<Place, SqliteOpenError> {
    if request.path.as_os_str().is_empty() {
        return Err(SqliteOpenError::EmptyPath);
    }
    // Absolute, since SQLite reads a path that begins with `file:` as a URI.
    let path = std::path::absolute(&request.path).map_err(|source| refused(&request.path, source))?;
    // A missing file has no link to follow.
    let wal = beside(&fs::canonicalize(&path).unwrap_or_else(|_| path.clone()), "-wal");
    let has_wal = holds_bytes(&wal)?;
    // Looked at after the write-ahead log: a new file is not empty once it has one.
    let missing = match fs::metadata(&path) {
        Ok(found) if !found.is_file() => return Err(SqliteOpenError::NotAFile { path }),
        // SQLite would take it for an empty file, and overwrite it.
        Ok(found) if found.len() == 1 => return Err(SqliteOpenError::NotADatabase { path }),
        Ok(found) => found.len() == 0,
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(error) => return Err(refused(&path, error)),
    };
    if missing && has_wal {
        // SQLite would delete the write-ahead log of an empty file.
        return Err(SqliteOpenError::LostFile { path, wal });
    }
    if missing && request.settings.read_only {
        return Err(SqliteOpenError::Missing { path });
    }
    if missing {
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            // Not the file is missing, which would be made, but its folder.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(refused(path.parent().unwrap_or(&path), error));
            }
            Err(error) => return Err(refused(&path, error)),
        }
    }
    Place::of(&path).map_err(|source| refused(&path, source))
}

/// Whether there is a file at `path` that is not empty.
fn holds_bytes(path: &Path) -> Result<bool, SqliteOpenError> {
    match fs::metadata(path) {
        Ok(found) => Ok(found.len() > 0),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(false),
        Err(error) => Err(refused(path, error)),
    }
}

/// Rolls back what a crash left unfinished while the file was made: the file then has a journal, with which nobody can look
/// at it without writing.
fn roll_back_journal(place: &Place, settings: &Settings) -> Result<(), SqliteError> {
    let connection = connection::writer(place.path(), settings)?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(())
}

/// Fails unless the file is empty or a log.
fn check_application(connection: &Connection, place: &Place) -> Result<(), SqliteOpenError> {
    let sqlite = |error: rusqlite::Error| SqliteOpenError::file(place.path(), error.into());
    let objects: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(sqlite)?;
    let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(sqlite)?;
    if objects > 0 && application != migrate::APPLICATION {
        return Err(SqliteOpenError::Foreign { path: place.path().to_owned() });
    }
    Ok(())
}

fn refused(path: &Path, source: io::Error) -> SqliteOpenError {
    match source.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem if path.exists() => {
            SqliteOpenError::ReadOnly { path: path.to_owned() }
        }
        _ => SqliteOpenError::Io { path: path.to_owned(), source },
    }
}
