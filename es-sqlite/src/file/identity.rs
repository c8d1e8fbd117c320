//! Which file stands at a path.

use std::{
    fs::{self, Metadata},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use crate::error::SqliteError;

/// A file that the store has open: its path, and which file that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    path: PathBuf,
    device: u64,
    inode: u64,
    origin: String,
    rights: u32,
}

impl Place {
    /// The file at `path`, without any symbolic link.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let path = fs::canonicalize(path)?;
        let metadata = fs::metadata(&path)?;
        Ok(Self {
            path,
            device: metadata.dev(),
            inode: metadata.ino(),
            origin: origin(&metadata),
            rights: metadata.mode() & 0o777,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A text that no copy of the file shares: the inode, and when it was made.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Who may read and write the file.
    pub(crate) fn rights(&self) -> u32 {
        self.rights
    }

    /// The path of a file that stands beside this one, such as its write-ahead log with `-wal`.
    pub(crate) fn beside(&self, suffix: &str) -> PathBuf {
        beside(&self.path, suffix)
    }

    /// Fails unless the same file still stands at the path.
    pub(crate) fn check(&self) -> Result<(), SqliteError> {
        if self.is_at(&self.path) { Ok(()) } else { Err(SqliteError::Moved { path: self.path.clone() }) }
    }

    /// Whether a connection that was opened on `path` is on this very file, by the path of the store.
    pub(crate) fn is_reached_by(&self, path: &Path) -> bool {
        fs::canonicalize(path).is_ok_and(|path| path == self.path) && self.is_at(&self.path)
    }

    /// Whether this very file stands at `path`.
    fn is_at(&self, path: &Path) -> bool {
        fs::metadata(path).is_ok_and(|found| (found.dev(), found.ino()) == (self.device, self.inode))
    }
}

/// The path of a file that stands beside the one at `path`.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

/// The inode and the time of birth. A file system reuses inodes, but not within a nanosecond.
fn origin(metadata: &Metadata) -> String {
    let born = metadata.created().ok().and_then(|born| born.duration_since(UNIX_EPOCH).ok());
    match born {
        Some(born) => format!("{}:{}", metadata.ino(), born.as_nanos()),
        None => format!("{}:{}", metadata.dev(), metadata.ino()),
    }
}
