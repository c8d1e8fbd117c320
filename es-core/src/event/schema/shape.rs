//! The shape: the fields of an event's payload in one schema version.

use super::SchemaVersion;
use crate::event::decode::{Location, locate};

/// The fields of a payload in one schema version.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// The schema version.
    pub schema_version: SchemaVersion,
    /// How the fields are written in JSON.
    pub form: Form,
    /// The stored fields, in the order of the source.
    pub fields: &'static [Field],
}

/// How the fields of a shape are written in JSON. Exhaustive, so that the schema lock cannot overlook a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// An object.
    Named,
    /// An array with one element for each field.
    Tuple,
    /// The value of the only field.
    Newtype,
    /// `null`.
    Unit,
    /// The form of another type: `serde(from = "…")`.
    As(&'static str),
}

/// A field of a shape.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The stored key; for a tuple struct, the index.
    pub name: &'static str,
    /// Other keys that are read as this one.
    pub aliases: &'static [&'static str],
    /// The type, as written in the source.
    pub ty: &'static str,
    /// Whether the key may be absent.
    pub presence: Presence,
    /// The module or function of `serde(with = "…")` or `serde(deserialize_with = "…")`.
    pub with: Option<&'static str>,
}

/// Whether a field's key is present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Presence {
    /// It must be present.
    Required,
    /// It may be absent: `serde(default)`.
    Default,
    /// The keys of the value are among those of the event: `serde(flatten)`.
    Flatten,
}

impl Field {
    /// Describes the field stored under `name` with the type `ty`, as written in the source.
    pub const fn new(name: &'static str, ty: &'static str, presence: Presence) -> Self {
        Self { name, aliases: &[], ty, presence, with: None }
    }

    /// Sets other keys that are read as this one.
    #[must_use]
    pub const fn with_aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    /// Sets the module or function that reads it.
    #[must_use]
    pub const fn with_module(mut self, path: &'static str) -> Self {
        self.with = Some(path);
        self
    }
}

impl Shape {
    /// Describes the shape of a schema version.
    ///
    /// # Panics
    /// For schema version 0, which the macros refuse.
    pub const fn new(schema_version: u32, form: Form, fields: &'static [Field]) -> Self {
        Self { schema_version: SchemaVersion::new(schema_version).expect("schema versions start at 1"), form, fields }
    }

    /// The field that the last byte before `end` of a payload belongs to.
    pub(crate) fn field_at(&self, payload: &[u8], end: usize) -> Option<&'static Field> {
        match (self.form, locate(payload, end)) {
            (Form::Newtype, _) => self.fields.first(),
            (Form::Named, Location::Key(key)) => self.field(&key),
            (Form::Tuple, Location::Index(index)) => self.fields.get(index),
            _ => None,
        }
    }

    /// The field that is stored under `key`, or else the flattened field that would take it.
    fn field(&self, key: &str) -> Option<&'static Field> {
        let named = |field: &&Field| field.name == key || field.aliases.contains(&key);
        let flattened = |field: &&Field| field.presence == Presence::Flatten;
        let by_key = self.fields.iter().filter(|field| !flattened(field)).find(named);
        by_key.or_else(|| self.fields.iter().find(flattened))
    }
}
