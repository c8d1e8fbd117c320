//! The error of a statement of a projection.

use es_core::{LimitError, StoreErrorKind};

use crate::server::error::{BoxError, PostgresError, impl_store_error};

/// Why a statement of a projection failed. The event fails with it, also if the method goes on; an error of the connection or of
/// the server, such as a deadlock, is no failure of the event.
///
/// ```
/// # use es_postgres::PostgresTxError;
/// fn is_a_mistake(error: &PostgresTxError) -> bool {
///     matches!(error, PostgresTxError::Refused { .. } | PostgresTxError::Parameters(_))
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresTxError {
    /// A projection may not send this.
    #[error("a projection cannot send `{word}`: {why}")]
    Refused {
        /// The first word of the statement.
        word: String,
        /// Why.
        why: &'static str,
    },
    /// An earlier statement failed, so nothing of the transaction will be kept.
    #[error("an earlier statement of the transaction failed; return this error")]
    Failed,
    /// The parameters do not fit the statement. Nothing was sent.
    #[error("the parameters do not fit the statement")]
    Parameters(#[source] BoxError),
    /// The statement gave another number of rows than one.
    #[error("the statement gave {found} rows, and not one")]
    Rows {
        /// How many it gave.
        found: usize,
    },
    /// The name of a table is over a limit.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// The server refused the statement, or could not be reached.
    #[error(transparent)]
    Server(#[from] PostgresError),
}

impl PostgresTxError {
    /// How to react to it.
    ///
    /// ```
    /// use es_core::StoreErrorKind;
    /// use es_postgres::{PostgresError, PostgresTxError};
    ///
    /// assert_eq!(PostgresTxError::Failed.kind(), StoreErrorKind::Other);
    /// assert_eq!(PostgresTxError::from(PostgresError::Replica).kind(), StoreErrorKind::Moved);
    /// ```
    pub fn kind(&self) -> StoreErrorKind {
        match self {
            Self::Server(error) => error.kind(),
            Self::Refused { .. } | Self::Failed | Self::Parameters(_) | Self::Rows { .. } | Self::Limit(_) => {
                StoreErrorKind::Other
            }
        }
    }

    /// The same error, for whom it is told to besides the method. Sources become texts.
    pub(super) fn copy(&self) -> Self {
        match self {
            Self::Refused { word, why } => Self::Refused { word: word.clone(), why },
            Self::Failed => Self::Failed,
            Self::Parameters(error) => Self::Parameters(error.to_string().into()),
            Self::Rows { found } => Self::Rows { found: *found },
            Self::Limit(error) => Self::Limit(error.clone()),
            Self::Server(error) => Self::Server(error.copy()),
        }
    }
}

impl_store_error!(PostgresTxError);
