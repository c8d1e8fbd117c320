//! Functions that generated code calls to upcast a payload to today's type.

use super::schema_version;
use crate::event::{DecodeError, Event, SchemaVersion, decode::shape};

/// Creates the error for a schema version that is newer than today's, which is `known`.
#[cold]
pub fn newer(known: u32) -> DecodeError {
    DecodeError::Newer { known: schema_version(known) }
}

/// Decodes a payload of today's shape.
///
/// # Errors
/// [`DecodeError::Payload`].
#[inline]
pub fn newest<E: Event>(payload: &[u8], stored: SchemaVersion) -> Result<E, DecodeError> {
    shape(payload, E::SCHEMA, stored)
}

/// Gives the value of a field's step that may fail. Drops the text of its error, since it may quote the payload.
///
/// # Errors
/// [`DecodeError::Upcast`].
#[inline]
pub fn step<T, E>(result: Result<T, E>, from: u32, to: u32, field: &'static str) -> Result<T, DecodeError> {
    match result {
        Ok(value) => Ok(value),
        Err(_) => Err(refused(from, to, Some(field))),
    }
}

/// Converts an event of the `previous` type.
///
/// # Errors
/// [`DecodeError::Upcast`], without the text of the conversion's error, which may quote the payload.
#[inline]
pub fn upcast<P, E: MadeFrom<P>>(previous: P, from: u32, to: u32) -> Result<E, DecodeError> {
    E::made_from(previous, from, to)
}

/// `TryFrom`, and with it `From`, with a message that tells what is missing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how it comes from `{P}`, the `previous` of its schema",
    label = "write `impl From<{P}> for {Self}`, or `TryFrom` if it may fail"
)]
pub trait MadeFrom<P>: Sized {
    /// Upcasts the event from one schema version to the other.
    ///
    /// # Errors
    /// [`DecodeError::Upcast`] when its `TryFrom` refuses.
    fn made_from(previous: P, from: u32, to: u32) -> Result<Self, DecodeError>;
}

#[diagnostic::do_not_recommend]
impl<P, E: TryFrom<P>> MadeFrom<P> for E {
    #[inline]
    fn made_from(previous: P, from: u32, to: u32) -> Result<Self, DecodeError> {
        match Self::try_from(previous) {
            Ok(event) => Ok(event),
            Err(_) => Err(refused(from, to, None)),
        }
    }
}

/// The identity, with a message for a `with` that gives another type.
#[diagnostic::on_unimplemented(
    message = "`with` gives `{T}`, and the field is `{Self}`",
    label = "write a function that gives `{Self}`",
    note = "for a function that may fail and gives a `Result`, write `try_with`"
)]
pub trait GivenBy<T> {
    /// Gives the same value.
    fn given_by(given: T) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T> GivenBy<T> for T {
    #[inline]
    fn given_by(given: T) -> Self {
        given
    }
}

/// The value that the function of a step gave. A type of its own, so that rustc infers the given type before the field's.
#[derive(Debug)]
pub struct Given<T>(pub T);

impl<T> Given<T> {
    /// Gives the field's value.
    #[inline]
    pub fn field<F: GivenBy<T>>(self) -> F {
        F::given_by(self.0)
    }
}

/// Fails to compile unless `holds`.
///
/// # Panics
/// At compile time, with the message `otherwise`.
#[track_caller]
pub const fn demand(holds: bool, otherwise: &str) {
    assert!(holds, "{}", otherwise);
}

#[cold]
fn refused(from: u32, to: u32, field: Option<&'static str>) -> DecodeError {
    DecodeError::Upcast { from: schema_version(from), to: schema_version(to), field }
}

/// Whether two strings are equal, for constants.
pub const fn same_text(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}
