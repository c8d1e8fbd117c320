//! What can go wrong between an aggregate and its store.

use std::{convert::Infallible, fmt};

use crate::{
    aggregate::Aggregate,
    event::LimitError,
    repository::Unsettled,
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

/// Why a command on an aggregate `A`, which the domain refuses with `E`, recorded nothing; or, with
/// [`Unknown`](Self::Unknown), why it is not known whether it did.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum ExecuteError<A: Aggregate, E = Infallible> {
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
    /// The events could not be appended, for another reason than a conflict. Nothing was appended.
    #[error(transparent)]
    Append(AppendError),
    /// The store's answer was lost, and the time to settle it is over. The error keeps the root:
    /// [`settle`](crate::RepositoryExt::settle) it through the repository.
    #[error(transparent)]
    Unknown(Unsettled<A>),
}

/// Shows no aggregate, so that it needs no `Debug` of one.
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
    /// Whether the same command may succeed later: nothing was appended now, and the store's error is a
    /// [transient](crate::StoreError::is_transient) one. A conflict is none, as it was decided again already; an unknown
    /// outcome is none, as something may have been appended: settle it, and do not decide again.
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
    /// let busy = AppendError::Store(StoreError::new(StoreErrorKind::Busy, "too many appends wait"));
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
