//! A shape: the fields of an event's payload in one schema version.

use super::SchemaVersion;
use crate::decode::{Place, place};

/// The fields of a payload in one schema version.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// The schema version.
    pub version: SchemaVersion,
    /// How the fields stand in JSON.
    pub form: Form,
    /// The stored fields, in the order of the source.
    pub fields: &'static [Field],
}

/// How the fields of a shape stand in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Form {
    /// An object.
    Named,
    /// An array, one element a field.
    Tuple,
    /// The value of the only field.
    Newtype,
    /// `null`.
    Unit,
}

/// A field of a shape.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The stored key; of a tuple struct the index.
    pub name: &'static str,
    /// Other keys that are read as this one.
    pub aliases: &'static [&'static str],
    /// The type, as written in the source.
    pub ty: &'static str,
    /// What may be absent.
    pub presence: Presence,
    /// The module or function of `serde(with = "…")` or `serde(deserialize_with = "…")`.
    pub with: Option<&'static str>,
}

/// Whether a field's key is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Presence {
    /// It must be.
    Required,
    /// It may be absent: `serde(default)`.
    Default,
    /// The keys of the value stand among those of the event: `serde(flatten)`.
    Flatten,
}

impl Shape {
    /// The field that the last byte before `end` of a payload belongs to.
    pub(crate) fn field_at(&self, payload: &[u8], end: usize) -> Option<&'static Field> {
        match (self.form, place(payload, end)) {
            (Form::Newtype, _) => self.fields.first(),
            (Form::Named, Place::Key(key)) => self.field(&key),
            (Form::Tuple, Place::Index(index)) => self.fields.get(index),
            _ => None,
        }
    }

    /// The field that is stored under `key`, or else the flattened one that would take it.
    fn field(&self, key: &str) -> Option<&'static Field> {
        let named = |field: &&Field| field.name == key || field.aliases.contains(&key);
        let flattened = |field: &&Field| field.presence == Presence::Flatten;
        let by_key = self.fields.iter().filter(|field| !flattened(field)).find(named);
        by_key.or_else(|| self.fields.iter().find(flattened))
    }
}
