//! Finds the programs of PostgreSQL.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use crate::ServerError;

/// A folder with PostgreSQL's programs: `initdb`, `postgres`, `pg_ctl` and others.
#[derive(Debug, Clone)]
pub struct Binaries {
    folder: PathBuf,
}

impl Binaries {
    /// Finds the folder in `ES_TEST_POSTGRES_BIN`, the first on `PATH`, or the newest under `/usr/lib/postgresql`.
    ///
    /// # Errors
    /// [`ServerError::NotInstalled`] when there is none.
    pub fn find() -> Result<Self, ServerError> {
        Self::find_with(&[])
    }

    /// Finds a folder that has these programs, too: not every installation has `pg_dump`.
    ///
    /// # Errors
    /// [`ServerError::NotInstalled`] when there is none.
    pub fn find_with(programs: &[&str]) -> Result<Self, ServerError> {
        let configured = env::var_os("ES_TEST_POSTGRES_BIN").map(PathBuf::from);
        let path = env::var_os("PATH").unwrap_or_default();
        configured
            .into_iter()
            .chain(env::split_paths(&path))
            .chain(packaged())
            .find(|folder| ["initdb", "postgres"].iter().chain(programs).all(|name| folder.join(name).is_file()))
            .map(|folder| Self { folder })
            .ok_or(ServerError::NotInstalled)
    }

    /// Returns the path of a program.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn library_folder(&self) -> PathBuf {
        self.folder.parent().unwrap_or(Path::new("/")).join("lib")
    }
}

/// Returns the folders of Debian's packages, newest version first.
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
