//! What can go wrong between the store and the server.

use std::time::Duration;

use deadpool_postgres::PoolError;
use es_core::{StoreError, StoreErrorKind};
use tokio_postgres::error::{DbError, SqlState};

/// An error of another crate's, or a text.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why the server did not do what the store asked for: the source of the `Store` variants of `es-core`'s errors.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresError {
    /// The URL does not describe a server.
    #[error("the URL does not describe a PostgreSQL server: {0}; write `postgres://user@host/database`")]
    Url(String),
    /// The URL's `sslmode` protects nothing, or is no mode.
    #[error("`sslmode={0}` may go without protection; write `verify-full`, or `disable` to go without it on purpose")]
    SslMode(String),
    /// The server is another machine, and this program was built without TLS.
    #[error(
        "`{host}` asks for TLS; switch on the feature `tls` of `es-postgres` (`postgres-tls` of `es`), or write \
         `sslmode=disable` into the URL to send everything in the clear"
    )]
    Unprotected {
        /// The host.
        host: String,
    },
    /// There is no certificate to trust.
    #[error(
        "no certificate to trust in `{place}`; name a PEM file of authorities with `sslrootcert=…`, or write \
         `sslmode=disable` to go without TLS"
    )]
    Certificates {
        /// Where it was looked for.
        place: String,
        /// What is wrong there.
        source: BoxError,
    },
    /// The server is not to be trusted: it has no TLS, or no certificate for this host from a trusted authority.
    #[error(
        "no protected connection to the server; name its authority with `sslrootcert=…`, or write `sslmode=disable` \
         to send everything in the clear"
    )]
    Tls(#[source] tokio_postgres::Error),
    /// The schema's name cannot be one.
    #[error("`{name}` cannot be the name of a schema: {why}")]
    SchemaName {
        /// The name.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The server could not be reached, or refused the connection.
    #[error("no connection to the server")]
    Connect(#[source] tokio_postgres::Error),
    /// The connection was lost.
    #[error("the connection to the server was lost")]
    Lost(#[source] BoxError),
    /// The pool of connections gave none.
    #[error("no connection from the pool")]
    Pool(#[source] PoolError),
    /// The server did not answer in time.
    #[error("the server did not answer within {0:?}")]
    Silent(Duration),
    /// A stream stayed in the hands of another transaction until the lock's time was up. Nothing was appended.
    #[error("another transaction holds the stream; gave up after {0:?}")]
    Held(Duration),
    /// The transaction is not READ COMMITTED.
    #[error("the transaction must be READ COMMITTED: with a snapshot of its own it would skip events")]
    Isolation,
    /// The server is a replica.
    #[error("the server is a replica; connect to the primary")]
    Replica,
    /// The right to read the sequence is missing.
    #[error("the owner of the functions may not read the sequence; grant it USAGE and SELECT on `position`")]
    SequenceRight,
    /// The transaction was appended on this server, but a synchronous replica did not confirm it.
    #[error("the wait for a synchronous replica was cut short; the append may be lost with this server")]
    NotReplicated,
    /// The log moved to another server, or was restored, while it was read: what was read is right, and ends here.
    #[error("the log moved to another server or was restored while it was read; read on from the last event")]
    Moved,
    /// The log was made by a newer version of this library.
    #[error("the schema is at migration {found}, this library knows {known}; deploy a newer version of it")]
    Newer {
        /// The newest migration of the schema.
        found: i32,
        /// The newest this library knows.
        known: i32,
    },
    /// The log is older than this library, and migrating it was switched off.
    #[error("the schema is at migration {found}, this library needs {known}; run `PostgresStore::migrations()`")]
    Older {
        /// The newest migration of the schema.
        found: i32,
        /// The newest this library knows.
        known: i32,
    },
    /// The schema's history holds other migrations than this library's: nothing was changed.
    #[error(
        "migration {number} of the schema is `{found}`, and this library's is `{known}`: another set of migrations made \
         it; give the log a schema of its own with `builder(url).schema(\"…\")`, or drop this one"
    )]
    OtherMigrations {
        /// The number of the first that differs.
        number: i32,
        /// Its name in the schema; empty when it is missing there.
        found: String,
        /// Its name in this library.
        known: &'static str,
    },
    /// A migration did not run; nothing of it is left.
    #[error("migration {number} `{name}` failed")]
    Migration {
        /// Its number.
        number: i32,
        /// Its name.
        name: &'static str,
        /// What the server said.
        source: Box<Self>,
    },
    /// The server is older than 13.
    #[error("the server is PostgreSQL {found}; this library needs 13 or newer: upgrade the server")]
    TooOld {
        /// Its version.
        found: String,
    },
    /// The server is not set up to keep what it acknowledges.
    #[error("`{setting}` is off: {remedy}, or call `allow_unsafe_server()` for a server whose data may be lost")]
    Unsafe {
        /// The setting.
        setting: &'static str,
        /// What it means and what to do.
        remedy: &'static str,
    },
    /// The database stores another encoding than UTF-8, which has no place for some characters that events may hold.
    #[error(
        "the database stores {found}, which cannot hold every event; make one with `CREATE DATABASE … ENCODING 'UTF8' \
         TEMPLATE template0`"
    )]
    Encoding {
        /// Its encoding.
        found: String,
    },
    /// The sequence of positions cannot be used as it is.
    #[error("{what}; run `{mend}`")]
    Sequence {
        /// What is wrong with it.
        what: &'static str,
        /// The statement that mends it.
        mend: String,
    },
    /// A second connection does not see the locks of the first.
    #[error(
        "one connection does not see the locks of another; connect without the proxy that spreads them over servers"
    )]
    LockUnseen,
    /// The pool that was given and the URL lead to different logs.
    #[error("the pool reads another log than the URL names; give both the same server and database")]
    OtherLog,
    /// The server refused the statement.
    #[error("the server refused with SQLSTATE {code}: {message}")]
    Refused {
        /// The SQLSTATE.
        code: String,
        /// The message; details, which quote what was sent, are left out.
        message: String,
        /// The constraint that was violated, if one was.
        constraint: Option<String>,
    },
    /// The server's answer is not what the functions of this library answer.
    #[error("the server's answer has an unexpected shape")]
    Answer(#[source] BoxError),
    /// The transaction was rolled back instead of committed: nothing of it is stored.
    #[error("the transaction was rolled back and nothing of it is stored; run it again from its beginning")]
    RolledBack(#[source] Box<Self>),
    /// COMMIT was sent and not answered: the transaction may be stored, whole, or not at all.
    #[error(
        "the transaction may be committed or not: its COMMIT was not answered; run it again with the same events, which \
         are `repeated` if it was"
    )]
    CommitUnknown(#[source] Box<Self>),
    /// The runtime in which the store was opened has ended, or the application closed the pool that the store reads over.
    #[error("the store is closed: its runtime has ended, or its pool was closed; open it again")]
    Closed,
}

