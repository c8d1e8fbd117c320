//! The room of the store: what a storage crate implements, what it takes and gives, and its errors. Nothing here knows what
//! an aggregate is.
//!
//! It imports `event`.

mod append;
mod as_of;
mod capabilities;
mod checkpoint;
mod conflict;
mod error;
mod filter;
mod handling;
mod key;
pub mod limits;
pub(crate) mod new_event;
mod page;
mod read_model;
mod read_models;
mod reader;
mod reading;
mod recorded;
mod request;
mod serialize;
mod snapshot;
#[expect(clippy::module_inception, reason = "the first file of a room has its name")]
mod store;
mod store_error;
mod stream;
mod subscription;
mod taken;
mod verdict;

pub use append::{Append, Appended};
pub use as_of::AsOf;
pub use capabilities::Capabilities;
pub use checkpoint::{Checkpoint, CheckpointError};
pub use conflict::{Conflict, Violation};
pub use error::{AppendError, ReadError, ReadModelError, SnapshotError, UnknownOutcome};
pub use filter::Filter;
pub use handling::{AppendInHandler, HandlerGuard};
pub use key::IdempotencyKey;
pub use new_event::NewEvent;
pub use page::Page;
pub use read_model::{
    Claim, ReadModelFailure, ReadModelId, ReadModelRequest, ReadModelState, ReadModelStateError, ReadModelStatus,
    ReadModelStep,
};
pub use read_models::{Claimed, ReadModels, StoredRow};
pub use reader::{Reader, StreamReader};
pub use reading::{ReadEvents, ReadStream};
pub(crate) use reading::{as_stored, decoded};
pub use recorded::{Recorded, StoredAt, StoredEvent};
pub use request::AppendRequest;
pub(crate) use serialize::raw;
pub use snapshot::{Snapshots, StoredSnapshot};
pub use store::{Direction, EventStore, Visitor};
pub use store_error::{StoreError, StoreErrorKind};
pub use stream::{Expected, NumberTooHigh, Position, StreamId, Version, stable_hash};
pub(crate) use subscription::yield_once;
pub use taken::{KeysTaken, TakenKey};
pub use verdict::{Known, KnownEvent, KnownKey, Verdict};
