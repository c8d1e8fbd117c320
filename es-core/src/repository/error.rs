//! What can go wrong between an aggregate and its store.

use std::convert::Infallible;

use crate::{
    event::LimitError,
    store::{AppendError, Conflict, ReadError},
};

/// Why an aggregate could not be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The id does not make a stream id.
    #[error("the id does not name a stream")]
    Id(#[from] LimitError),
    /// Its stream could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl LoadError {
    /// Whether it may be loaded later; see [`ReadError::is_transient`].
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Read(error) if error.is_transient())
    }
}

/// Why a command recorded nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecuteError<E = Infallible> {
    /// The domain refused it.
    #[error(transparent)]
    Refused(E),
    /// Other writers were faster, the last time it was decided.
    #[error("decided {attempts} time(s), and other writers were faster: {conflict}")]
    Conflict {
        /// How often it was decided.
        attempts: usize,
        /// The last conflict.
        conflict: Conflict,
    },
    /// The aggregate could not be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The events could not be appended, for another reason than a conflict.
    #[error(transparent)]
    Append(AppendError),
}

impl<E> ExecuteError<E> {
    /// Whether the same command may succeed later: nothing was appended now, and the store's error is a
    /// [transient](crate::StoreError::is_transient) one. What [`AppendError::is_transient`] says of conflicts and of unknown
    /// outcomes holds here too.
    ///
    /// ```
    /// # use es_core::{AppendError, ExecuteError, StoreError, StoreErrorKind};
    /// let busy = AppendError::Store(StoreError::new(StoreErrorKind::Busy, "too many appends wait"));
    /// assert!(ExecuteError::<std::convert::Infallible>::Append(busy).is_transient());
    /// ```
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Load(error) => error.is_transient(),
            Self::Append(error) => error.is_transient(),
            Self::Refused(_) | Self::Conflict { .. } => false,
        }
    }
}
