//! Writing a payload, and refusing what could not be read again.

use serde::Serialize;

/// Why an event cannot be stored. Never holds any of the payload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The value has no JSON form.
    #[error("the event has no JSON form")]
    Json,
}

/// Appends `value` to `out` as JSON.
///
/// # Errors
/// [`EncodeError`].
pub fn json<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    serde_json::to_writer(out, value).map_err(|_| EncodeError::Json)
}
