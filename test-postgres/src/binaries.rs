//! Where PostgreSQL is installed.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::ServerError;

/// A folder that holds `initdb`, `postgres`, `pg_ctl`, `pg_dump`.
#[derive(Debug, Clone)]
pub struct Binaries {
    folder: PathBuf,
}

impl Binaries {
    /// The folder in `ES_TEST_POSTGRES_BIN`, the first on `PATH`, or the newest under `/usr/lib/postgresql`.
    ///
    /// # Errors
    /// [`ServerError::NotInstalled`] when there is none.
    pub fn find() -> Result<Self, ServerError> {
        Self::with(&[])
    }

    /// The same, of those that hold these programs too: not every one has `pg_dump`.
    ///
    /// # Errors
    /// [`ServerError::NotInstalled`] when there is none.
    pub fn with(programs: &[&str]) -> Result<Self, ServerError> {
        let given = env::var_os("ES_TEST_POSTGRES_BIN").map(PathBuf::from);
        let path = env::var_os("PATH").unwrap_or_default();
        given
            .into_iter()
            .chain(env::split_paths(&path))
            .chain(packaged())
            .find(|folder| ["initdb", "postgres"].iter().chain(programs).all(|name| folder.join(name).is_file()))
            .map(|folder| Self { folder })
            .ok_or(ServerError::NotInstalled)
    }

    /// The path of one program.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn library_folder(&self) -> PathBuf {
        self.folder.parent().unwrap_or(Path::new("/")).join("lib")
    }
}

/// The folders of Debian's packages, newest version first.
fn packaged() -> Vec<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    versions.into_iter().map(|(_, folder)| folder).collect()
}
