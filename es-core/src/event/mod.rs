//! The room of the event: its name, every shape it ever had, and its encoding and decoding. It also has the strings, times
//! and limits that every room uses.
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
