//! The words and the promises of `es`: event, aggregate, stream, store, repository.
//!
//! Applications name the facade `es`; this crate is for those who write a storage crate.

#[allow(unused_extern_crates, reason = "code generated in our own tests, doctests and examples names `::es_core`")]
extern crate self as es_core;

mod aggregate;
mod append;
mod batch;
mod checkpoint;
mod decode;
mod encode;
mod error;
mod event;
mod event_name;
mod event_set;
mod execute;
mod filter;
mod into_events;
pub mod limits;
mod may;
mod metadata;
mod new_event;
mod page;
mod recorded;
mod repository;
mod root;
pub mod schema;
mod settle;
mod snapshot;
mod store;
mod store_error;
mod store_ext;
mod store_repository;
mod stream;
mod subscription;
mod text;
mod timestamp;
mod verdict;

#[doc(hidden)]
pub mod __private;

pub use aggregate::{Aggregate, Apply, Command, Handle, Retired};
pub use append::{Append, Appended};
pub use batch::Batch;
pub use checkpoint::{Checkpoint, CheckpointError};
pub use decode::{DecodeError, Misfit, Mismatch};
pub use encode::EncodeError;
pub use error::{AppendError, Conflict, ExecuteError, LoadError, ReadError, SnapshotError, UnknownOutcome, Violation};
pub use event::{Event, decode_single};
pub use event_name::EventName;
pub use event_set::{AggregateEvent, EventSet};
pub use execute::{Commands, Executed, Outcome, RETRIES, RepositoryExt};
pub use filter::Filter;
pub use into_events::{Events, IntoEvents};
pub use limits::LimitError;
pub use may::May;
pub use metadata::Metadata;
pub use new_event::NewEvent;
pub use page::Page;
pub use recorded::{Recorded, StoredEvent};
pub use repository::{AsOf, Repository};
pub use root::Root;
pub use schema::SchemaVersion;
pub use settle::DEFAULT_SETTLE_WITHIN;
pub use snapshot::StoredSnapshot;
pub use store::{Direction, EventStore, Visitor};
pub use store_error::{StoreError, StoreErrorKind};
pub use store_ext::EventStoreExt;
pub use store_repository::StoreRepository;
pub use stream::{Expected, Position, StreamId, Version, stable_hash};
pub use timestamp::{Timestamp, TimestampError, TimestampRangeError};

#[cfg(feature = "derive")]
pub use es_derive::{Aggregate, Event, EventSet, apply};
pub use verdict::{Known, Place, Verdict};
