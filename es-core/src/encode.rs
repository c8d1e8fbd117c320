//! Writing a payload, and refusing what could not be read again.

use serde::{Serialize, de::IgnoredAny};

use crate::{DecodeError, EventName, LimitError};

/// Why an event cannot be stored. Never holds any of the payload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The value has no JSON form.
    #[error("the event has no JSON form")]
    Json,
    /// Its name, its payload or its metadata is over a limit.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// What it encodes to does not decode again, so it would make its stream unreadable.
    #[error("event `{name}` encodes to what does not decode again; its `Serialize` and `Deserialize` must agree")]
    Unreadable {
        /// The event's name.
        name: EventName,
        /// What does not fit.
        source: DecodeError,
    },
    /// It is retired in its event set: read, but no longer written.
    #[error("event `{name}` is retired, it can only be read; record the events that it became")]
    Retired {
        /// The event's name.
        name: EventName,
    },
}

/// Appends `value` to `out` as JSON.
///
/// # Errors
/// [`EncodeError`].
pub(crate) fn json<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    serde_json::to_writer(out, value).map_err(|_| EncodeError::Json)
}

/// Checks that `payload` is JSON a store can give back.
///
/// # Errors
/// [`EncodeError`].
pub(crate) fn check_json(payload: &[u8]) -> Result<(), EncodeError> {
    serde_json::from_slice::<IgnoredAny>(payload).map(|_| ()).map_err(|_| EncodeError::Json)
}
