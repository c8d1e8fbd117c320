//! The error of any statement, whatever the operation.

use std::time::Duration;

use deadpool_postgres::PoolError;
use es_core::StoreErrorKind;
use tokio_postgres::error::{DbError, SqlState};

/// An error of another crate, or a text.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a statement failed, whatever the operation. The error of each operation contains it.
///
/// The sources of `es-core`'s errors, by operation:
///
/// | operation | its error | the source of its `Store` variant |
/// |---|---|---|
/// | [`connect`](crate::PostgresStore::connect) | [`PostgresConnectError`](crate::PostgresConnectError) | |
/// | [`append`](es_core::EventStore::append), [`resolve`](es_core::EventStore::resolve) | [`AppendError`](es_core::AppendError) | [`PostgresAppendError`](crate::PostgresAppendError) |
/// | [`append_in`](crate::PostgresStore::append_in) and [`AppendStatement`](crate::AppendStatement) | [`AppendError`](es_core::AppendError) | [`PostgresAppendError`](crate::PostgresAppendError) |
/// | [`commit`](crate::PostgresStore::commit) | [`PostgresCommitError`](crate::PostgresCommitError) | |
/// | reading and subscribing | [`ReadError`](es_core::ReadError) | [`PostgresReadError`](crate::PostgresReadError) |
/// | snapshots | [`SnapshotError`](es_core::SnapshotError) | [`PostgresSnapshotError`](crate::PostgresSnapshotError) |
/// | read models | [`ReadModelError`](es_core::ReadModelError) | [`PostgresReadModelError`](crate::PostgresReadModelError) |
/// | projections with tables | [`WorkError`](es_core::WorkError), or the method's own | [`PostgresReadModelError`](crate::PostgresReadModelError); [`PostgresTxError`](crate::PostgresTxError) |
/// | [`missing_protections`](crate::PostgresStore::missing_protections) | [`PostgresProtectionError`](crate::PostgresProtectionError) | |
///
/// Each of them converts into a [`StoreError`](es_core::StoreError), for callers that want a single type.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresError {
    /// The server could not be reached, or refused the connection.
    #[error("cannot connect to the server")]
    Connect(#[source] tokio_postgres::Error),
    /// TLS failed: the server does not offer it, or has no certificate for this host from a trusted authority.
    #[error(
        "the TLS handshake with the server failed; name its authority with `sslrootcert=…`, or write `sslmode=disable` \
         to connect without encryption"
    )]
    Tls(#[source] tokio_postgres::Error),
    /// The connection was lost.
    #[error("the connection to the server was lost")]
    Lost(#[source] BoxError),
    /// The pool did not provide a connection.
    #[error("the pool did not provide a connection")]
    Pool(#[source] PoolError),
    /// The server did not answer in time.
    #[error("the server did not answer within {0:?}")]
    Silent(Duration),
    /// The transaction is not READ COMMITTED.
    #[error("the transaction must be READ COMMITTED: at a stricter level its snapshot would skip events")]
    Isolation,
    /// The server is a replica.
    #[error("the server is a replica; connect to the primary")]
    Replica,
    /// The owner of the store's functions lacks a privilege on the sequence.
    #[error("the owner of the functions may not read the sequence; grant it USAGE and SELECT on `position`")]
    SequenceRight,
    /// The server rejected the statement.
    #[error("the server refused with SQLSTATE {code}: {message}")]
    Refused {
        /// The SQLSTATE.
        code: String,
        /// The message, without the details, which may quote the parameters.
        message: String,
        /// The constraint that was violated, if one was.
        constraint: Option<String>,
    },
    /// The server's answer is not what this library's functions return.
    #[error("the server's answer is not what this library's functions return")]
    Answer(#[source] BoxError),
    /// The runtime in which the store was opened has ended, or the application closed the store's pool.
    #[error("the store is closed: its runtime has ended, or its pool was closed; open it again")]
    Closed,
}

impl PostgresError {
    /// Converts the error of a statement.
    pub(crate) fn statement(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(error) if !ends_session(error) => Self::from_db_error(error),
            // Keep the message only: the server's details may quote the parameters.
            Some(error) => Self::Lost(Self::from_db_error(error).into()),
            None if error.is_closed() || is_io(&error) => Self::Lost(error.into()),
            None => Self::Answer(error.into()),
        }
    }

    /// Returns how the caller should react.
    ///
    /// It is [`Busy`](StoreErrorKind::Busy) only where the server rolled the statement back or never received it.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use es_core::StoreErrorKind;
    /// use es_postgres::PostgresError;
    ///
    /// assert_eq!(PostgresError::Silent(Duration::from_secs(5)).kind(), StoreErrorKind::TimedOut);
    /// assert_eq!(PostgresError::Replica.kind(), StoreErrorKind::Moved);
    /// ```
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

    /// The same error of a statement; its source becomes a text.
    pub(crate) fn copy(&self) -> Self {
        match self {
            Self::Refused { code, message, constraint } => {
                Self::Refused { code: code.clone(), message: message.clone(), constraint: constraint.clone() }
            }
            Self::Silent(limit) => Self::Silent(*limit),
            Self::Isolation => Self::Isolation,
            Self::Replica => Self::Replica,
            Self::SequenceRight => Self::SequenceRight,
            Self::Closed => Self::Closed,
            Self::Answer(error) => Self::Answer(error.to_string().into()),
            Self::Lost(error) => Self::Lost(error.to_string().into()),
            Self::Connect(error) | Self::Tls(error) => Self::Lost(error.to_string().into()),
            Self::Pool(error) => Self::Lost(error.to_string().into()),
        }
    }

    /// Whether the error says nothing about the statement: the connection was lost, the server lacks resources or is no primary,
    /// or the transaction was the victim of a deadlock.
    pub(crate) fn is_of_the_server(&self) -> bool {
        match self {
            Self::Refused { code, .. } => {
                ["08", "40", "53", "57P0"].iter().any(|class| code.starts_with(class)) || code == "25006"
            }
            Self::Isolation | Self::SequenceRight | Self::Answer(_) => false,
            _ => true,
        }
    }

    pub(crate) fn is(&self, state: &SqlState) -> bool {
        matches!(self, Self::Refused { code, .. } if code == state.code())
    }

    /// Whether the connection can no longer be used.
    pub(crate) fn ends_session(&self) -> bool {
        matches!(self, Self::Lost(_) | Self::Connect(_) | Self::Silent(_) | Self::Pool(_))
    }
}

/// Implements what every error with a `kind` has: `is_transient`, and the conversion into a `StoreError`.
macro_rules! impl_store_error {
    ($error:ty) => {
        impl $error {
            /// Whether the same call may succeed later without any change.
            ///
            /// ```
            #[doc = concat!("fn log(error: &es_postgres::", stringify!($error), ") {")]
            ///     let advice = if error.is_transient() { "try again later" } else { "needs a change" };
            ///     println!("{error}: {advice}");
            /// }
            /// ```
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

/// The kind of an error of connecting.
fn kind_of_connecting(error: &tokio_postgres::Error) -> StoreErrorKind {
    match error.as_db_error() {
        Some(error) => kind_of_code(error.code().code()),
        // The server wants a password, and the URL has none.
        None if !is_io(error) && !error.is_closed() && std::error::Error::source(error).is_some() => {
            StoreErrorKind::Misconfigured
        }
        None => StoreErrorKind::Unavailable,
    }
}

/// The kind of an SQLSTATE. The server rolls a rejected statement back, so nothing of it is stored.
fn kind_of_code(code: &str) -> StoreErrorKind {
    match code {
        // Serialization failure, deadlock, lock not available, too many connections.
        "40001" | "40P01" | "55P03" | "53300" => StoreErrorKind::Busy,
        // Query cancelled, and the time-outs of sessions and transactions.
        "57014" | "25P03" | "25P04" | "57P05" => StoreErrorKind::TimedOut,
        // Missing database, missing schema, read-only session or server.
        "3D000" | "3F000" | "25006" => StoreErrorKind::Misconfigured,
        _ => match code.get(..2) {
            // Connection failures, insufficient resources, and shutdown, crash or start of the server.
            Some("08" | "53" | "57") => StoreErrorKind::Unavailable,
            // Authentication; missing privileges and missing objects.
            Some("28" | "42") => StoreErrorKind::Misconfigured,
            // Damaged data or indexes.
            Some("XX") if code != "XX000" => StoreErrorKind::Corrupt,
            _ => StoreErrorKind::Other,
        },
    }
}

/// Whether the server closes the session after this error: shutdown, crash of another backend, termination.
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

/// Returns the innermost source, for the log.
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
    fn each_sqlstate_has_its_kind() {
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
