//! The error of an open store, whatever the operation.

use std::{io, path::PathBuf, time::Duration};

use es_core::{AppendError, Position, ReadError, ReadModelError, SnapshotError, StoreError, StoreErrorKind, WorkError};
use rusqlite::ErrorCode;

/// Why an open store could not do what it was asked for: the source of the [`StoreError`] of each operation.
///
/// ```
/// # use es_core::AppendError;
/// # use es_sqlite::SqliteError;
/// fn advice(error: &AppendError) -> &'static str {
///     let AppendError::Store(error) = error else { return "decide again" };
///     match error.downcast_ref::<SqliteError>() {
///         Some(SqliteError::Moved { .. }) => "somebody moved the file: open the store again",
///         Some(SqliteError::ReadOnly { .. }) => "this program may only read",
///         _ => "see the log",
///     }
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SqliteError {
    /// The file was deleted, moved or replaced while the store had it open. Nothing was written to the old one.
    #[error("`{}` was deleted, moved or replaced while it was open; put it back or open the store again", path.display())]
    Moved {
        /// The path of the file.
        path: PathBuf,
    },
    /// The store was opened to read only.
    #[error("`{}` is open to read only; open it without `read_only` to append", path.display())]
    ReadOnly {
        /// The path of the file.
        path: PathBuf,
    },
    /// Another process wrote all the time. Nothing was written.
    #[error("other writers held the file for {waited:?}; nothing was written, try again")]
    Locked {
        /// How long the writer waited.
        waited: Duration,
    },
    /// The store is closed.
    #[error("the store is closed; open it again")]
    Closed,
    /// Events are missing from the log: something other than the store removed or damaged them.
    #[error("the log has a hole: position {found} follows position {after}; the file is damaged, restore a backup")]
    Hole {
        /// The last position before the hole.
        after: Position,
        /// The first position after the hole.
        found: Position,
    },
    /// A row is none that the store writes: something other than the store changed it.
    #[error("the file is damaged: {what}; restore a backup")]
    Damaged {
        /// Which row, and what is wrong with it.
        what: String,
    },
    /// A projection would have its tables under the names of others, which are left as they are.
    #[error("the file holds `{name}` already, which no projection of this store made; rename it, or the projection")]
    TableExists {
        /// The name of the table or view.
        name: String,
    },
    /// SQLite failed. The error is in the text and is no source, since its own source repeats it.
    #[error("SQLite failed: {}", told(.0))]
    Sqlite(rusqlite::Error),
    /// The operating system failed.
    #[error("the operating system refused access to `{}`", path.display())]
    Io {
        /// The path that was accessed.
        path: PathBuf,
        /// Its error.
        source: io::Error,
    },
}

impl SqliteError {
    /// How to react to it.
    ///
    /// ```
    /// # use es_core::StoreErrorKind;
    /// # use es_sqlite::SqliteError;
    /// assert_eq!(SqliteError::Closed.kind(), StoreErrorKind::Closed);
    /// ```
    pub fn kind(&self) -> StoreErrorKind {
        match self {
            Self::Moved { .. } => StoreErrorKind::Moved,
            Self::ReadOnly { .. } | Self::TableExists { .. } => StoreErrorKind::Misconfigured,
            Self::Locked { .. } => StoreErrorKind::Busy,
            Self::Closed => StoreErrorKind::Closed,
            Self::Hole { .. } | Self::Damaged { .. } => StoreErrorKind::Corrupt,
            Self::Sqlite(error) => kind_of(error),
            Self::Io { .. } => StoreErrorKind::Unavailable,
        }
    }

    /// The same error once more, for each append of a batch.
    pub(crate) fn copy(&self) -> Self {
        match self {
            Self::Moved { path } => Self::Moved { path: path.clone() },
            Self::ReadOnly { path } => Self::ReadOnly { path: path.clone() },
            Self::Locked { waited } => Self::Locked { waited: *waited },
            Self::Closed => Self::Closed,
            Self::Hole { after, found } => Self::Hole { after: *after, found: *found },
            Self::Damaged { what } => Self::Damaged { what: what.clone() },
            Self::TableExists { name } => Self::TableExists { name: name.clone() },
            Self::Sqlite(rusqlite::Error::SqliteFailure(error, text)) => {
                Self::Sqlite(rusqlite::Error::SqliteFailure(*error, text.clone()))
            }
            Self::Sqlite(error) => Self::damaged(error.to_string()),
            Self::Io { path, source } => {
                let source = source.raw_os_error().map_or_else(|| source.kind().into(), io::Error::from_raw_os_error);
                Self::Io { path: path.clone(), source }
            }
        }
    }

    /// Whether the file does not begin as a database does.
    pub(crate) fn is_not_a_database(&self) -> bool {
        matches!(self, Self::Sqlite(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase))
    }

    /// Whether a row was refused, since a value that must be unique is there already.
    pub(crate) fn is_constraint(&self) -> bool {
        matches!(self, Self::Sqlite(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation))
    }

    /// Whether the guard of a projection refused the statement.
    pub(crate) fn is_refused(&self) -> bool {
        matches!(self, Self::Sqlite(error) if error.sqlite_error_code() == Some(ErrorCode::AuthorizationForStatementDenied))
    }

    /// Whether SQLite did not know a name that a statement or a table uses.
    pub(crate) fn is_unknown_name(&self) -> bool {
        let Self::Sqlite(error) = self else { return false };
        error.sqlite_error().is_some_and(|error| error.extended_code & 0xff == rusqlite::ffi::SQLITE_ERROR)
    }

    /// A row that no store writes.
    pub(crate) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged { what: what.into() }
    }
}

/// The text of an error of SQLite, with its extended code, which tells a full disk from a broken one.
fn told(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(error, Some(text)) => format!("{text} (code {})", error.extended_code),
        // Without the statement, which may hold values.
        rusqlite::Error::SqlInputError { msg, offset, .. } => format!("{msg} (at byte {offset} of the statement)"),
        error => error.to_string(),
    }
}

/// How to react to an error of SQLite.
fn kind_of(error: &rusqlite::Error) -> StoreErrorKind {
    match error {
        rusqlite::Error::SqliteFailure(error, _) => match error.code {
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed => {
                StoreErrorKind::Busy
            }
            ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::OutOfMemory => {
                StoreErrorKind::Unavailable
            }
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::AuthorizationForStatementDenied => {
                StoreErrorKind::Misconfigured
            }
            // Damaged, no database, or a statement of ours does not fit the tables: somebody changed them.
            _ => StoreErrorKind::Corrupt,
        },
        // A column holds another type than the store writes.
        _ => StoreErrorKind::Corrupt,
    }
}

impl From<rusqlite::Error> for SqliteError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<SqliteError> for StoreError {
    fn from(error: SqliteError) -> Self {
        Self::new(error.kind(), error)
    }
}

impl From<SqliteError> for AppendError {
    fn from(error: SqliteError) -> Self {
        Self::Store(error.into())
    }
}

impl From<SqliteError> for ReadError {
    fn from(error: SqliteError) -> Self {
        Self::Store(error.into())
    }
}

impl From<SqliteError> for SnapshotError {
    fn from(error: SqliteError) -> Self {
        Self::Store(error.into())
    }
}

impl From<SqliteError> for WorkError {
    fn from(error: SqliteError) -> Self {
        ReadModelError::from(error).into()
    }
}

impl From<SqliteError> for ReadModelError {
    fn from(error: SqliteError) -> Self {
        Self::Store(error.into())
    }
}
