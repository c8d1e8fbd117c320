//! Reading a stored payload, and what can be wrong with it.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

use serde::de::DeserializeOwned;

use crate::event::{EventSet, SchemaVersion, schema::Schema};

mod cause;
mod key;
mod locate;
mod parser;
mod payload_error;
mod typed;

use cause::Cause;
pub(crate) use locate::{Location, locate};
pub use payload_error::{PayloadError, PayloadErrorKind};
use typed::Numbers;
pub(crate) use typed::{NUMBER, NUMBERS_ARE_TEXTS, RAW_VALUE};

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
    Payload(Box<PayloadError>), // boxed, or every good event would be moved around in the room of its error
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
    /// Code of the program panicked on the payload: a `Deserialize` with what it calls (`default`, `with`), a step
    /// (`default`, `with`, `try_with`), a `From`, or the `successors` of a retired event.
    ///
    /// Caught on every path that reads a store, and when an append looks whether its events can be read again; not where
    /// a program calls [`Event::decode`](crate::Event::decode) or [`EventSet::decode`] itself, and not in a program
    /// built with `panic = "abort"`, which ends. The panic's message goes to the panic hook as always, and is in no
    /// error.
    #[error(
        "code of the program panicked on the payload (a `Deserialize`, `default`, `with`, `From` or `successors`); let it \
         give a value or an error, such as by `try_with`"
    )]
    Panicked,
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
    if NUMBERS_ARE_TEXTS && let Some(value) = with_numbers_as_numbers(payload) {
        return Ok(value);
    }
    match serde_json::from_slice(payload) {
        Ok(value) => Ok(value),
        Err(error) => Err(refused(&error, why::<T>(payload), payload, schema, version)),
    }
}

/// As [`shape`] reads while [`NUMBERS_ARE_TEXTS`]: where serde takes any value to look at it later, a number of
/// `serde_json` is a map then, which no float comes from.
fn with_numbers_as_numbers<T: DeserializeOwned>(payload: &[u8]) -> Option<T> {
    let read = |numbers| typed::read(payload, numbers)?.ok();
    read(Numbers::Kept).or_else(|| read(Numbers::Rounded))
}

/// What does not fit, in words of the program alone.
#[cold]
fn why<T: DeserializeOwned>(payload: &[u8]) -> Option<Cause> {
    typed::read::<T>(payload, Numbers::Rounded)?.err()
}

/// Not generic, so that a shape costs little more than serde's own code for it.
#[cold]
fn refused(
    error: &serde_json::Error,
    why: Option<Cause>,
    payload: &[u8],
    schema: &'static Schema,
    version: SchemaVersion,
) -> DecodeError {
    payload_error::payload(error, why, payload, schema.shape(version))
}

/// What a stored payload stands for: almost always one event, and no list is made for it.
pub(crate) struct Decoded<S> {
    pub(crate) first: Option<S>,
    pub(crate) rest: Vec<S>,
}

/// Reads a stored payload. A panic of the program's own code for that is an error like any other: whatever is stored, a
/// reader goes on.
///
/// # Errors
/// As [`EventSet::decode`], and [`DecodeError::Panicked`].
pub(crate) fn events<S: EventSet>(
    category: &str,
    name: &str,
    schema_version: SchemaVersion,
    payload: &[u8],
) -> Result<Decoded<S>, DecodeError> {
    let decode = || {
        let (mut first, mut rest) = (None, Vec::new());
        S::decode(category, name, schema_version, payload, |event| match first {
            None => first = Some(event),
            Some(_) => rest.push(event),
        })?;
        Ok(Decoded { first, rest })
    };
    // what was made so far is dropped, and nothing else is touched
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or(Err(DecodeError::Panicked))
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
