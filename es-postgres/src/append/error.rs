//! Why the writer did not append, or why that is not known.

use std::time::Duration;

use es_core::StoreErrorKind;
use tokio_postgres::error::SqlState;

use crate::server::checks::{Failure, PostgresUnfitError};
use crate::server::error::{PostgresError, impl_store_error};

/// Why an append was not stored, or why that is not known: the source of [`AppendError::Store`](es_core::AppendError::Store)
/// and [`AppendError::Unknown`](es_core::AppendError::Unknown).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresAppendError {
    /// A stream stayed in the hands of another transaction until the lock's time was up. Nothing was appended.
    #[error("another transaction holds the stream; gave up after {0:?}")]
    Held(Duration),
    /// The transaction was appended on this server, but a synchronous replica did not confirm it.
    #[error("the wait for a synchronous replica was cut short; the append may be lost with this server")]
    NotReplicated,
    /// The server became one that may lose what it acknowledges, or is another one. Nothing was appended.
    #[error(transparent)]
    Unfit(#[from] PostgresUnfitError),
    /// The server could not be reached, or refused the append.
    #[error(transparent)]
    Server(#[from] PostgresError),
}

impl PostgresAppendError {
    /// How to react to it.
    ///
    /// [`Busy`](StoreErrorKind::Busy) is said only of what the server rolled back, or was never sent; where an
    /// earlier attempt may have been stored, the append is `Unknown` all the same.
    pub fn kind(&self) -> StoreErrorKind {
        match self {
            Self::Held(_) => StoreErrorKind::Busy,
            Self::NotReplicated => StoreErrorKind::Unavailable,
            Self::Unfit(error) => error.kind(),
            Self::Server(error) => error.kind(),
        }
    }

    /// Whether the connection is of no more use.
    pub(super) fn ends_session(&self) -> bool {
        matches!(self, Self::Server(error) if error.ends_session())
    }

    pub(super) fn is(&self, state: &SqlState) -> bool {
        matches!(self, Self::Server(error) if error.is(state))
    }
}

impl_store_error!(PostgresAppendError);

impl From<Failure> for PostgresAppendError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unfit(error) => error.into(),
            Failure::Server(error) => error.into(),
        }
    }
}
