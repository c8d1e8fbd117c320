//! Decodes stored payloads.

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

/// Why a stored payload could not be decoded. It never holds any of the payload, nor a message of another crate that could
/// quote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// No event of the set is stored under this name.
    #[error("no event of this set has this name; was it dropped from the list of events?")]
    UnknownName,
    /// A newer program wrote the payload.
    #[error("the schema version is newer than this program knows, which is {known}; update this program")]
    Newer {
        /// The newest schema version that this program knows.
        known: SchemaVersion,
    },
    /// The payload does not have the shape of its schema version.
    #[error("{0}")]
    Payload(Box<PayloadError>), // Boxed, so that the `Result` of a successful decoding stays small.
    /// An upcast that may fail, a `try_with` or a `TryFrom`, refused the payload.
    #[error("{} was refused by the upcast from schema version {from} to {to}", Subject { field: *.field, declared: None })]
    Upcast {
        /// The schema version before the upcast.
        from: SchemaVersion,
        /// The schema version after it.
        to: SchemaVersion,
        /// The field of the event, by its key in schema version `to`; `None` for an upcast of the whole event.
        field: Option<&'static str>,
    },
    /// Code of the program panicked on the payload: a `Deserialize` or a function that it calls (`default`, `with`), an
    /// upcast (`default`, `with`, `try_with`, `From`), or the `successors` of a retired event.
    ///
    /// The panic is caught on every path that reads a store, and when an append checks that its events decode again. It is not
    /// caught when a program calls [`Event::decode`](crate::Event::decode) or [`EventSet::decode`] itself, nor in a program
    /// built with `panic = "abort"`. The panic's message goes to the panic hook as usual, and is in no error.
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

/// Decodes as [`shape`] does, in a program where [`NUMBERS_ARE_TEXTS`]. There `serde_json` gives a number to serde's buffer of
/// any value as a map, from which serde cannot read a float.
fn with_numbers_as_numbers<T: DeserializeOwned>(payload: &[u8]) -> Option<T> {
    let read = |numbers| typed::read(payload, numbers)?.ok();
    read(Numbers::Kept).or_else(|| read(Numbers::Rounded))
}

/// Decodes again to find the cause, as constants of the program.
#[cold]
fn why<T: DeserializeOwned>(payload: &[u8]) -> Option<Cause> {
    typed::read::<T>(payload, Numbers::Rounded)?.err()
}

/// Not generic, so that each shape adds little code to serde's own.
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

/// The events that a stored payload became. Almost always it is one, which needs no list.
pub(crate) struct Decoded<S> {
    pub(crate) first: Option<S>,
    pub(crate) rest: Vec<S>,
}

/// Decodes a stored payload. A panic of the program's own code becomes an error, so that a stored payload cannot end a
/// reader.
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
    // Unwind safe: after a panic the events decoded so far are dropped.
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
