//! Asks a field's type for a description deeper than its name, without asking that it has one.

use std::{fmt, marker::PhantomData};

#[cfg(feature = "schema")]
use schemars::{JsonSchema, generate::SchemaSettings};
use serde::de::DeserializeOwned;
#[cfg(feature = "schema")]
use serde_json::{Map, Value};

#[cfg(feature = "schema")]
use super::trace::{Step, Try, follow};

/// What a type can be asked beyond its name. The lock asks; without the feature `schema` no type has one.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Probed {
    /// Its JSON schema and, by name, those of the types in it: what is accepted when it is read.
    #[cfg(feature = "schema")]
    #[doc(hidden)]
    pub json_schema: Option<fn() -> JsonSchemas>,
    /// What its `Deserialize` asks for at the end of a way.
    #[cfg(feature = "schema")]
    #[doc(hidden)]
    pub follow: fn(&[Step]) -> Try,
}

/// The JSON schema of a type and, by name, those of the types in it.
#[cfg(feature = "schema")]
type JsonSchemas = (Value, Map<String, Value>);

impl Probed {
    /// What is read by `follow`: the function of a `serde(with = "…")`.
    #[cfg(feature = "schema")]
    #[doc(hidden)]
    pub fn read_by(follow: fn(&[Step]) -> Try) -> Self {
        Self { json_schema: None, follow }
    }
}

impl fmt::Debug for Probed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probed").finish_non_exhaustive()
    }
}

/// Stands for a type. An inherent `described`, for types that describe themselves, goes before that of
/// [`WithoutJsonSchema`], for those that are read, and that before the one of [`NotRead`], for all others.
#[derive(Debug)]
pub struct Probe<T: ?Sized>(PhantomData<fn(&T)>);

impl<T: ?Sized> Probe<T> {
    /// The only one.
    pub const NEW: Self = Self(PhantomData);
}

#[cfg(feature = "schema")]
impl<T: JsonSchema + DeserializeOwned> Probe<T> {
    /// Both its JSON schema and what its `Deserialize` asks for.
    pub fn described(&self) -> Option<Probed> {
        Some(Probed {
            json_schema: Some(json_schema::<T>),
            follow: |path| follow(path, |tracer| T::deserialize(tracer)),
        })
    }
}

#[cfg(feature = "schema")]
fn json_schema<T: JsonSchema>() -> JsonSchemas {
    let mut generator = SchemaSettings::draft2020_12().for_deserialize().into_generator();
    let root = generator.subschema_for::<T>();
    (root.to_value(), generator.take_definitions(true))
}

/// What every type answers that can be read.
pub trait WithoutJsonSchema {
    /// With the feature `schema` what its `Deserialize` asks for, else nothing.
    fn described(&self) -> Option<Probed>;
}

impl<T: DeserializeOwned> WithoutJsonSchema for Probe<T> {
    #[cfg(feature = "schema")]
    fn described(&self) -> Option<Probed> {
        Some(Probed::read_by(|path| follow(path, |tracer| T::deserialize(tracer))))
    }

    #[cfg(not(feature = "schema"))]
    fn described(&self) -> Option<Probed> {
        None
    }
}

/// What every other type answers.
pub trait NotRead {
    /// Nothing.
    fn described(&self) -> Option<Probed> {
        None
    }
}

impl<T: ?Sized> NotRead for &Probe<T> {}
