//! Why an append was not stored, or why that is not known.

use std::{sync::Arc, time::Duration};

use es_core::StoreErrorKind;
use tokio_postgres::error::SqlState;

use crate::server::{
    checks::{Failure, PostgresUnfitError},
    error::{PostgresError, impl_store_error},
};

/// Why an append was not stored, or why that is not known: the source of [`AppendError::Store`](es_core::AppendError::Store)
/// and [`AppendError::Unknown`](es_core::AppendError::Unknown), for every append, also inside a caller's transaction.
///
/// Clones are cheap: all appends of a batch that failed get the same error.
///
/// ```no_run
/// # use es_core::{AppendError, AppendRequest, EventStore};
/// # use es_postgres::{PostgresAppendError, PostgresStore};
/// # async fn example(store: &PostgresStore, request: AppendRequest) {
/// if let Err(AppendError::Store(error)) = store.append(request).await {
///     match error.downcast_ref() {
///         Some(PostgresAppendError::Held(waited)) => println!("another transaction has held the stream for {waited:?}"),
///         Some(error) => println!("{:?}: {error}", error.kind()),
///         None => println!("{error}"),
///     }
/// }
/// # }
/// ```
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresAppendError {
    /// Another transaction held a stream of the append until the lock timeout. Nothing was appended.
    #[error("another transaction holds the stream; gave up after {0:?}")]
    Held(Duration),
    /// The append is stored on this server, but a synchronous replica did not confirm it.
    #[error("the wait for a synchronous replica was cut short; the append may be lost with this server")]
    NotReplicated,
    /// The server has become one that may lose acknowledged events, or is another server. Nothing was appended.
    #[error(transparent)]
    Unfit(#[from] PostgresUnfitError),
    /// The server could not be reached, or refused the append.
    #[error(transparent)]
    Server(Arc<PostgresError>),
}

impl PostgresAppendError {
    /// How to react to it. See [`PostgresAppendError`] for an example.
    ///
    /// [`Busy`](StoreErrorKind::Busy) means that this attempt was rolled back or never sent. Where an earlier attempt may
    /// have been stored, the append is [`Unknown`](es_core::AppendError::Unknown) all the same.
    pub fn kind(&self) -> StoreErrorKind {
        match self {
            Self::Held(_) => StoreErrorKind::Busy,
            Self::NotReplicated => StoreErrorKind::Unavailable,
            Self::Unfit(error) => error.kind(),
            Self::Server(error) => error.kind(),
        }
    }

    /// Whether the connection can no longer be used.
    pub(super) fn ends_session(&self) -> bool {
        matches!(self, Self::Server(error) if error.ends_session())
    }

    /// Whether the append's answer was malformed, so that its outcome is unknown.
    pub(super) fn is_malformed_answer(&self) -> bool {
        matches!(self, Self::Server(error) if matches!(**error, PostgresError::Answer(_)))
    }

    pub(super) fn is(&self, state: &SqlState) -> bool {
        matches!(self, Self::Server(error) if error.is(state))
    }
}

impl_store_error!(PostgresAppendError);

impl From<PostgresError> for PostgresAppendError {
    fn from(error: PostgresError) -> Self {
        Self::Server(Arc::new(error))
    }
}

impl From<Failure> for PostgresAppendError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unfit(error) => error.into(),
            Failure::Server(error) => error.into(),
        }
    }
}
