//! The error of everything that is done with read models.

use es_core::{ReadModelError, StoreErrorKind};

use crate::server::error::{PostgresError, impl_store_error};

/// Why a read model could not be read, claimed or moved on: the source of [`ReadModelError::Store`].
///
/// ```
/// # use es_core::ReadModelError;
/// # use es_postgres::PostgresReadModelError;
/// fn is_transient(error: &ReadModelError) -> bool {
///     let ReadModelError::Store(error) = error else { return false };
///     error.downcast_ref().is_some_and(|error: &PostgresReadModelError| error.kind().is_transient())
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresReadModelError {
    /// The server could not be reached, or refused the statement.
    #[error(transparent)]
    Server(#[from] PostgresError),
}

impl PostgresReadModelError {
    /// How to react to it. See [`PostgresReadModelError`] for an example.
    pub fn kind(&self) -> StoreErrorKind {
        match self {
            Self::Server(error) => error.kind(),
        }
    }
}

impl_store_error!(PostgresReadModelError);

pub(super) fn failed(error: PostgresError) -> ReadModelError {
    ReadModelError::Store(PostgresReadModelError::from(error).into())
}
