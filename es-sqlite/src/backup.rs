//! Copies the log to another file while writers go on.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use es_core::StoreErrorKind;
use rusqlite::Connection;
#[cfg(target_os = "linux")]
use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::{error::SqliteError, file::incarnation};

/// Why no backup was made.
///
/// ```
/// # use es_sqlite::{SqliteBackupError, SqliteStore};
/// # async fn example(store: &SqliteStore) -> Result<(), SqliteBackupError> {
/// match store.backup_to("backup.db").await {
///     Err(SqliteBackupError::Exists { path }) => println!("`{}` stays as it is", path.display()),
///     done => done?,
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SqliteBackupError {
    /// There is a file at the path already, or a journal that SQLite would apply to the backup. It stays as it is.
    #[error("`{}` exists already; give the backup a new name", path.display())]
    Exists {
        /// The path.
        path: PathBuf,
    },
    /// The path holds bytes that are not UTF-8, which SQLite does not take here.
    #[error("`{}` is not UTF-8; give the backup another name", path.display())]
    NotUtf8 {
        /// The path.
        path: PathBuf,
    },
    /// The backup could not be written.
    #[error("the backup could not be written to `{}`", path.display())]
    Io {
        /// The path that was accessed.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The log could not be read, or not be copied.
    #[error(transparent)]
    Store(#[from] SqliteError),
}

impl SqliteBackupError {
    /// How to react to it.
    ///
    /// ```
    /// # use es_core::StoreErrorKind;
    /// # use es_sqlite::SqliteBackupError;
    /// let error = SqliteBackupError::Exists { path: "backup.db".into() };
    /// assert_eq!(error.kind(), StoreErrorKind::Misconfigured);
    /// ```
    pub fn kind(&self) -> StoreErrorKind {
        match self {
            Self::Exists { .. } | Self::NotUtf8 { .. } => StoreErrorKind::Misconfigured,
            Self::Io { .. } => StoreErrorKind::Unavailable,
            Self::Store(error) => error.kind(),
        }
    }
}

/// Writes all that `connection` sees to a new file at `path`. The file appears there when it is whole and on the disk.
pub(crate) fn backup(connection: &Connection, path: &Path) -> Result<(), SqliteBackupError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| SqliteBackupError::Io { path, source }
    };
    let path = std::path::absolute(path).map_err(failed(path))?;
    // What is left of an earlier file at this path would become part of the backup.
    for path in [path.clone(), beside(&path, "-wal"), beside(&path, "-journal")] {
        if path.symlink_metadata().is_ok() {
            return Err(SqliteBackupError::Exists { path });
        }
    }
    let partial = beside(&path, "-partial");
    let Some(name) = partial.to_str() else { return Err(SqliteBackupError::NotUtf8 { path }) };
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&partial);
    match made {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(SqliteBackupError::Exists { path: partial });
        }
        Err(error) => return Err(failed(&partial)(error)),
    }
    let written = write(connection, &partial, name).and_then(|()| publish(&partial, &path));
    if written.is_err() {
        // What was written so far is of no use.
        for path in [beside(&partial, "-journal"), partial] {
            drop(fs::remove_file(path));
        }
    }
    written
}

fn write(connection: &Connection, partial: &Path, name: &str) -> Result<(), SqliteBackupError> {
    let sqlite = |error: rusqlite::Error| SqliteBackupError::Store(error.into());
    // A connection that only reads would refuse to write the copy, too.
    connection.pragma_update(None, "query_only", false).map_err(sqlite)?;
    connection.execute("VACUUM INTO ?1", [name]).map_err(sqlite)?;
    let copy = Connection::open(partial).map_err(sqlite)?;
    incarnation::forget_origin(&copy)?;
    copy.close().map_err(|(_, error)| sqlite(error))
}

/// Gives the file its name, once it is on the disk.
fn publish(partial: &Path, path: &Path) -> Result<(), SqliteBackupError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => SqliteBackupError::Exists { path: path.to_owned() },
        _ => SqliteBackupError::Io { path: path.to_owned(), source },
    };
    File::open(partial).and_then(|file| file.sync_all()).map_err(failed)?;
    move_to_new(partial, path).map_err(failed)?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    let synced = File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed);
    if synced.is_err() {
        drop(fs::remove_file(path));
    }
    synced
}

/// Moves a file to a path where nothing is. A plain rename would replace a file that somebody made there in between.
fn move_to_new(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Ok(()) => fs::remove_file(from).inspect_err(|_| drop(fs::remove_file(to))),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(error) => rename_to_new(from, to, error),
    }
}

/// Renames a file to a path where nothing is, where the file system has no hard links, such as FAT.
#[cfg(target_os = "linux")]
fn rename_to_new(from: &Path, to: &Path, _: io::Error) -> io::Result<()> {
    Ok(renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)?)
}

/// Other systems have no such rename.
#[cfg(not(target_os = "linux"))]
fn rename_to_new(_: &Path, _: &Path, error: io::Error) -> io::Result<()> {
    Err(error)
}

/// The path of a file that stands beside the one at `path`.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut path = path.to_owned().into_os_string();
    path.push(suffix);
    path.into()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn no_file_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let [mine, new, there] = ["mine", "new", "there"].map(|name| folder.path().join(name));
        fs::write(&there, "there").unwrap();
        for move_to_new in [move_to_new, |from: &Path, to: &Path| rename_to_new(from, to, io::ErrorKind::Other.into())]
        {
            fs::write(&mine, "mine").unwrap();
            let refused = move_to_new(&mine, &there).unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
            assert_eq!(fs::read_to_string(&there).unwrap(), "there");
            move_to_new(&mine, &new).unwrap();
            assert_eq!(fs::read_to_string(&new).unwrap(), "mine");
            assert!(!mine.exists());
            fs::remove_file(&new).unwrap();
        }
    }
}
