//! Asks a field's type for a description deeper than its name, without asking that it has one.

use std::marker::PhantomData;

/// Stands for a type. An inherent `json_schema`, for types that describe themselves, goes before that of
/// [`WithoutJsonSchema`], for all others.
#[derive(Debug)]
pub struct Probe<T: ?Sized>(PhantomData<fn(&T)>);

impl<T: ?Sized> Probe<T> {
    /// The only one.
    pub const NEW: Self = Self(PhantomData);
}

/// What every type answers.
pub trait WithoutJsonSchema {
    /// Nothing: the type has no JSON schema.
    fn json_schema(&self) -> Option<String> {
        None
    }
}

impl<T: ?Sized> WithoutJsonSchema for Probe<T> {}
