//! Turns an error of `serde_json` into one without the payload that its text quotes.

use std::fmt;

use serde::de::IgnoredAny;
use serde_json::error::Category;

use super::{Cause, DecodeError, Location, Subject, locate};
use crate::event::schema::{Field, Form, Presence, Shape};

/// Where and how a payload differs from the shape of its schema version.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PayloadError {
    /// What is wrong.
    pub kind: PayloadErrorKind,
    /// The line in the payload, from 1.
    pub line: usize,
    /// The column in that line, in bytes.
    pub column: usize,
    /// The field of the event, by its stored key, where it is known.
    pub field: Option<&'static str>,
    /// The type of that field in that schema version, as written in the source.
    pub declared: Option<&'static str>,
    /// The key that is missing or occurs twice, by its stored name, if it is not that of the field itself.
    pub key: Option<&'static str>,
    /// The known variants or keys, by their stored names, if the payload has an unknown one.
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

/// How a payload differs from its shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PayloadErrorKind {
    /// It is not JSON.
    Syntax,
    /// It ends too early.
    Truncated,
    /// Its arrays and objects are nested too deep.
    Depth,
    /// A key is missing.
    Missing,
    /// It has a key that the shape does not have.
    UnknownField,
    /// A key occurs twice.
    Duplicate,
    /// A variant is not one of the enum.
    UnknownVariant,
    /// A value has another type.
    Type,
    /// A value has the right type but is not one that it can hold.
    Value,
    /// An array has another length.
    Length,
    /// The `Deserialize` of a type refused it.
    Refused,
}

impl fmt::Display for PayloadErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Syntax => "is not JSON",
            Self::Truncated => "ends too early",
            Self::Depth => "is nested too deep",
            Self::Missing => "lacks a key",
            Self::UnknownField => "has an unknown key",
            Self::Duplicate => "has a key twice",
            Self::UnknownVariant => "has an unknown variant",
            Self::Type => "has a value of another type",
            Self::Value => "has a value that the type cannot hold",
            Self::Length => "has another length",
            Self::Refused => "was refused by its own `Deserialize`",
        })
    }
}

/// The error for `payload`, which should have had this shape.
#[cold]
pub(super) fn payload(
    error: &serde_json::Error,
    why: Option<Cause>,
    payload: &[u8],
    shape: Option<&Shape>,
) -> DecodeError {
    let (line, column) = (error.line(), error.column());
    // Only the start of the text is read: what follows may quote the payload.
    let text = error.to_string();
    let kind = match kind_of(error.classify(), &text) {
        // `serde_json` reports a syntax error for an enum that is neither a string nor an object.
        PayloadErrorKind::Syntax if serde_json::from_slice::<IgnoredAny>(payload).is_ok() => PayloadErrorKind::Type,
        // A custom error, whose text only begins as serde's does.
        PayloadErrorKind::Missing
        | PayloadErrorKind::UnknownField
        | PayloadErrorKind::Duplicate
        | PayloadErrorKind::UnknownVariant
            if matches!(why, Some(Cause::Other(PayloadErrorKind::Refused))) =>
        {
            PayloadErrorKind::Refused
        }
        kind => kind,
    };
    let mut key = match (kind, &why) {
        (PayloadErrorKind::Missing, Some(Cause::Missing(key)))
        | (PayloadErrorKind::Duplicate, Some(Cause::Duplicate(key))) => Some(*key),
        _ => None,
    };
    let known = match (kind, why) {
        (PayloadErrorKind::UnknownField, Some(Cause::UnknownField(known)))
        | (PayloadErrorKind::UnknownVariant, Some(Cause::UnknownVariant(known))) => known,
        _ => &[],
    };
    let field = shape.and_then(|shape| {
        let end = offset(payload, line, column);
        match kind {
            PayloadErrorKind::Missing if locate(payload, end) == Location::Whole => {
                let field = shape.fields.iter().find(|field| Some(field.name) == key);
                key = key.filter(|_| field.is_none());
                field
            }
            _ => shape.field_at(payload, end).or_else(|| last(shape, kind, payload, end)),
        }
    });
    let (field, declared) = (field.map(|field| field.name), field.map(|field| field.ty));
    DecodeError::Payload(Box::new(PayloadError { kind, line, column, field, declared, key, known }))
}

fn kind_of(category: Category, text: &str) -> PayloadErrorKind {
    const WORDS: [(&str, PayloadErrorKind); 9] = [
        ("missing field", PayloadErrorKind::Missing),
        ("unknown field", PayloadErrorKind::UnknownField),
        ("duplicate field", PayloadErrorKind::Duplicate),
        ("unknown variant", PayloadErrorKind::UnknownVariant),
        ("invalid type", PayloadErrorKind::Type),
        ("invalid value", PayloadErrorKind::Value),
        ("invalid length", PayloadErrorKind::Length),
        ("number out of range", PayloadErrorKind::Value),
        ("recursion limit exceeded", PayloadErrorKind::Depth),
    ];
    let by_word = WORDS.into_iter().find(|(word, _)| text.starts_with(word)).map(|(_, kind)| kind);
    match category {
        Category::Eof => PayloadErrorKind::Truncated,
        Category::Syntax | Category::Io => by_word.unwrap_or(PayloadErrorKind::Syntax),
        Category::Data => by_word.unwrap_or(PayloadErrorKind::Refused),
    }
}

/// The last field, if `serde_json` gives the position of the closing bracket for an error in its value.
fn last(shape: &Shape, kind: PayloadErrorKind, payload: &[u8], end: usize) -> Option<&'static Field> {
    let of_a_value = match kind {
        PayloadErrorKind::Refused
        | PayloadErrorKind::Value
        | PayloadErrorKind::Type
        | PayloadErrorKind::UnknownVariant => true,
        PayloadErrorKind::Length => shape.form == Form::Named,
        _ => false,
    };
    let flattened = shape.fields.iter().any(|field| field.presence == Presence::Flatten);
    let closing = end.checked_sub(1).filter(|at| matches!(payload.get(*at), Some(b'}' | b']')))?;
    if of_a_value && !flattened { shape.field_at(payload, closing) } else { None }
}

/// The offset of this line and column in `payload`, in bytes.
fn offset(payload: &[u8], line: usize, column: usize) -> usize {
    let lines = payload.split_inclusive(|byte| *byte == b'\n');
    lines.take(line.saturating_sub(1)).map(<[u8]>::len).sum::<usize>() + column
}
