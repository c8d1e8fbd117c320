//! Why a store was not opened.

use std::{
    io,
    path::{Path, PathBuf},
};

use es_core::{StoreError, StoreErrorKind};
use rusqlite::ErrorCode;

use crate::{error::SqliteError, file::migrate::SqliteMigrateError, url::SqliteUrlError};

/// Why a store was not opened. No event was changed.
///
/// ```no_run
/// # use es_sqlite::{SqliteOpenError, SqliteStore};
/// # async fn example() {
/// match SqliteStore::open("bank.db").await {
///     Ok(_store) => println!("open"),
///     Err(SqliteOpenError::Foreign { .. }) => println!("choose another file"),
///     Err(error) => println!("{:?}: {error}", error.kind()),
/// }
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SqliteOpenError {
    /// The URL names no file.
    #[error(transparent)]
    Url(#[from] SqliteUrlError),
    /// The path is empty.
    #[error("the path of the file is empty; name one, such as `bank.db`")]
    EmptyPath,
    /// The file cannot be reached: a folder is missing, is no folder, or may not be entered.
    #[error("`{}` cannot be opened", path.display())]
    Io {
        /// The path that was accessed.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The path is that of something else than a file.
    #[error("`{}` is not a file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The file is no SQLite database.
    #[error("`{}` is not an SQLite database; choose another file", path.display())]
    NotADatabase {
        /// The path of the file.
        path: PathBuf,
    },
    /// The file is the database of another program.
    #[error("`{}` is the database of another program; choose another file for the log", path.display())]
    Foreign {
        /// The path of the file.
        path: PathBuf,
    },
    /// The file does not exist, and the store was to be opened to read only.
    #[error("`{}` does not exist or is empty, and is to be read only", path.display())]
    Missing {
        /// The path of the file.
        path: PathBuf,
    },
    /// This program may read the file but not write it.
    #[error("`{}` may only be read; give this program the right to write, or open it with `read_only`", path.display())]
    ReadOnly {
        /// The path of the file.
        path: PathBuf,
    },
    /// The file is missing or empty, and its write-ahead log is not: that holds appends, and SQLite would delete it.
    #[error(
        "`{}` is missing or empty, but `{}` holds appends to it; put the file back, or move the latter away",
        path.display(),
        wal.display()
    )]
    LostFile {
        /// The path of the file.
        path: PathBuf,
        /// The path of the write-ahead log.
        wal: PathBuf,
    },
    /// The file is on a network file system, where locks and shared memory do not work well enough for SQLite.
    #[error("`{}` is on a network file system ({file_system}), where two computers can damage it; use a local disk, or PostgreSQL", path.display())]
    NetworkFileSystem {
        /// The path of the file.
        path: PathBuf,
        /// The name of the file system.
        file_system: &'static str,
    },
    /// A write-ahead log of another database is beside the file.
    #[error("`{}` is not of `{}`, which was restored beside it; move the former away", wal.display(), path.display())]
    StaleWal {
        /// The path of the file.
        path: PathBuf,
        /// The path of the write-ahead log.
        wal: PathBuf,
    },
    /// The SQLite library is too old to be trusted with several writers.
    #[error(
        "this program runs with SQLite {found}, which can damage a file that several connections write; install 3.51.3 or newer, or build it in with the feature `sqlite` of `es` (`bundled` of `es-sqlite`)"
    )]
    LibraryTooOld {
        /// The version of the library.
        found: &'static str,
    },
    /// The tables are not those of the newest migration.
    #[error(transparent)]
    Migrate(#[from] SqliteMigrateError),
    /// The file is damaged, such as one that was cut.
    #[error("`{}` is damaged; restore a backup", path.display())]
    Damaged {
        /// The path of the file.
        path: PathBuf,
        /// What is wrong with it.
        source: SqliteError,
    },
    /// The file could not be read or written.
    #[error("`{}` cannot be opened", path.display())]
    File {
        /// The path of the file.
        path: PathBuf,
        /// Why.
        source: SqliteError,
    },
    /// No thread could be started.
    #[error("no thread could be started")]
    Thread(#[source] io::Error),
}

impl SqliteOpenError {
    /// The file at `path` could not be read or written.
    pub(crate) fn file(path: &Path, source: SqliteError) -> Self {
        let path = path.to_owned();
        if matches!(&source, SqliteError::Sqlite(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase)) {
            return Self::NotADatabase { path };
        }
        match source.kind() {
            _ if source.is_not_a_database() => Self::NotADatabase { path },
            StoreErrorKind::Corrupt => Self::Damaged { path, source },
            _ => Self::File { path, source },
        }
    }

    /// Whether the file can only be read once a journal beside it was rolled back.
    pub(super) fn asks_for_rollback(&self) -> bool {
        let Self::File { source: SqliteError::Sqlite(rusqlite::Error::SqliteFailure(error, _)), .. } = self else {
            return false;
        };
        error.extended_code == rusqlite::ffi::SQLITE_READONLY_ROLLBACK
    }

    /// How to react to it.
    ///
    /// ```
    /// # use es_core::StoreErrorKind;
    /// # use es_sqlite::SqliteOpenError;
    /// assert_eq!(SqliteOpenError::EmptyPath.kind(), StoreErrorKind::Misconfigured);
    /// ```
    pub fn kind(&self) -> StoreErrorKind {
        match self {
            Self::NotADatabase { .. } | Self::StaleWal { .. } => StoreErrorKind::Corrupt,
            Self::Migrate(error) => error.kind(),
            Self::Damaged { source, .. } | Self::File { source, .. } => source.kind(),
            Self::Thread(_) => StoreErrorKind::Unavailable,
            _ => StoreErrorKind::Misconfigured,
        }
    }
}

impl From<SqliteOpenError> for StoreError {
    fn from(error: SqliteOpenError) -> Self {
        Self::new(error.kind(), error)
    }
}
