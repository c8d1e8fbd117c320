//! The words and the promises of `es`: event, aggregate, stream, store, repository.
//!
//! Applications name the facade `es`; this crate is for those who write a storage crate.

#[allow(unused_extern_crates, reason = "code generated in our own tests, doctests and examples names `::es_core`")]
extern crate self as es_core;

pub mod aggregate;
pub mod decode;
pub mod encode;
pub mod event;
pub mod event_set;
pub mod into_events;
pub mod schema;

#[doc(hidden)]
pub mod __private;

pub use aggregate::{Aggregate, Apply, Handle, Retired};
pub use decode::DecodeError;
pub use encode::EncodeError;
pub use event::Event;
pub use event_set::EventSet;
pub use into_events::{Events, IntoEvents};
pub use schema::SchemaVersion;

#[cfg(feature = "derive")]
pub use es_derive::{Aggregate, Event, EventSet, apply};
