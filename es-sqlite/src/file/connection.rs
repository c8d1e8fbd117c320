//! Connections to the file, with the settings that the promises need.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use crate::{error::SqliteError, file::synchronous::Synchronous};

/// How each connection works.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) synchronous: Synchronous,
    pub(crate) cache_bytes: usize,
    pub(crate) busy_timeout: Duration,
    pub(crate) read_only: bool,
    /// Whether a commit copies a long write-ahead log into the file.
    pub(crate) checkpoints: bool,
}

/// How many statements a connection keeps prepared.
const STATEMENTS: usize = 64;
/// The size to which SQLite cuts the write-ahead log after a checkpoint.
const WAL_BYTES: u32 = 64 * 1024 * 1024;

/// Opens the connection of the writer. The file must exist.
pub(crate) fn writer(path: &Path, settings: &Settings) -> Result<Connection, SqliteError> {
    let flags = if settings.read_only { OpenFlags::SQLITE_OPEN_READ_ONLY } else { OpenFlags::SQLITE_OPEN_READ_WRITE };
    open(path, settings, flags)
}

/// Opens a connection that only reads. It may write the shared memory that readers and writers coordinate by.
pub(crate) fn reader(path: &Path, settings: &Settings) -> Result<Connection, SqliteError> {
    let connection = writer(path, settings)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// Opens a connection that changes neither the file nor its write-ahead log, also when it is closed as the last one. The file
/// must not be empty: SQLite deletes the write-ahead log of an empty one.
pub(crate) fn observer(path: &Path, settings: &Settings) -> Result<Connection, SqliteError> {
    let connection = open(path, settings, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(connection)
}

/// Opens the file alone, as if it had no write-ahead log.
pub(crate) fn without_wal(path: &Path, settings: &Settings) -> Result<Connection, SqliteError> {
    let bytes = std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str());
    let encoded = percent_encoding::percent_encode(bytes, percent_encoding::NON_ALPHANUMERIC);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    open(Path::new(&format!("file:{encoded}?immutable=1")), settings, flags)
}

fn open(path: &Path, settings: &Settings, flags: OpenFlags) -> Result<Connection, SqliteError> {
    // No connection is used by two threads at once.
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(settings.busy_timeout)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    let cache_kib = i64::try_from(settings.cache_bytes / 1024).unwrap_or(i64::MAX);
    connection.pragma_update(None, "cache_size", -cache_kib)?;
    connection.pragma_update(None, "synchronous", settings.synchronous.name())?;
    connection.pragma_update_and_check(None, "journal_size_limit", WAL_BYTES, |_| Ok(()))?;
    // The writer decides when, so that no commit includes a checkpoint.
    connection.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))?;
    // The schema may come from somebody else: no function of it runs unless it is harmless.
    connection.pragma_update(None, "trusted_schema", false)?;
    // Otherwise SQLite plans a statement anew for each value of its LIMIT.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // Checks each page as it is read, which costs next to nothing.
    connection.pragma_update(None, "cell_size_check", true)?;
    Ok(connection)
}
