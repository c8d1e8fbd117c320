//! Why the log could not be read.

use es_core::{ReadError, StoreErrorKind};
use tokio_postgres::Error;

use crate::server::error::{PostgresError, impl_store_error};

/// The SQLSTATE of a page that is read from another incarnation than the pages before it.
const MOVED: &str = "ES006";

/// Why the log could not be read: the source of [`ReadError::Store`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresReadError {
    /// The log moved to another server, or was restored, while it was read: what was read is right, and ends here.
    #[error("the log moved to another server or was restored while it was read; read on from the last event")]
    Moved,
    /// The server could not be reached, or refused what it was asked.
    #[error(transparent)]
    Server(#[from] PostgresError),
}

impl PostgresReadError {
    /// An error of a statement that reads events.
    pub(super) fn statement(error: Error) -> Self {
        match error.code() {
            Some(code) if code.code() == MOVED => Self::Moved,
            _ => Self::Server(PostgresError::statement(error)),
        }
    }

    /// How to react to it.
    pub fn kind(&self) -> StoreErrorKind {
        match self {
            Self::Moved => StoreErrorKind::Moved,
            Self::Server(error) => error.kind(),
        }
    }

    /// Whether the connection is of no more use.
    pub(crate) fn ends_session(&self) -> bool {
        matches!(self, Self::Server(error) if error.ends_session())
    }
}

impl_store_error!(PostgresReadError);

/// What a reader is told of it.
pub(crate) fn read_error(error: impl Into<PostgresReadError>) -> ReadError {
    ReadError::Store(error.into().into())
}
