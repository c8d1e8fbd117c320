//! The error of reading and subscribing.

use es_core::{ReadError, StoreErrorKind};
use tokio_postgres::Error;

use crate::server::error::{PostgresError, impl_store_error};

/// The SQLSTATE that the server raises when a page belongs to another incarnation than the pages before it.
const MOVED: &str = "ES006";

/// Why the log could not be read: the source of [`ReadError::Store`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresReadError {
    /// The log moved to another server, or was restored, while it was read. The events read so far are correct.
    #[error("the log moved to another server or was restored while it was read; read on from the last event")]
    Moved,
    /// The server could not be reached, or refused the statement.
    #[error(transparent)]
    Server(#[from] PostgresError),
}

impl PostgresReadError {
    /// Converts the error of a statement that reads events.
    pub(super) fn statement(error: Error) -> Self {
        match error.code() {
            Some(code) if code.code() == MOVED => Self::Moved,
            _ => Self::Server(PostgresError::statement(error)),
        }
    }

    /// Returns how the caller should react.
    ///
    /// ```
    /// use es_core::StoreErrorKind;
    /// use es_postgres::PostgresReadError;
    ///
    /// assert_eq!(PostgresReadError::Moved.kind(), StoreErrorKind::Moved);
    /// ```
    pub fn kind(&self) -> StoreErrorKind {
        match self {
            Self::Moved => StoreErrorKind::Moved,
            Self::Server(error) => error.kind(),
        }
    }

    /// Whether the connection can no longer be used.
    pub(crate) fn ends_session(&self) -> bool {
        matches!(self, Self::Server(error) if error.ends_session())
    }
}

impl_store_error!(PostgresReadError);

/// Converts an error into the one that readers get.
pub(crate) fn read_error(error: impl Into<PostgresReadError>) -> ReadError {
    ReadError::Store(error.into().into())
}
