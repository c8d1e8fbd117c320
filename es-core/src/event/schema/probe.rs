//! Probes a field's type for a description beyond its name, without a bound that requires one.

use std::{fmt, marker::PhantomData};

#[cfg(feature = "schema")]
use schemars::{JsonSchema, generate::SchemaSettings};
use serde::de::DeserializeOwned;
#[cfg(feature = "schema")]
use serde_json::{Map, Value};

#[cfg(feature = "schema")]
use super::trace::{Step, Try, follow};

/// The description of a type beyond its name, for the schema lock. Without the feature `schema` no type has one.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Probed {
    /// The JSON schema of what it deserializes and, by name, those of the types in it.
    #[cfg(feature = "schema")]
    #[doc(hidden)]
    pub json_schema: Option<fn() -> JsonSchemas>,
    /// What its `Deserialize` asks for at the end of a path.
    #[cfg(feature = "schema")]
    #[doc(hidden)]
    pub follow: fn(&[Step]) -> Try,
}

/// The JSON schema of a type and, by name, those of the types in it.
#[cfg(feature = "schema")]
type JsonSchemas = (Value, Map<String, Value>);

impl Probed {
    /// Describes a field by `follow`, the function of a `serde(with = "…")`.
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

/// Probes a type. The inherent `described`, for types with a JSON schema, takes precedence over that of
/// [`WithoutJsonSchema`], for types that can be deserialized, and that over the one of [`NotRead`], for all others.
#[derive(Debug)]
pub struct Probe<T: ?Sized>(PhantomData<fn(&T)>);

impl<T: ?Sized> Probe<T> {
    /// The only value.
    pub const NEW: Self = Self(PhantomData);
}

#[cfg(feature = "schema")]
impl<T: JsonSchema + DeserializeOwned> Probe<T> {
    /// Describes it by its JSON schema and by what its `Deserialize` asks for.
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

/// The fallback for types that can be deserialized.
pub trait WithoutJsonSchema {
    /// Describes it by what its `Deserialize` asks for; without the feature `schema`, not at all.
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

/// The fallback for every other type.
pub trait NotRead {
    /// `None`.
    fn described(&self) -> Option<Probed> {
        None
    }
}

impl<T: ?Sized> NotRead for &Probe<T> {}
