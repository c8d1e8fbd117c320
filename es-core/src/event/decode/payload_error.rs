//! What an error of `serde_json` says, without the payload that its text quotes.

use std::fmt;

use serde::de::IgnoredAny;
use serde_json::error::Category;

use super::{Cause, DecodeError, Location, Subject, locate};
use crate::event::schema::{Field, Form, Presence, Shape};

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

/// What of a payload does not fit its shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PayloadErrorKind {
    /// It is not JSON.
    Syntax,
    /// It ends too early.
    Truncated,
    /// Its arrays and objects stand too deep inside each other.
    Depth,
    /// A key is not there.
    Missing,
    /// A key is there that the shape does not have.
    UnknownField,
    /// A key is there twice.
    Duplicate,
    /// An enum does not have the variant.
    UnknownVariant,
    /// A value is of another type.
    Type,
    /// A value of the right type is not one that the type can hold.
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
            Self::UnknownField => "has a key too many",
            Self::Duplicate => "has a key twice",
            Self::UnknownVariant => "has an unknown variant",
            Self::Type => "has a value of another type",
            Self::Value => "has a value that the type cannot hold",
            Self::Length => "has another length",
            Self::Refused => "was refused by its own `Deserialize`",
        })
    }
}

/// What `error` says of `payload`, which should have had this shape.
#[cold]
pub(super) fn payload(
    error: &serde_json::Error,
    why: Option<Cause>,
    payload: &[u8],
    shape: Option<&Shape>,
) -> DecodeError {
    let (line, column) = (error.line(), error.column());
    // only the words that serde puts before anything it quotes are looked at
    let text = error.to_string();
    let kind = match kind_of(error.classify(), &text) {
        // an enum that is neither a text nor an object is no JSON to `serde_json`
        PayloadErrorKind::Syntax if serde_json::from_slice::<IgnoredAny>(payload).is_ok() => PayloadErrorKind::Type,
        // somebody's own words, which only begin as those of serde
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

/// The last field, when it was refused without a place of its own: then `serde_json` gives that of the closing bracket.
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

/// How many bytes of `payload` stand before this line and column.
fn offset(payload: &[u8], line: usize, column: usize) -> usize {
    let lines = payload.split_inclusive(|byte| *byte == b'\n');
    lines.take(line.saturating_sub(1)).map(<[u8]>::len).sum::<usize>() + column
}
