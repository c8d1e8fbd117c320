//! The room of the aggregate: state folded from the events of one stream, and the decisions made on it. Nothing here knows
//! that events are stored.
//!
//! It imports `event`.

#[expect(clippy::module_inception, reason = "the first file of a room has its name")]
mod aggregate;
mod aggregates;
pub(crate) mod into_events;
pub mod schema;

pub use aggregate::{Aggregate, Apply, Command, Handle, Retired};
pub use into_events::{Events, IntoEvents};
