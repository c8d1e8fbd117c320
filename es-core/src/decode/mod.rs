//! Reading a stored payload, and what can be wrong with it.

use std::fmt;

use serde::de::DeserializeOwned;

use crate::{SchemaVersion, schema::Schema};

mod mismatch;
mod place;

pub use mismatch::Mismatch;
pub(crate) use place::{Place, place};

/// Why a stored payload could not be read. Never holds any of the payload, nor a message of somebody else's that could
/// quote it.
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
    #[error("{0}")]
    Payload(Box<Misfit>), // boxed, or every good event would be moved around in the room of its error
    /// A step that may fail, by `try_with` or `TryFrom`, refused the payload.
    #[error("{} was refused on the way from schema version {from} to {to}", Subject { field: *.field, declared: None })]
    Upcast {
        /// The schema version that the step lifts.
        from: SchemaVersion,
        /// The schema version it lifts to.
        to: SchemaVersion,
        /// The field of the event, by its key in schema version `to`; `None` for a step of the whole.
        field: Option<&'static str>,
    },
}

/// Where and how a payload does not have the shape of its schema version.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Misfit {
    /// What does not fit.
    pub mismatch: Mismatch,
    /// The line in the payload, from 1.
    pub line: usize,
    /// The column in that line, in bytes.
    pub column: usize,
    /// The field of the event, by its stored key, where it is known.
    pub field: Option<&'static str>,
    /// The type which that field has in that schema version, as written in the source.
    pub declared: Option<&'static str>,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mismatch, line, column, field, declared } = self;
        let subject = Subject { field: *field, declared: *declared };
        write!(f, "{subject} {mismatch} (line {line}, column {column})")
    }
}

/// Decodes a JSON payload of the shape that `schema` has in `version`, which is that of `T`.
///
/// # Errors
/// [`DecodeError::Payload`].
#[inline]
pub fn shape<T: DeserializeOwned>(
    payload: &[u8],
    schema: &'static Schema,
    version: SchemaVersion,
) -> Result<T, DecodeError> {
    match serde_json::from_slice(payload) {
        Ok(value) => Ok(value),
        Err(error) => Err(refused(&error, payload, schema, version)),
    }
}

/// Not generic, so that a shape costs no more than serde's own code for it.
#[cold]
fn refused(error: &serde_json::Error, payload: &[u8], schema: &'static Schema, version: SchemaVersion) -> DecodeError {
    mismatch::payload(error, payload, schema.shape(version))
}

struct Subject {
    field: Option<&'static str>,
    declared: Option<&'static str>,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.field, self.declared) {
            (Some(field), Some(declared)) => write!(f, "field `{field}`, declared as `{declared}`,"),
            (Some(field), None) => write!(f, "field `{field}`"),
            (None, _) => f.write_str("the payload"),
        }
    }
}