impl PostgresError {
    /// An error of a statement: what the server said, or the loss of the connection.
    pub(crate) fn statement(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(said) if !ends_session(said) => Self::said(said),
            // what the server says beside the message may hold what was sent
            Some(said) => Self::Lost(Self::said(said).into()),
            None if error.is_closed() || io(&error) => Self::Lost(error.into()),
            None => Self::Answer(error.into()),
        }
    }

    /// How to react to it.
    ///
    /// [`Busy`](StoreErrorKind::Busy) is said only of what the server rolled back, or was never sent.
    pub fn kind(&self) -> StoreErrorKind {
        match self {
            Self::Url(_)
            | Self::SslMode(_)
            | Self::Unprotected { .. }
            | Self::Certificates { .. }
            | Self::Tls(_)
            | Self::SchemaName { .. }
            | Self::Isolation
            | Self::SequenceRight
            | Self::Newer { .. }
            | Self::Older { .. }
            | Self::TooOld { .. }
            | Self::Unsafe { .. }
            | Self::Encoding { .. }
            | Self::Sequence { .. }
            | Self::LockUnseen
            | Self::OtherMigrations { .. }
            | Self::OtherLog => StoreErrorKind::Misconfigured,
            Self::Connect(error) | Self::Pool(PoolError::Backend(error)) => kind_of_connecting(error),
            // what has no answer to its COMMIT may be committed, so it is never said to be busy
            Self::Lost(_) | Self::NotReplicated | Self::CommitUnknown(_) => StoreErrorKind::Unavailable,
            Self::Silent(_) | Self::Pool(PoolError::Timeout(_)) => StoreErrorKind::TimedOut,
            Self::Held(_) => StoreErrorKind::Busy,
            Self::Replica | Self::Moved => StoreErrorKind::Moved,
            Self::Refused { code, .. } => kind_of_code(code),
            Self::Answer(_) => StoreErrorKind::Corrupt,
            Self::Closed | Self::Pool(PoolError::Closed) => StoreErrorKind::Closed,
            Self::Pool(_) => StoreErrorKind::Other,
            Self::Migration { source, .. } | Self::RolledBack(source) => source.kind(),
        }
    }

    /// An error of the pool.
    pub(crate) fn pool(error: PoolError) -> Self {
        match error {
            PoolError::Closed => Self::Closed,
            error => Self::Pool(error),
        }
    }

    fn said(said: &DbError) -> Self {
        match said.code().code() {
            "ES002" => Self::Isolation,
            "ES003" => Self::Replica,
            "ES004" => Self::SequenceRight,
            "ES006" => Self::Moved,
            code => Self::Refused {
                code: code.to_owned(),
                message: said.message().to_owned(),
                constraint: said.constraint().map(str::to_owned),
            },
        }
    }

    pub(crate) fn is(&self, state: &SqlState) -> bool {
        matches!(self, Self::Refused { code, .. } if code == state.code())
    }

    /// Whether the connection is of no more use.
    pub(crate) fn ends_session(&self) -> bool {
        matches!(self, Self::Lost(_) | Self::Connect(_) | Self::Silent(_) | Self::Pool(_))
    }
}

