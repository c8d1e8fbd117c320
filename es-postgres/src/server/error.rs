//! What any statement can meet, whatever the operation.

use std::time::Duration;

use deadpool_postgres::PoolError;
use es_core::StoreErrorKind;
use tokio_postgres::error::{DbError, SqlState};

/// An error of another crate's, or a text.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What any statement can meet: the server could not be reached, or refused it. It stands in the error of each operation.
///
/// The sources of `es-core`'s errors, by operation:
///
/// | operation | its error | the source of its `Store` variant |
/// |---|---|---|
/// | [`connect`](crate::PostgresStore::connect) | [`PostgresConnectError`](crate::PostgresConnectError) | |
/// | [`append`](es_core::EventStore::append), [`resolve`](es_core::EventStore::resolve) | [`AppendError`](es_core::AppendError) | [`PostgresAppendError`](crate::PostgresAppendError) |
/// | [`append_in`](crate::PostgresStore::append_in) and [`AppendStatement`](crate::AppendStatement) | [`AppendError`](es_core::AppendError) | [`PostgresError`] |
/// | [`commit`](crate::PostgresStore::commit) | [`PostgresCommitError`](crate::PostgresCommitError) | |
/// | reading and subscribing | [`ReadError`](es_core::ReadError) | [`PostgresReadError`](crate::PostgresReadError) |
/// | snapshots | [`SnapshotError`](es_core::SnapshotError) | [`PostgresError`] |
/// | [`missing_protections`](crate::PostgresStore::missing_protections) | [`PostgresError`] | |
///
/// Each of them becomes a [`StoreError`](es_core::StoreError), for who wants one type for all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresError {
    /// The server could not be reached, or refused the connection.
    #[error("no connection to the server")]
    Connect(#[source] tokio_postgres::Error),
    /// The server is not to be trusted: it has no TLS, or no certificate for this host from a trusted authority.
    #[error(
        "no protected connection to the server; name its authority with `sslrootcert=…`, or write `sslmode=disable` \
         to send everything in the clear"
    )]
    Tls(#[source] tokio_postgres::Error),
    /// The connection was lost.
    #[error("the connection to the server was lost")]
    Lost(#[source] BoxError),
    /// The pool of connections gave none.
    #[error("no connection from the pool")]
    Pool(#[source] PoolError),
    /// The server did not answer in time.
    #[error("the server did not answer within {0:?}")]
    Silent(Duration),
    /// The transaction is not READ COMMITTED.
    #[error("the transaction must be READ COMMITTED: with a snapshot of its own it would skip events")]
    Isolation,
    /// The server is a replica.
    #[error("the server is a replica; connect to the primary")]
    Replica,
    /// The right to read the sequence is missing.
    #[error("the owner of the functions may not read the sequence; grant it USAGE and SELECT on `position`")]
    SequenceRight,
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
    /// The runtime in which the store was opened has ended, or the application closed the pool that the store reads over.
    #[error("the store is closed: its runtime has ended, or its pool was closed; open it again")]
    Closed,
}

impl PostgresError {
    /// An error of a statement: what the server said, or the loss of the connection.
    pub(crate) fn statement(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(error) if !ends_session(error) => Self::from_db_error(error),
            // what the server says beside the message may hold what was sent
            Some(error) => Self::Lost(Self::from_db_error(error).into()),
            None if error.is_closed() || is_io(&error) => Self::Lost(error.into()),
            None => Self::Answer(error.into()),
        }
    }

    /// How to react to it.
    ///
    /// [`Busy`](StoreErrorKind::Busy) is said only of what the server rolled back, or was never sent.
    pub fn kind(&self) -> StoreErrorKind {
        match self {
            Self::Tls(_) | Self::Isolation | Self::SequenceRight => StoreErrorKind::Misconfigured,
            Self::Connect(error) | Self::Pool(PoolError::Backend(error)) => kind_of_connecting(error),
            Self::Lost(_) => StoreErrorKind::Unavailable,
            Self::Silent(_) | Self::Pool(PoolError::Timeout(_)) => StoreErrorKind::TimedOut,
            Self::Replica => StoreErrorKind::Moved,
            Self::Refused { code, .. } => kind_of_code(code),
            Self::Answer(_) => StoreErrorKind::Corrupt,
            Self::Closed | Self::Pool(PoolError::Closed) => StoreErrorKind::Closed,
            Self::Pool(_) => StoreErrorKind::Other,
        }
    }

    /// An error of the pool.
    pub(crate) fn pool(error: PoolError) -> Self {
        match error {
            PoolError::Closed => Self::Closed,
            error => Self::Pool(error),
        }
    }

    fn from_db_error(error: &DbError) -> Self {
        match error.code().code() {
            "ES002" => Self::Isolation,
            "ES003" => Self::Replica,
            "ES004" => Self::SequenceRight,
            code => Self::Refused {
                code: code.to_owned(),
                message: error.message().to_owned(),
                constraint: error.constraint().map(str::to_owned),
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

/// What each error has that says how to react to it by `kind`.
macro_rules! impl_store_error {
    ($error:ty) => {
        impl $error {
            /// Whether the same may succeed later, without anybody changing anything.
            pub fn is_transient(&self) -> bool {
                self.kind().is_transient()
            }
        }

        impl From<$error> for es_core::StoreError {
            fn from(error: $error) -> Self {
                Self::new(error.kind(), error)
            }
        }
    };
}

pub(crate) use impl_store_error;

impl_store_error!(PostgresError);

/// Of a connection that could not be opened.
fn kind_of_connecting(error: &tokio_postgres::Error) -> StoreErrorKind {
    match error.as_db_error() {
        Some(error) => kind_of_code(error.code().code()),
        // the driver asks for a password that the URL does not have
        None if !is_io(error) && !error.is_closed() && std::error::Error::source(error).is_some() => {
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
fn ends_session(error: &DbError) -> bool {
    matches!(
        error.parsed_severity(),
        Some(tokio_postgres::error::Severity::Fatal | tokio_postgres::error::Severity::Panic)
    )
}

fn is_io(error: &tokio_postgres::Error) -> bool {
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
pub(crate) fn root_cause<'a>(error: &'a (dyn std::error::Error + 'static)) -> &'a (dyn std::error::Error + 'static) {
    let mut root_cause = error;
    while let Some(source) = root_cause.source() {
        root_cause = source;
    }
    root_cause
}

#[cfg(test)]
mod tests {
    use es_core::StoreError;

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
}
