//! Encodes payloads, and refuses values that could not be decoded again.

use std::fmt;

use serde::Serialize;

use crate::event::{DecodeError, Event, EventName, LimitError, limits::JSON_DEPTH};

mod compound;
mod guard;
mod raw;
#[cfg(test)]
mod tests;
mod watch;

pub(crate) use raw::check_json;

/// Why an event cannot be stored. Never holds any of the payload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A number is NaN or infinite: JSON would make it `null`.
    #[error("{} holds NaN or an infinity, which JSON cannot hold; refuse it in `handle`, or make it an `Option`", Subject(*.field))]
    NotFinite {
        /// The field of the event, where it is known.
        field: Option<&'static str>,
    },
    /// A string or a key holds a NUL character.
    #[error("{} holds a NUL character, which not every store can keep", Subject(*.field))]
    Nul {
        /// The field of the event, where it is known.
        field: Option<&'static str>,
    },
    /// Arrays and objects are nested deeper than [`JSON_DEPTH`](crate::limits::JSON_DEPTH).
    #[error("{} is nested deeper than {JSON_DEPTH} arrays and objects", Subject(*.field))]
    TooDeep {
        /// The field of the event, where it is known.
        field: Option<&'static str>,
    },
    /// A map has keys that are neither strings nor numbers.
    #[error("{} holds a map whose keys have no JSON form; use keys that are serialized as strings or numbers", Subject(*.field))]
    Key {
        /// The field of the event, where it is known.
        field: Option<&'static str>,
    },
    /// A type's own `Serialize` refused the value.
    #[error("{} was refused by its own `Serialize`", Subject(*.field))]
    Refused {
        /// The field of the event, where it is known.
        field: Option<&'static str>,
    },
    /// A payload that was given as JSON is not JSON that can be read again.
    #[error("the payload is not JSON that can be read again (line {line}, column {column})")]
    NotJson {
        /// The line, from 1.
        line: usize,
        /// The column in that line, in bytes.
        column: usize,
    },
    /// Its name, its payload or its metadata is over a limit.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// The encoded payload does not decode again, so it would make its stream unreadable.
    #[error("the payload of event `{name}` does not decode again; its `Serialize` and `Deserialize` must agree")]
    Unreadable {
        /// The event's name.
        name: EventName,
        /// Why it does not decode.
        source: DecodeError,
    },
    /// Its own `Serialize` panicked. A program built with `panic = "abort"` ends instead.
    #[error("the `Serialize` of event `{name}` panicked; let it return an error for a value that it cannot write")]
    Panicked {
        /// The event's name.
        name: &'static str,
    },
    /// The event is retired in its event set: it is read, but no longer written.
    #[error("event `{name}` is retired and can only be read; record the events that replace it")]
    Retired {
        /// The event's name.
        name: EventName,
    },
}

/// Appends `value` to `out` as JSON. After an error `out` is unchanged.
///
/// # Errors
/// [`EncodeError`], without a field, since the value has no shape.
pub(crate) fn json<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    write(value, out, |_| None)
}

/// Appends the payload of `event` to `out` as JSON. After an error `out` is unchanged.
///
/// # Errors
/// [`EncodeError`].
pub(crate) fn event<E: Event>(event: &E, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    write(event, out, |written| Some(E::SCHEMA.shape(E::SCHEMA_VERSION)?.field_at(written, written.len())?.name))
}

fn write<T: Serialize + ?Sized>(
    value: &T,
    out: &mut Vec<u8>,
    field: impl FnOnce(&[u8]) -> Option<&'static str>,
) -> Result<(), EncodeError> {
    let start = out.len();
    let refused = match guard::write(value, out) {
        Ok(()) => nul(&out[start..]).map(|at| (EncodeError::Nul { field: None }, start + at)),
        Err(error) => Some((error, out.len())),
    };
    let Some((error, end)) = refused else { return Ok(()) };
    let error = error.of_field(field(&out[start..end]));
    out.truncate(start);
    Err(error)
}

/// The end of the first NUL in encoded JSON, where it is always escaped. A backslash always begins an escape.
fn nul(json: &[u8]) -> Option<usize> {
    let mut at = 0;
    if !json.contains(&b'\\') {
        return None;
    }
    while at < json.len() {
        if json[at] != b'\\' {
            at += 1;
        } else if json[at..].starts_with(b"\\u0000") {
            return Some(at + 6);
        } else {
            at += 2;
        }
    }
    None
}

impl EncodeError {
    /// The field of the event that cannot be stored, if it is known.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::NotFinite { field }
            | Self::Nul { field }
            | Self::TooDeep { field }
            | Self::Key { field }
            | Self::Refused { field } => *field,
            _ => None,
        }
    }

    fn of_field(mut self, of: Option<&'static str>) -> Self {
        match &mut self {
            Self::NotFinite { field }
            | Self::Nul { field }
            | Self::TooDeep { field }
            | Self::Key { field }
            | Self::Refused { field } => *field = of,
            _ => {}
        }
        self
    }
}

struct Subject(Option<&'static str>);

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(field) => write!(f, "field `{field}`"),
            None => f.write_str("the payload"),
        }
    }
}
