//! The room of the event: a fact with a name, the shapes it ever had, and its way to bytes and back. The texts, times and
//! limits that every room needs are here too.
//!
//! It imports no other room.

pub(crate) mod decode;
pub(crate) mod encode;
#[expect(clippy::module_inception, reason = "the first file of a room has its name")]
mod event;
mod event_name;
mod event_set;
pub(crate) mod limits;
mod may;
mod metadata;
pub(crate) mod schema;
pub(crate) mod shared_string;
mod timestamp;

pub use decode::{DecodeError, PayloadError, PayloadErrorKind};
pub use encode::EncodeError;
pub use event::{Event, decode_single};
pub use event_name::EventName;
pub use event_set::{AggregateEvent, EventSet};
pub use limits::LimitError;
pub use may::May;
pub use metadata::Metadata;
pub use schema::SchemaVersion;
pub use timestamp::{Timestamp, TimestampError, TimestampRangeError};
