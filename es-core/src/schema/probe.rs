//! Asks a field's type for a description deeper than its name, without asking that it has one.

use std::marker::PhantomData;

#[cfg(feature = "schema")]
use schemars::{JsonSchema, generate::SchemaSettings};

/// Stands for a type. An inherent `json_schema`, for types that describe themselves, goes before that of
/// [`WithoutJsonSchema`], for all others.
#[derive(Debug)]
pub struct Probe<T: ?Sized>(PhantomData<fn(&T)>);

impl<T: ?Sized> Probe<T> {
    /// The only one.
    pub const NEW: Self = Self(PhantomData);
}

#[cfg(feature = "schema")]
impl<T: ?Sized + JsonSchema> Probe<T> {
    /// The JSON schema of the type, as `root`, and of each named type in it, in `types`: what is accepted when it is
    /// read.
    pub fn json_schema(&self) -> Option<String> {
        let mut generator = SchemaSettings::draft2020_12().for_deserialize().into_generator();
        let root = generator.subschema_for::<T>();
        let types = generator.take_definitions(true);
        Some(serde_json::json!({ "root": root, "types": types }).to_string())
    }
}

/// What every type answers.
pub trait WithoutJsonSchema {
    /// Nothing: the type has no JSON schema.
    fn json_schema(&self) -> Option<String> {
        None
    }
}

impl<T: ?Sized> WithoutJsonSchema for Probe<T> {}
