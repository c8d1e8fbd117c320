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

/// Why a command recorded nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecuteError<E = Infallible> {
    /// The domain refused it.
    #[error(transparent)]
    Refused(E),
    /// Other writers were faster, each time it was decided.
    #[error("other writers were faster {attempts} time(s) in a row: {conflict}")]
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
