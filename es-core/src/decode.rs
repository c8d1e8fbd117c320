//! Reading a stored payload, and what can be wrong with it.

use serde::de::DeserializeOwned;

use crate::SchemaVersion;

/// Why a stored payload could not be read. Never holds any of the payload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// No event of the set is stored under this name.
    #[error("no event of this set has this name; was it dropped from the list of events?")]
    UnknownName,
    /// The payload was written by a newer program.
    #[error("the schema version is newer than this program knows, which is {known}; update this program")]
    Newer {
        /// The newest schema version that this program knows.
        known: SchemaVersion,
    },
    /// The payload does not have the shape of its schema version.
    #[error("the payload does not have the shape of its schema version (line {line}, column {column})")]
    Payload {
        /// The line in the payload, from 1.
        line: usize,
        /// The column in that line, from 1.
        column: usize,
    },
}

/// Decodes a JSON payload of today's shape.
///
/// # Errors
/// [`DecodeError::Payload`].
pub fn json<T: DeserializeOwned>(payload: &[u8]) -> Result<T, DecodeError> {
    serde_json::from_slice(payload).map_err(|error| DecodeError::Payload { line: error.line(), column: error.column() })
}
