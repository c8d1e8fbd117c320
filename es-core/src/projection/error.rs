//! The errors of views: why one cannot be folded, read or waited for.

use std::{sync::Arc, time::Duration};

use crate::{
    event::LimitError,
    projection::{Fault, RowShape, feed::passes, keeper::with_sources},
    store::{Checkpoint, Position, ReadError, ReadModelError, ReadModelFailure, StoreErrorKind, StreamId, Version},
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

/// Why a caller waited for a live view or a followed projection in vain.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// It did not come so far in time.
    #[error(transparent)]
    Behind(#[from] Behind),
    /// The view has stopped, or is no longer kept up to date.
    #[error(transparent)]
    View(#[from] ViewError),
    /// No projection of this name is followed here.
    #[error("no projection `{projection}` is followed; name one of those that were given to `follow`")]
    Unknown {
        /// The name.
        projection: String,
    },
    /// An event failed too often. It goes on when it is asked to retry, or at the next start.
    #[error("projection `{projection}` has stopped{}", of_failure(failure.as_deref()))]
    Stopped {
        /// The name of the projection.
        projection: &'static str,
        /// The event that failed, and why.
        failure: Option<Box<ReadModelFailure>>,
    },
    /// Somebody asked it to pause.
    #[error("projection `{projection}` is paused; let it resume")]
    Paused {
        /// The name of the projection.
        projection: &'static str,
    },
    /// This program does not run it any more.
    #[error("projection `{projection}` is not run any more")]
    Failed {
        /// The name of the projection.
        projection: &'static str,
        /// Why.
        #[source]
        cause: Arc<FollowError>,
    },
    /// This program ran it, and does not any more: `projections.stop()` was called, or the future of `projections.run()` dropped.
    #[error(
        "projection `{projection}` is no longer kept up to date, since `projections.run()` has ended; run it again"
    )]
    Ended {
        /// The name of the projection.
        projection: &'static str,
    },
    /// The store does not say how far it has come.
    #[error(transparent)]
    Store(#[from] ReadModelError),
    /// The checkpoint is of another incarnation than the view, and the store does not say whether the log still holds what it
    /// stands for; with [`ReadError::Restored`], the log does not.
    #[error(transparent)]
    Read(#[from] ReadError),
}

fn of_failure(failure: Option<&ReadModelFailure>) -> String {
    failure.map(|failure| format!(": {failure}")).unwrap_or_default()
}

/// Why a program does not keep a read model up to date.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FollowError {
    /// An event failed too often, and the read model has stopped. It goes on when it is asked to retry, or at the next start.
    #[error("{0}; mend the cause, and let it retry")]
    Failed(ReadModelFailure),
    /// A newer program wrote the event, so the read model is left to a newer program.
    #[error("{0}; a newer program must go on, or start this one again when it knows the event")]
    Newer(ReadModelFailure),
    /// The log cannot be read; after [`ReadError::Restored`] the read model is not of this log, and must be rebuilt.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The store does not keep the read model.
    #[error(transparent)]
    Store(#[from] ReadModelError),
    /// The projection could not make its tables, so there is nothing to write to.
    #[error("the projection could not set up its tables: {}; mend the cause, and start the program again", with_sources(.0))]
    SetUp(Fault),
    /// The name of the projection is over a limit.
    #[error(transparent)]
    Limit(#[from] LimitError),
}

impl FollowError {
    /// Whether it goes on when the store can be reached again.
    pub(crate) fn passes(&self) -> bool {
        match self {
            Self::Store(ReadModelError::Store(error)) => error.is_transient() || error.kind() == StoreErrorKind::Moved,
            Self::Read(error) => passes(error),
            Self::Store(_) | Self::Failed(_) | Self::Newer(_) | Self::SetUp(_) | Self::Limit(_) => false,
        }
    }
}

/// Why rows by key could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RowsError {
    /// The rows have not been built up to the end of the log yet, so they would be an older state than any that the log ended
    /// with.
    #[error("the rows of `{projection}` are being built, and are at position {at}; wait for them with `wait_for`")]
    Building {
        /// The name of the projection.
        projection: &'static str,
        /// How far it has come.
        at: Position,
    },
    /// This store keeps no read models.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// A stored row does not fit its type.
    #[error(transparent)]
    Shape(#[from] RowShape),
    /// A stored key is not one of the rows' type.
    #[error(
        "a stored key of `{projection}` is not a key of its rows; raise the `version` of the projection, or rebuild it"
    )]
    Key {
        /// The name of the projection.
        projection: &'static str,
        /// Why.
        source: Fault,
    },
    /// The name of the projection is over a limit.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] ReadModelError),
}

/// The store keeps no read models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this store keeps no read models; fold views and rows in memory with `live`, or use a store that keeps them")]
#[non_exhaustive]
pub struct Unsupported {}

/// Why a request to a projection was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProjectionError {
    /// No projection of this name is followed here.
    #[error("no projection `{projection}` is followed; name one of those that were given to `follow`")]
    Unknown {
        /// The name.
        projection: String,
    },
    /// This store keeps no read models.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// The store failed, or nobody has run the projection yet.
    #[error(transparent)]
    Store(#[from] ReadModelError),
    /// The log could not be read.
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

/// Why projections do not run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// They run already.
    #[error("these projections run already; run them once, or take others with `store.projections()`")]
    AlreadyRunning,
    /// Two of them have one name, under which the store keeps their progress.
    #[error("two projections are called `{projection}`; give each a name of its own")]
    SameName {
        /// The name.
        projection: &'static str,
    },
    /// The name of a projection is over a limit.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// Some are followed, and the store keeps no read models.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
}
