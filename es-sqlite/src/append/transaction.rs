//! Appends in a transaction of the caller.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

use es_core::{AppendError, AppendRequest, Appended, limits};
use rusqlite::{Connection, MAIN_DB, OptionalExtension, TransactionState};
use uuid::Uuid;

use crate::{
    append::{
        execute::{Failure, Log, LookUp},
        writer::Clock,
    },
    codec::kinds::Kinds,
    error::SqliteError,
    file::{
        identity::Place,
        incarnation::{self, KnownIncarnation},
        synchronous::Synchronous,
        wal,
    },
};

/// Why [`SqliteStore::append_in`](crate::SqliteStore::append_in) appended nothing. What the transaction did before is as it
/// was, unless SQLite has rolled all of it back, as on a full disk: then the COMMIT fails.
///
/// ```
/// # use es_sqlite::SqliteTransactionError;
/// fn advice(error: &SqliteTransactionError) -> &'static str {
///     match error {
///         SqliteTransactionError::Append(_) => "roll back, and decide again or tell the user",
///         SqliteTransactionError::NoWriteLock => "begin the transaction with `BEGIN IMMEDIATE`",
///         _ => "correct the connection",
///     }
/// }
/// # assert_eq!(advice(&SqliteTransactionError::NoWriteLock), "begin the transaction with `BEGIN IMMEDIATE`");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SqliteTransactionError {
    /// The append is refused, as by the store itself.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The transaction does not hold the write lock. Taken later, it could fail, or follow reads of an older state.
    #[error("the transaction does not hold the write lock; begin it with `TransactionBehavior::Immediate`")]
    NoWriteLock,
    /// The connection flushes less than the store, so that a power loss could take acknowledged events.
    #[error("the connection has `synchronous = {found}`, and the store {needed}; run `PRAGMA synchronous = {needed}`")]
    Synchronous {
        /// The setting of the connection.
        found: i64,
        /// The setting of the store.
        needed: i64,
    },
    /// The transaction is on another file than the store, reaches the file by another name or attached to another database, or
    /// the file was replaced. The write-ahead log has the name of the file, so a hard link is another file, too.
    #[error("the transaction is on another file than the store; open its connection on the store's path")]
    OtherFile,
    /// A temporary table of the connection has the name of a table of the log, and would get its rows.
    #[error("the connection has a temporary table `{name}`, which hides that of the log; give yours another name")]
    HiddenTable {
        /// The name.
        name: String,
    },
}

impl From<SqliteError> for SqliteTransactionError {
    fn from(error: SqliteError) -> Self {
        Self::Append(error.into())
    }
}

impl From<rusqlite::Error> for SqliteTransactionError {
    fn from(error: rusqlite::Error) -> Self {
        Self::from(SqliteError::from(error))
    }
}

/// Executes `request` in the open transaction of `connection`.
pub(crate) fn append_in(
    connection: &Connection,
    request: &AppendRequest,
    (place, incarnation): (&Place, Uuid),
    synchronous: Synchronous,
    clock: &Clock,
) -> Result<Vec<Appended>, SqliteTransactionError> {
    limits::check(request)?;
    if connection.transaction_state(Some(MAIN_DB))? != TransactionState::Write {
        return Err(SqliteTransactionError::NoWriteLock);
    }
    if !is_on(connection, place)? || incarnation::today(connection)? != incarnation {
        return Err(SqliteTransactionError::OtherFile);
    }
    let found: i64 = connection.pragma_query_value(None, "synchronous", |row| row.get(0))?;
    if found < synchronous.number() {
        return Err(SqliteTransactionError::Synchronous { found, needed: synchronous.number() });
    }
    if let Some(name) = hidden_table(connection)? {
        return Err(SqliteTransactionError::HiddenTable { name });
    }
    // What a failed statement left behind is undone, so that the caller may go on with the transaction.
    connection.execute_batch("SAVEPOINT es_append_in")?;
    let (mut kinds, mut known) = (Kinds::default(), KnownIncarnation::default());
    let log = Log::new(connection, &mut kinds, &mut known, clock(), LookUp::Always);
    let answer = log.map_err(Failure::Failed).and_then(|mut log| {
        let appended = log.execute(request)?;
        wal::follow(connection, place)?;
        Ok(appended)
    });
    if answer.is_err() && !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK TO es_append_in")?;
    }
    if !connection.is_autocommit() {
        connection.execute_batch("RELEASE es_append_in")?;
    }
    answer.map_err(|failure| match failure {
        Failure::Refused(error) => error.into(),
        Failure::Failed(error) => error.into(),
    })
}

/// Whether the main database of the connection is the file of the store. Its path need not be UTF-8.
fn is_on(connection: &Connection, place: &Place) -> Result<bool, SqliteError> {
    // Its first row is the main database.
    Ok(connection.prepare_cached("PRAGMA database_list")?.query_row([], |row| {
        let path = row.get_ref(2)?.as_bytes_or_null()?;
        Ok(path.is_some_and(|path| place.is_reached_by(OsStr::from_bytes(path).as_ref())))
    })?)
}

/// The name of a temporary table that hides one of the log.
fn hidden_table(connection: &Connection) -> Result<Option<String>, SqliteError> {
    let hidden = "SELECT temporary.name FROM temp.sqlite_schema AS temporary JOIN main.sqlite_schema AS main
                  ON temporary.name = main.name COLLATE NOCASE
                  WHERE main.name IN ('streams', 'kinds', 'events', 'keys', 'incarnations', 'wal_base')";
    Ok(connection.prepare_cached(hidden)?.query_row([], |row| row.get(0)).optional()?)
}
