//! Reading a stored payload, and what can be wrong with it.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

use serde::de::DeserializeOwned;

use crate::event::{EventSet, SchemaVersion, schema::Schema};

mod key;
mod parser;
mod payload_error;
mod place;
mod typed;
mod wrong;

pub use payload_error::PayloadErrorKind;
pub(crate) use place::{Place, place};
use typed::Numbers;
pub(crate) use typed::{NUMBER, NUMBERS_ARE_TEXTS, RAW_VALUE};
use wrong::Wrong;

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

/// Where and how a payload does not have the shape of its schema version.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PayloadError {
    /// What does not fit.
    pub kind: PayloadErrorKind,
    /// The line in the payload, from 1.
    pub line: usize,
    /// The column in that line, in bytes.
    pub column: usize,
    /// The field of the event, by its stored key, where it is known.
    pub field: Option<&'static str>,
    /// The type which that field has in that schema version, as written in the source.
    pub declared: Option<&'static str>,
    /// The key that is missing or there twice, by its stored name, where that is not the field itself.
    pub key: Option<&'static str>,
    /// The variants or keys that there are, by their stored names, where the payload has another one.
    pub known: &'static [&'static str],
}

impl fmt::Display for PayloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, line, column, field, declared, key, known } = self;
        write!(f, "{} ", Subject { field: *field, declared: *declared })?;
        match (kind, key) {
            (PayloadErrorKind::Missing, Some(key)) => write!(f, "lacks the key `{key}`")?,
            (PayloadErrorKind::Missing, None) if field.is_some() => f.write_str("is missing")?,
            (PayloadErrorKind::Duplicate, Some(key)) => write!(f, "has the key `{key}` twice")?,
            _ => kind.fmt(f)?,
        }
        for (number, name) in known.iter().enumerate() {
            write!(f, "{} `{name}`", if number == 0 { "; known:" } else { "," })?;
        }
        write!(f, " (line {line}, column {column})")
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
fn why<T: DeserializeOwned>(payload: &[u8]) -> Option<Wrong> {
    typed::read::<T>(payload, Numbers::Rounded)?.err()
}

/// Not generic, so that a shape costs little more than serde's own code for it.
#[cold]
fn refused(
    error: &serde_json::Error,
    why: Option<Wrong>,
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
