//! The error of decoding a value: constants of the program, and nothing of the payload.

use std::fmt;

use serde::de::{Error, Expected, Unexpected};

use super::PayloadErrorKind;

/// What is wrong with a value.
#[derive(Debug)]
pub(super) enum Cause {
    Missing(&'static str),
    Duplicate(&'static str),
    UnknownField(&'static [&'static str]),
    UnknownVariant(&'static [&'static str]),
    Other(PayloadErrorKind),
}

pub(super) fn wrong_type<T>() -> Result<T, Cause> {
    Err(Cause::Other(PayloadErrorKind::Type))
}

impl Error for Cause {
    /// Drops the text, which may quote the payload.
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::Other(PayloadErrorKind::Refused)
    }

    fn invalid_type(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self::Other(PayloadErrorKind::Type)
    }

    fn invalid_value(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self::Other(PayloadErrorKind::Value)
    }

    fn invalid_length(_: usize, _: &dyn Expected) -> Self {
        Self::Other(PayloadErrorKind::Length)
    }

    fn unknown_variant(_: &str, known: &'static [&'static str]) -> Self {
        Self::UnknownVariant(known)
    }

    fn unknown_field(_: &str, known: &'static [&'static str]) -> Self {
        Self::UnknownField(known)
    }

    fn missing_field(key: &'static str) -> Self {
        Self::Missing(key)
    }

    fn duplicate_field(key: &'static str) -> Self {
        Self::Duplicate(key)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl std::error::Error for Cause {}
