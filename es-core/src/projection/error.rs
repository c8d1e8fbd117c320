//! The errors of views: why one cannot be folded, read or waited for.

use std::{sync::Arc, time::Duration};

use crate::{
    projection::Fault,
    store::{Checkpoint, Position, ReadError, StreamId, Version},
};

/// Why a view could not be folded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FoldError {
    /// The log could not be read, or an event does not decode; the error has its place.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A method returned an error.
    #[error("`{projection}` cannot apply event {version} of stream `{stream}` (position {position})")]
    Failed {
        /// The name of the projection.
        projection: &'static str,
        /// The stream of the event.
        stream: StreamId,
        /// Its place in the stream.
        version: Version,
        /// Its place in the store.
        position: Position,
        /// The error of the method.
        source: Fault,
    },
    /// A method panicked.
    #[error("`{projection}` panicked at event {version} of stream `{stream}` (position {position})")]
    Panicked {
        /// The name of the projection.
        projection: &'static str,
        /// The stream of the event.
        stream: StreamId,
        /// Its place in the stream.
        version: Version,
        /// Its place in the store.
        position: Position,
    },
    /// The point is a version of a stream, and a view is folded from many streams.
    #[error("a view has no version; fold it as of a position or a time")]
    AsOfVersion,
}

/// Why a live view could not be read.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ViewError {
    /// It has not been folded up to the end of the log yet, so it would be an older state than any that the log ended with
    /// since the start of the program. Wait with [`Live::not_older_than`](crate::Live::not_older_than).
    #[error("view `{view}` is catching up, and is at position {at}; wait for it while `projections.run()` runs")]
    CatchingUp {
        /// The name of the view.
        view: &'static str,
        /// How far it has come.
        at: Position,
    },
    /// It has stopped.
    #[error("view `{view}` has stopped")]
    Stopped {
        /// The name of the view.
        view: &'static str,
        /// Why.
        #[source]
        cause: Arc<FoldError>,
    },
    /// Nothing keeps it up to date any more: `projections.stop()` was called, or the future of `projections.run()` dropped.
    #[error("view `{view}` is no longer kept up to date, since `projections.run()` has ended; run it again")]
    Ended {
        /// The name of the view.
        view: &'static str,
    },
}

/// Why a caller waited for a live view in vain.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// The view did not come so far in time.
    #[error(transparent)]
    Behind(#[from] Behind),
    /// The view has stopped, or is no longer kept up to date.
    #[error(transparent)]
    View(#[from] ViewError),
    /// The checkpoint is of another incarnation than the view, and the store does not say whether the log still holds what it
    /// stands for; with [`ReadError::Restored`], the log does not.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// A projection did not come as far as was wanted in time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{projection}` is at `{at}`, and was not at `{wanted}` within {within:?}; read it as it is, or try again")]
#[non_exhaustive]
pub struct Behind {
    /// The name of the projection.
    pub projection: &'static str,
    /// How far it has come.
    pub at: Checkpoint,
    /// How far it should have come.
    pub wanted: Checkpoint,
    /// For how long the caller waited.
    pub within: Duration,
}

impl Behind {
    pub(crate) const fn new(projection: &'static str, at: Checkpoint, wanted: Checkpoint, within: Duration) -> Self {
        Self { projection, at, wanted, within }
    }
}

/// `projections.run()` runs already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("these projections run already; run them once, or take others with `store.projections()`")]
#[non_exhaustive]
pub struct AlreadyRunning {}
