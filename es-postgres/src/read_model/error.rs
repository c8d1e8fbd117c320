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
    /// A projection would have its tables in a schema of others, which is left as it is.
    #[error(
        "there is a schema `{schema}` already, which no projection of this store made; rename it, or the projection"
    )]
    SchemaExists {
        /// The name of the schema.
        schema: String,
    },
}

impl PostgresReadModelError {
    /// How to react to it. See [`PostgresReadModelError`] for an example.
    pub fn kind(&self) -> StoreErrorKind {
        match self {
            Self::Server(error) => error.kind(),
            Self::SchemaExists { .. } => StoreErrorKind::Misconfigured,
        }
    }
}

impl_store_error!(PostgresReadModelError);

pub(crate) fn failed(error: impl Into<PostgresReadModelError>) -> ReadModelError {
    ReadModelError::Store(error.into().into())
}
