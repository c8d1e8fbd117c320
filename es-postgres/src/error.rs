//! Why a store was not opened.

use es_core::StoreErrorKind;

use crate::{
    migrate::PostgresMigrateError,
    server::{
        checks::{Failure, PostgresUnfitError},
        error::{PostgresError, impl_store_error},
        schema_name::PostgresSchemaNameError,
        tls::PostgresUrlError,
    },
};

/// Why a store was not opened: the error of [`PostgresStore::connect`](crate::PostgresStore::connect).
///
/// ```no_run
/// # use es_postgres::{PostgresConnectError, PostgresStore};
/// # async fn example() {
/// match PostgresStore::connect("postgres://localhost/bank").await {
///     Ok(_store) => println!("open"),
///     Err(PostgresConnectError::Url(error)) => println!("correct the URL: {error}"),
///     Err(error) if error.is_transient() => println!("try again later: {error}"),
///     Err(error) => println!("{:?}: {error}", error.kind()),
/// }
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresConnectError {
    /// The URL is malformed, or would connect without protection.
    #[error(transparent)]
    Url(#[from] PostgresUrlError),
    /// The schema's name is not valid.
    #[error(transparent)]
    SchemaName(#[from] PostgresSchemaNameError),
    /// The server or the database cannot hold a log safely.
    #[error(transparent)]
    Unfit(#[from] PostgresUnfitError),
    /// The schema is not at the newest migration.
    #[error(transparent)]
    Migrate(#[from] PostgresMigrateError),
    /// The sequence of positions must be corrected first.
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
    /// The pool and the URL lead to different logs.
    #[error("the pool and the URL lead to different logs; give both the same server and database")]
    OtherLog,
    /// The server could not be reached, or refused a statement.
    #[error(transparent)]
    Server(#[from] PostgresError),
}

impl PostgresConnectError {
    /// How to react to it. See [`PostgresConnectError`] for an example.
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
