//! A disposable PostgreSQL for tests: a private cluster for each process, a database for each test.
//!
//! [`Database::fresh`] is all a test needs. It uses the server of `ES_TEST_POSTGRES_URL`, or starts a private cluster
//! from the binaries on `PATH` or under `/usr/lib/postgresql`. The cluster is stopped and removed when the process
//! ends, also by a kill: a watchdog waits for the end of a pipe that only this process holds open.
//!
//! `test-postgres COMMAND…` runs a command with `ES_TEST_POSTGRES_URL` set to a private cluster. A test runner that starts a
//! process for each test then needs a single server.

mod binaries;
mod database;
mod server;
mod user;

pub use binaries::Binaries;
pub use database::Database;
pub use server::Server;

/// Why no server is available for tests.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// No PostgreSQL is installed.
    #[error(
        "no `initdb` on PATH or under `/usr/lib/postgresql`; install PostgreSQL (`apt-get install postgresql`) or set \
         `ES_TEST_POSTGRES_URL`"
    )]
    NotInstalled,
    /// PostgreSQL refuses to run as root, and there is no other user to run it.
    #[error("running as root, and neither `postgres` nor `nobody` is a user of this machine")]
    NoUser,
    /// A file or a process of the cluster could not be created.
    #[error("`{step}` failed")]
    Io {
        /// The step that failed.
        step: String,
        /// The cause.
        source: std::io::Error,
    },
    /// A program of PostgreSQL ended with an error.
    #[error("`{program}` failed: {output}")]
    Program {
        /// The program.
        program: String,
        /// Its output.
        output: String,
    },
    /// The server did not answer, or rejected a statement.
    #[error("the server at `{url}` does not answer, or rejects the statement")]
    Unreachable {
        /// The server's URL.
        url: String,
        /// The error of the attempt.
        source: tokio_postgres::Error,
    },
}

impl ServerError {
    pub(crate) fn io(step: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let step = step.into();
        move |source| Self::Io { step, source }
    }
}
