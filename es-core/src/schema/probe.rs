//! Asks a field's type for a description deeper than its name, without asking that it has one.

use std::marker::PhantomData;

#[cfg(feature = "schema")]
use schemars::{JsonSchema, generate::SchemaSettings};
use serde::de::DeserializeOwned;

#[cfg(feature = "schema")]
pub use super::lock::trace::{Halt, Tracer};
#[cfg(feature = "schema")]
use super::lock::{explore, trace};

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
    /// The JSON schema of the type, as `root`, and of each named type in it, in `types`: what is accepted when it is
    /// read. And the outline of what its `Deserialize` asks for.
    pub fn described(&self) -> Option<String> {
        let mut generator = SchemaSettings::draft2020_12().for_deserialize().into_generator();
        let root = generator.subschema_for::<T>();
        let types = generator.take_definitions(true);
        let outline = explore::outline(&|path| trace::follow(path, |tracer| T::deserialize(tracer)));
        let json_schema = serde_json::json!({ "root": root, "types": types });
        Some(serde_json::json!({ "json_schema": json_schema, "outline": outline }).to_string())
    }
}

/// What every type answers that can be read.
pub trait WithoutJsonSchema {
    /// With the feature `schema` the outline of what its `Deserialize` asks for, else nothing.
    fn described(&self) -> Option<String>;
}

impl<T: DeserializeOwned> WithoutJsonSchema for Probe<T> {
    #[cfg(feature = "schema")]
    fn described(&self) -> Option<String> {
        read_by(|tracer| T::deserialize(tracer))
    }

    #[cfg(not(feature = "schema"))]
    fn described(&self) -> Option<String> {
        None
    }
}

/// What every other type answers.
pub trait NotRead {
    /// Nothing.
    fn described(&self) -> Option<String> {
        None
    }
}

impl<T: ?Sized> NotRead for &Probe<T> {}

/// The outline of what `read` asks for: the function of a `serde(with = "…")`.
#[cfg(feature = "schema")]
pub fn read_by<T>(read: impl Fn(Tracer<'_>) -> Result<T, Halt>) -> Option<String> {
    let outline = explore::outline(&|path| trace::follow(path, &read));
    Some(serde_json::json!({ "outline": outline }).to_string())
}
