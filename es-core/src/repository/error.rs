//! The errors of loading an aggregate and of executing a command.

use std::{convert::Infallible, fmt};

use crate::{
    aggregate::Aggregate,
    event::LimitError,
    projection::WaitError,
    repository::{Executed, Unsettled},
    store::{AppendError, Conflict, ReadError},
};

/// Why an aggregate could not be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The id cannot name a stream.
    #[error("the id cannot name a stream")]
    Id(#[from] LimitError),
    /// Its stream could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl LoadError {
    /// Whether loading may succeed later; see [`ReadError::is_transient`].
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Read(error) if error.is_transient())
    }
}

/// Why a command on an aggregate `A`, which the domain refuses with `E`, appended no events or, for
/// [`Unknown`](Self::Unknown), may have appended them.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum ExecuteError<A: Aggregate, E = Infallible> {
    /// The domain refused it.
    #[error(transparent)]
    Refused(E),
    /// The last time it was decided, another writer appended to the stream first.
    #[error("decided {attempts} time(s), and other writers were faster: {conflict}")]
    Conflict {
        /// How often the command was decided.
        attempts: usize,
        /// The last conflict.
        conflict: Conflict,
    },
    /// The aggregate could not be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The append failed for another reason than a conflict. Nothing was appended.
    #[error(transparent)]
    Append(AppendError),
    /// The store's answer was lost and the outcome was not learnt: the settle timeout has passed, or the store was closed or
    /// refused the same append. The error keeps the root: give it to [`settle`](crate::RepositoryExt::settle).
    #[error(transparent)]
    Unknown(Unsettled<A>),
}

/// Shows no aggregate, so that none needs `Debug`.
impl<A: Aggregate, E: fmt::Debug> fmt::Debug for ExecuteError<A, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => f.debug_tuple("Refused").field(refusal).finish(),
            Self::Conflict { attempts, conflict } => {
                f.debug_struct("Conflict").field("attempts", attempts).field("conflict", conflict).finish()
            }
            Self::Load(error) => f.debug_tuple("Load").field(error).finish(),
            Self::Append(error) => f.debug_tuple("Append").field(error).finish(),
            Self::Unknown(unsettled) => f.debug_tuple("Unknown").field(unsettled).finish(),
        }
    }
}

impl<A: Aggregate, E> ExecuteError<A, E> {
    /// Whether the same command may succeed later: nothing was appended, and the store's error is
    /// [transient](crate::StoreError::is_transient). A conflict is not transient, since the command was decided again already.
    /// An unknown outcome is not, since the events may have been appended: settle it instead of deciding again.
    ///
    /// ```
    /// # use es_core::*;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
    /// # #[event(name = "account.deposited")]
    /// # struct Deposited { amount: u64 }
    /// # #[derive(Aggregate, Default, Debug)]
    /// # #[aggregate(category = "account", id = String, events(Deposited))]
    /// # struct Account { balance: u64 }
    /// # #[es_core::apply]
    /// # impl Account { fn deposited(&mut self, event: Deposited) { self.balance += event.amount; } }
    /// let busy = AppendError::Store(StoreError::new(StoreErrorKind::Busy, "too many appends are waiting"));
    /// assert!(ExecuteError::<Account>::Append(busy).is_transient());
    /// ```
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Load(error) => error.is_transient(),
            Self::Append(error) => error.is_transient(),
            Self::Refused(_) | Self::Conflict { .. } | Self::Unknown(_) => false,
        }
    }
}

/// Why a command that waits for read models failed: it was not executed, or it was, and a read model does not have what it
/// appended.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum ConsistentError<A: Aggregate, E = Infallible> {
    /// No projection of this name is followed. Nothing was executed.
    #[error("no projection `{projection}` is followed; name one of those that were given to `follow`")]
    Unknown {
        /// The name.
        projection: String,
    },
    /// The command failed.
    #[error(transparent)]
    Execute(#[from] ExecuteError<A, E>),
    /// The command was executed, and must not be executed again, but a read model is behind, is paused or has stopped, or could
    /// not be asked.
    #[error("the command was executed, but a read model does not have what it appended; do not execute it again")]
    Late {
        /// What the command did.
        executed: Box<Executed<A>>,
        /// Why the read model does not have it; [`WaitError::Behind`] when the time was over.
        #[source]
        cause: WaitError,
    },
}

/// Shows no aggregate, so that none needs `Debug`.
impl<A: Aggregate, E: fmt::Debug> fmt::Debug for ConsistentError<A, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { projection } => f.debug_struct("Unknown").field("projection", projection).finish(),
            Self::Execute(error) => f.debug_tuple("Execute").field(error).finish(),
            Self::Late { cause, .. } => f.debug_struct("Late").field("cause", cause).finish_non_exhaustive(),
        }
    }
}

impl<A: Aggregate, E> ConsistentError<A, E> {
    /// Whether the same command may succeed later: nothing was appended, and [`ExecuteError::is_transient`].
    ///
    /// ```
    /// # use es_core::*;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
    /// # #[event(name = "account.deposited")]
    /// # struct Deposited { amount: u64 }
    /// # #[derive(Aggregate, Default, Debug)]
    /// # #[aggregate(category = "account", id = String, events(Deposited))]
    /// # struct Account { balance: u64 }
    /// # #[es_core::apply]
    /// # impl Account { fn deposited(&mut self, event: Deposited) { self.balance += event.amount; } }
    /// let busy = AppendError::Store(StoreError::new(StoreErrorKind::Busy, "too many appends are waiting"));
    /// assert!(ConsistentError::<Account>::Execute(ExecuteError::Append(busy)).is_transient());
    /// assert!(!ConsistentError::<Account>::Unknown { projection: "balance".into() }.is_transient());
    /// ```
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Execute(error) => error.is_transient(),
            Self::Unknown { .. } | Self::Late { .. } => false,
        }
    }
}
