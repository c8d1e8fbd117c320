//! A method of a projection, and the form that its receiver gives the projection.

use syn::{Attribute, Expr, Ident, Type};

/// The form of a projection.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Form {
    /// `&self` and a `&mut` target.
    Table,
    /// `&mut self`, one state for each key.
    Rows,
    /// `&mut self`, one state.
    View,
}

/// A method that takes an event.
pub(crate) struct Method<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) event: EventArgument<'a>,
    /// The last segment of the event's path, which is its variant.
    pub(crate) variant: &'a Ident,
    /// The type behind `&mut` of a target.
    pub(crate) target: Option<&'a Type>,
    /// The type that it returns.
    pub(crate) output: Option<&'a Type>,
    /// The function in `#[key(…)]`.
    pub(crate) key: Option<Expr>,
    pub(crate) is_async: bool,
    /// Its `#[cfg]`s.
    pub(crate) cfgs: Vec<&'a Attribute>,
}

/// How a method takes its event.
#[derive(Clone, Copy)]
pub(crate) struct EventArgument<'a> {
    /// The type of the event.
    pub(crate) ty: &'a Type,
    /// Whether there is a `&` before everything else.
    pub(crate) by_reference: bool,
    /// Whether it is in a `Recorded`.
    pub(crate) recorded: bool,
    /// Whether there is a `&` in the `Recorded`.
    pub(crate) borrowed: bool,
}

/// A method under `#[batch]`.
pub(crate) struct Batch<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) target: Option<&'a Type>,
    pub(crate) output: Option<&'a Type>,
    pub(crate) is_async: bool,
    /// Its `#[cfg]`s.
    pub(crate) cfgs: Vec<&'a Attribute>,
}

/// The method `set_up`.
pub(crate) struct SetUp<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) target: Option<&'a Type>,
    pub(crate) output: Option<&'a Type>,
    pub(crate) is_async: bool,
    /// Its `#[cfg]`s.
    pub(crate) cfgs: Vec<&'a Attribute>,
}
