//! Why a store was not opened.

use es_core::StoreErrorKind;

use crate::migrate::PostgresMigrateError;
use crate::server::checks::{Failure, PostgresUnfitError};
use crate::server::error::{PostgresError, impl_store_error};
use crate::server::schema_name::PostgresSchemaNameError;
use crate::server::tls::PostgresUrlError;

/// Why a store was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresConnectError {
    /// The URL leads to no server, or to one without protection.
    #[error(transparent)]
    Url(#[from] PostgresUrlError),
    /// The schema's name cannot be one.
    #[error(transparent)]
    SchemaName(#[from] PostgresSchemaNameError),
    /// The server, or the database, is not one to keep a log on.
    #[error(transparent)]
    Unfit(#[from] PostgresUnfitError),
    /// The schema is not at the newest migration.
    #[error(transparent)]
    Migrate(#[from] PostgresMigrateError),
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
    /// The server could not be reached, or refused what it was asked.
    #[error(transparent)]
    Server(#[from] PostgresError),
}

impl PostgresConnectError {
    /// How to react to it.
    pub fn kind(&self) -> StoreErrorKind {
        match self {
            Self::Url(error) => error.kind(),
            Self::SchemaName(error) => error.kind(),
            Self::Unfit(error) => error.kind(),
            Self::Migrate(error) => error.kind(),
            Self::Sequence { .. } | Self::LockUnseen | Self::OtherLog => StoreErrorKind::Misconfigured,
            Self::Server(error) => error.kind(),
        }
    }
}

impl_store_error!(PostgresConnectError);

impl From<Failure> for PostgresConnectError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unfit(error) => error.into(),
            Failure::Server(error) => error.into(),
        }
    }
}
