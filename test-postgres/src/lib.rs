//! A throw-away PostgreSQL for tests: one private cluster a process, one database a test.
//!
//! [`Database::fresh`] is all a test needs. It uses the server of `ES_TEST_POSTGRES_URL`, or starts a private cluster
//! from the binaries on `PATH` or under `/usr/lib/postgresql`. The cluster is stopped and removed when the process
//! ends, however it ends: a watchdog waits for the end of a pipe that only this process holds open.
//!
//! `test-postgres COMMAND…` runs a command with `ES_TEST_POSTGRES_URL` set to a private cluster, so that a runner
//! with a process for each test starts one server and not hundreds.

mod binaries;
mod database;
mod server;
mod user;

pub use binaries::Binaries;
pub use database::Database;
pub use server::Server;

/// Why there is no server to test against.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// No PostgreSQL is installed.
    #[error(
        "no `initdb` on PATH or under `/usr/lib/postgresql`; install PostgreSQL (`apt-get install postgresql`) or set \
         `ES_TEST_POSTGRES_URL`"
    )]
    NotInstalled,
    /// The servers' programs refuse to run as root and there is nobody else to run them.
    #[error("running as root, and neither `postgres` nor `nobody` is a user of this machine")]
    NoUser,
    /// A file or a process of the cluster could not be made.
    #[error("`{step}` failed")]
    Io {
        /// What was tried.
        step: String,
        /// Why it failed.
        source: std::io::Error,
    },
    /// A program of PostgreSQL ended with an error.
    #[error("`{program}` failed: {output}")]
    Program {
        /// The program.
        program: String,
        /// What it wrote.
        output: String,
    },
    /// The server did not answer.
    #[error("the server at `{url}` does not answer")]
    Silent {
        /// Where it was looked for.
        url: String,
        /// The last attempt's error.
        source: tokio_postgres::Error,
    },
}

impl ServerError {
    pub(crate) fn io(step: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let step = step.into();
        move |source| Self::Io { step, source }
    }
}
