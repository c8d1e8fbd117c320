//! For authors of storage crates: everything that an implementation of [`EventStore`] names. The guide
//! [writes a store](crate::guide::write_your_own_store).
//!
//! ```
//! use es::store::{AppendError, AppendRequest, Verdict, limits};
//!
//! fn check(request: &AppendRequest) -> Result<(), AppendError> {
//!     limits::check(request)
//! }
//! ```

pub use es_core::{
    AppendInHandler, Capabilities, Claim, Claimed, HandlerGuard, Known, KnownEvent, KnownKey, ReadModelError,
    ReadModelId, ReadModelRequest, ReadModelStateError, ReadModelStatus, ReadModelStep, ReadModels, SnapshotError,
    Snapshots, StepPlan, StoredAt, StoredRow, StoredSnapshot, TargetWork, Verdict, Visitor, WorkError,
    WorkInTransaction, limits, sql, stable_hash,
};

#[doc(no_inline)]
pub use crate::{
    Append, AppendError, AppendRequest, Appended, AsOf, Checkpoint, Conflict, DecodeError, Direction, EncodeError,
    EventName, EventStore, Expected, Filter, IdempotencyKey, KeysTaken, LimitError, NewEvent, Page, Position,
    ReadError, ReadModelFailure, ReadModelState, SchemaVersion, StoreError, StoreErrorKind, StoredEvent, StreamId,
    TakenKey, Timestamp, UnknownOutcome, Version, Violation,
};
