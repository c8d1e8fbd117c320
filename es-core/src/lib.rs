//! The core of the event-sourcing framework `es`: event, aggregate, stream, store, projection, repository.
//!
//! It has five rooms, and each imports only rooms below it: `repository` all others, `projection` the rooms `event` and `store`,
//! `store` and `aggregate` each `event` alone.
//!
//! Applications use the facade `es`; this crate is for authors of storage crates.

#[allow(unused_extern_crates, reason = "code generated in our own tests, doctests and examples names `::es_core`")]
extern crate self as es_core;

mod aggregate;
mod event;
mod projection;
mod repository;
mod store;

#[doc(hidden)]
pub mod __private;

pub use aggregate::{Aggregate, Apply, Command, Events, Handle, IntoEvents, Retired, schema};
pub use event::{
    AggregateEvent, DecodeError, EncodeError, Event, EventName, EventSet, LimitError, May, Metadata, PayloadError,
    PayloadErrorKind, SchemaVersion, Timestamp, TimestampError, TimestampRangeError, decode_single,
};
pub use projection::{
    AllRows, Behind, EventBatch, Fault, FoldError, FollowError, Live, Projection, ProjectionError, ProjectionStatus,
    Projections, Row, RowKey, RowShape, Rows, RowsError, RunError, RunsOn, StepPlan, StoredRows, TargetWork,
    Transactions, Unsupported, View, ViewError, WaitError, WorkError, WorkInTransaction, form, sql,
};
pub use repository::{
    Batch, Commands, ConsistentCommands, ConsistentError, ConsistentFuture, DEFAULT_RETRIES, DEFAULT_SETTLE_TIMEOUT,
    DEFAULT_WITHIN, EventStoreExt, ExecuteError, ExecuteFuture, Executed, LoadError, ProjectedRepository, Repository,
    RepositoryExt, Root, StoreRepository, Unsettled,
};
pub use store::{
    Append, AppendError, AppendInHandler, AppendRequest, Appended, AsOf, Capabilities, Checkpoint, CheckpointError,
    Claim, Claimed, Conflict, Direction, EventStore, Expected, Filter, HandlerGuard, IdempotencyKey, KeysTaken, Known,
    KnownEvent, KnownKey, NewEvent, NumberTooHigh, Page, Position, ReadError, ReadEvents, ReadModelError,
    ReadModelFailure, ReadModelId, ReadModelRequest, ReadModelState, ReadModelStateError, ReadModelStatus,
    ReadModelStep, ReadModels, ReadStream, Reader, Recorded, SnapshotError, Snapshots, StoreError, StoreErrorKind,
    StoredAt, StoredEvent, StoredRow, StoredSnapshot, StreamId, StreamReader, TakenKey, UnknownOutcome, Verdict,
    Version, Violation, Visitor, limits, stable_hash,
};

#[cfg(feature = "derive")]
pub use es_derive::{Aggregate, Event, EventSet, apply, project};
