//! The macros of `es`. Applications reach them through `es`, storage crates through `es-core`.
//!
//! # Layout
//! Each macro is a folder: `mod` tells the story, `parse` reads what the user wrote, `check` holds the rules that no
//! single part can know, `expand` writes the code. [`mistakes`], [`attribute`], [`listed`],
//! [`path`] and [`place`] are shared.

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

mod aggregate;
mod apply;
mod attribute;
mod event;
mod event_set;
mod listed;
mod mistakes;
mod path;
mod place;
#[cfg(test)]
mod spans;

/// Makes a struct an event: writes `impl Event` with its stored name, its schema version and the decoding of every
/// schema version it ever had.
///
/// ```
/// use es_core::Event;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Event, Clone, Serialize, Deserialize)]
/// #[event(name = "account.opened")]
/// struct Opened {
///     owner: String,
/// }
/// assert_eq!(Opened::NAME, "account.opened");
/// ```
///
/// # On the struct
/// - `name = "…"`: the name it is stored under, stable for ever. Required.
/// - `version = 2`: the schema version of today's struct; 1 when absent.
/// - `crate = path`: where `es` or `es-core` is found, when the macro cannot tell.
#[proc_macro_derive(Event, attributes(event))]
pub fn derive_event(input: TokenStream) -> TokenStream {
    event::derive(&parse_macro_input!(input as DeriveInput)).into()
}

/// Makes a struct or an enum an aggregate: writes the enum of its events, its `EventSet`, the conversions and the
/// dispatch to `Apply`.
#[proc_macro_derive(Aggregate, attributes(aggregate))]
pub fn derive_aggregate(input: TokenStream) -> TokenStream {
    aggregate::derive(&parse_macro_input!(input as DeriveInput)).into()
}

/// Makes an enum with one variant for each event a set of events: what a projection over several aggregates listens to.
#[proc_macro_derive(EventSet, attributes(event_set))]
pub fn derive_event_set(input: TokenStream) -> TokenStream {
    event_set::derive(&parse_macro_input!(input as DeriveInput)).into()
}

/// On an `impl` block with one method for each event: leaves the block as it is and adds the `Apply` impls that call
/// its methods.
#[proc_macro_attribute]
pub fn apply(arguments: TokenStream, block: TokenStream) -> TokenStream {
    apply::expand(arguments.into(), &block.into()).into()
}
