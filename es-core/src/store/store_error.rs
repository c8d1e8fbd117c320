//! The error of a store that could not do what it was asked for: its kind tells the caller how to react.

use std::{error::Error, fmt};

/// Why a store failed: a kind, by which a program decides, and the store's own error.
///
/// `Display` shows the kind; the store's own error is the `source`.
///
/// ```
/// # use es_core::{StoreError, StoreErrorKind};
/// let error = StoreError::new(StoreErrorKind::TimedOut, "no answer within 5s");
/// assert_eq!(error.kind(), StoreErrorKind::TimedOut);
/// assert!(error.is_transient());
/// assert_eq!(error.to_string(), "the store did not answer in time");
/// assert_eq!(error.get_ref().to_string(), "no answer within 5s");
/// ```
pub struct StoreError {
    kind: StoreErrorKind,
    error: Box<dyn Error + Send + Sync>,
}

/// How to react to a [`StoreError`].
///
/// ```
/// # use es_core::{AppendError, StoreError, StoreErrorKind};
/// # fn example(error: &StoreError) -> &'static str {
/// match error.kind() {
///     kind if kind.is_transient() => "503, try again later",
///     StoreErrorKind::Corrupt => "500, and alert an operator",
///     _ => "500",
/// }
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The server is unreachable, starting up or shutting down: try again later.
    Unavailable,
    /// The store did not answer in time: try again later.
    TimedOut,
    /// The store has too many requests, or others hold the locks that it needs. Nothing was written, and it is safe to decide
    /// again: [commands](crate::RepositoryExt::execute) do so on their own. As the answer to a repeated request it says nothing
    /// about the first one, see [`AppendError::Unknown`].
    ///
    /// [`AppendError::Unknown`]: crate::AppendError::Unknown
    Busy,
    /// The store was closed, or its runtime has shut down: open it again.
    Closed,
    /// The address, a password, a permission or the schema is wrong: it fails until somebody corrects that.
    Misconfigured,
    /// The log moved to another server or was restored, or this server is only a replica: continue from the last event.
    Moved,
    /// The stored data or the server's answer is invalid: something other than the store changed it.
    Corrupt,
    /// None of these.
    Other,
}

impl StoreErrorKind {
    /// Whether the same call may succeed later although nobody changes anything: [`Unavailable`](Self::Unavailable),
    /// [`TimedOut`](Self::TimedOut), [`Busy`](Self::Busy).
    pub fn is_transient(self) -> bool {
        matches!(self, Self::Unavailable | Self::TimedOut | Self::Busy)
    }
}

impl fmt::Display for StoreErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unavailable => "the store cannot be reached now",
            Self::TimedOut => "the store did not answer in time",
            Self::Busy => "the store is busy",
            Self::Closed => "the store is closed",
            Self::Misconfigured => "the store is not set up for this",
            Self::Moved => "the log is no longer where it was",
            Self::Corrupt => "the store gave what no store writes",
            Self::Other => "the store failed",
        })
    }
}

impl StoreError {
    /// Creates an error of this kind.
    pub fn new(kind: StoreErrorKind, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind, error: error.into() }
    }

    /// How to react to it.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// Whether the same call may succeed later; see [`StoreErrorKind::is_transient`].
    pub fn is_transient(&self) -> bool {
        self.kind.is_transient()
    }

    /// The store's own error.
    pub fn get_ref(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.error
    }

    /// The store's own error, without the kind.
    pub fn into_inner(self) -> Box<dyn Error + Send + Sync> {
        self.error
    }

    /// The store's own error, if it is an `E`.
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        self.error.downcast_ref()
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreError").field("kind", &self.kind).field("error", &self.error).finish()
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.error)
    }
}