impl From<PostgresError> for StoreError {
    fn from(error: PostgresError) -> Self {
        Self::new(error.kind(), error)
    }
}

/// Of a connection that could not be opened.
fn kind_of_connecting(error: &tokio_postgres::Error) -> StoreErrorKind {
    match error.as_db_error() {
        Some(said) => kind_of_code(said.code().code()),
        // the driver asks for a password that the URL does not have
        None if !io(error) && !error.is_closed() && std::error::Error::source(error).is_some() => {
            StoreErrorKind::Misconfigured
        }
        None => StoreErrorKind::Unavailable,
    }
}

/// What the server's SQLSTATE asks for. A statement that it refuses is rolled back: nothing of it is stored.
fn kind_of_code(code: &str) -> StoreErrorKind {
    match code {
        // serialization failure, deadlock, lock not available, too many connections
        "40001" | "40P01" | "55P03" | "53300" => StoreErrorKind::Busy,
        // cancelled, and three time-outs of sessions and transactions
        "57014" | "25P03" | "25P04" | "57P05" => StoreErrorKind::TimedOut,
        // missing database, missing schema, and a session or server that may only read
        "3D000" | "3F000" | "25006" => StoreErrorKind::Misconfigured,
        _ => match code.get(..2) {
            // connections, resources, and shutdown, crash or start of the server
            Some("08" | "53" | "57") => StoreErrorKind::Unavailable,
            // logging in; rights, and what the schema does not have
            Some("28" | "42") => StoreErrorKind::Misconfigured,
            // damaged data or indexes
            Some("XX") if code != "XX000" => StoreErrorKind::Corrupt,
            _ => StoreErrorKind::Other,
        },
    }
}

/// Whether the server closes the session after this error: shutdown, crash of a neighbour, termination.
fn ends_session(said: &DbError) -> bool {
    matches!(
        said.parsed_severity(),
        Some(tokio_postgres::error::Severity::Fatal | tokio_postgres::error::Severity::Panic)
    )
}

fn io(error: &tokio_postgres::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        if error.is::<std::io::Error>() {
            return true;
        }
        source = error.source();
    }
    false
}

/// The innermost cause, for the log.
pub(crate) fn deepest<'a>(error: &'a (dyn std::error::Error + 'static)) -> &'a (dyn std::error::Error + 'static) {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_of_the_server_says_how_to_react() {
        use StoreErrorKind::{Busy, Corrupt, Misconfigured, Other, TimedOut, Unavailable};
        for (kind, codes) in [
            (Busy, &["40001", "40P01", "55P03", "53300"][..]),
            (TimedOut, &["57014", "25P03", "25P04", "57P05"]),
            (Unavailable, &["08006", "08001", "53100", "53200", "57P01", "57P02", "57P03"]),
            (Misconfigured, &["28P01", "28000", "3D000", "3F000", "42501", "42P01", "42883", "25006"]),
            (Corrupt, &["XX001", "XX002"]),
            (Other, &["XX000", "23505", "22000", "0A000", "", "é"]),
        ] {
            for code in codes {
                let error = PostgresError::Refused { code: (*code).into(), message: String::new(), constraint: None };
                assert_eq!(StoreError::from(error).kind(), kind, "{code}");
            }
        }
    }

    #[test]
    fn what_may_be_committed_is_not_said_to_be_busy() {
        let held = || Box::new(PostgresError::Held(Duration::from_secs(1)));
        assert_eq!(PostgresError::RolledBack(held()).kind(), StoreErrorKind::Busy);
        assert_eq!(PostgresError::CommitUnknown(held()).kind(), StoreErrorKind::Unavailable);
    }
}
