//! The error of a promise that a store broke.

use std::{error::Error, fmt, io};

use es_core::{
    AppendError, CheckpointError, EncodeError, LimitError, ReadError, ReadModelError, SnapshotError, WorkError,
};

use super::FactoryError;

/// The error of a promise that a store broke: what was promised, and what the store did instead.
pub struct BrokenPromise {
    promised: String,
    seen: String,
}

impl BrokenPromise {
    /// `promised` is what the store should do, `seen` what it did.
    pub fn new(promised: impl Into<String>, seen: impl Into<String>) -> Self {
        Self { promised: promised.into(), seen: seen.into() }
    }

    /// What the store should do.
    pub fn promised(&self) -> &str {
        &self.promised
    }

    /// What the store did.
    pub fn seen(&self) -> &str {
        &self.seen
    }

    fn failed(operation: &str, error: &(dyn Error + 'static)) -> Self {
        let mut seen = error.to_string();
        let mut source = error.source();
        while let Some(error) = source {
            seen = format!("{seen}: {error}");
            source = error.source();
        }
        Self::new(format!("{operation} succeeds"), seen)
    }
}

impl fmt::Display for BrokenPromise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "promised: {}\n    seen: {}", self.promised, self.seen)
    }
}

/// The same text as [`Display`](fmt::Display): a test that returns the error prints it with `Debug`.
impl fmt::Debug for BrokenPromise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a promise is broken\n{self}")
    }
}

impl Error for BrokenPromise {}

macro_rules! from_failed {
    ($($error:ty: $operation:literal),+ $(,)?) => {$(
        impl From<$error> for BrokenPromise {
            fn from(error: $error) -> Self {
                Self::failed($operation, &error)
            }
        }
    )+};
}

from_failed! {
    AppendError: "the append",
    ReadError: "the read",
    SnapshotError: "the snapshot",
    ReadModelError: "the call for the read model",
    WorkError: "the work in a transaction",
    io::Error: "the runtime",
    EncodeError: "encoding the event",
    LimitError: "naming the stream or event",
    CheckpointError: "reading a checkpoint's text",
}

impl From<FactoryError> for BrokenPromise {
    fn from(error: FactoryError) -> Self {
        Self::failed("opening the store", &*error)
    }
}
