//! The errors of a store: one type for each operation, one variant for each way a caller can react.

use uuid::Uuid;

use crate::{
    event::{DecodeError, EncodeError, EventName, LimitError, SchemaVersion, Timestamp},
    store::{
        AppendRequest, Checkpoint, Conflict, KeysTaken, Position, ReadModelId, StoreError, StoreErrorKind, StreamId,
        Version,
    },
};

/// Why nothing was appended, or why that is not known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// A stream is not at the expected version: load and decide again. Nothing was appended.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// An idempotency key was taken before. If by the same command, that command is done, and the first outcome is its
    /// answer. Checked before conflicts. Nothing was appended.
    #[error(transparent)]
    KeyTaken(#[from] KeysTaken),
    /// This store does not support idempotency keys. Nothing was appended.
    #[error("this store holds no idempotency keys; append without them, or to a store that holds them")]
    KeysUnsupported,
    /// An event cannot be stored. Nothing was appended.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The append is over a limit. Nothing was appended.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// Two appends of one request name the same stream. Nothing was appended.
    #[error("stream `{stream}` is named twice in one append; put its events into one")]
    DuplicateStream {
        /// The stream.
        stream: StreamId,
    },
    /// The streams of one request are in different partitions of the store, which cannot append to both all or nothing.
    /// Nothing was appended.
    #[error("streams `{stream}` and `{other}` are in different partitions of the store; append to each on its own")]
    SpansPartitions {
        /// A stream.
        stream: StreamId,
        /// A stream of another partition.
        other: StreamId,
    },
    /// Two events of one request have the same id. Nothing was appended.
    #[error("event id `{id}` is there twice in one append; give each event an id of its own")]
    DuplicateEventId {
        /// The id.
        id: Uuid,
    },
    /// One request has the same idempotency key twice. Nothing was appended.
    #[error("idempotency key `{key}` is there twice in one append; give it once")]
    DuplicateKey {
        /// The key.
        key: String,
    },
    /// The store was unreachable or failed. Nothing was appended.
    #[error("the store could not append; nothing was appended")]
    Store(#[source] StoreError),
    /// The store's answer was lost. Sending the same request again is always safe, and its answer tells the outcome.
    #[error("the store's answer was lost; send the same append again to learn what became of it")]
    Unknown(#[source] Box<UnknownOutcome>),
}

impl AppendError {
    /// Whether the same append may succeed later: nothing was appended, and the store's error is
    /// [transient](StoreError::is_transient). A [`Conflict`](Self::Conflict) and a [taken key](Self::KeyTaken) are not
    /// transient, since they remain. [`Unknown`](Self::Unknown) is not, since the events may have been appended: settle it
    /// instead of deciding again.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_transient())
    }

    /// This answer to `request`, which was sent again because its first answer was lost, told as the outcome of both.
    ///
    /// A conflict and a taken key come from what is stored, and a store looks for the request's own events before it decides:
    /// they settle the first request, too, for expectations that cannot come true later, as those of a repository. Any other
    /// error says that this attempt appended nothing, and nothing about the first one: limits may have changed in between, or
    /// another release of the store may have answered.
    pub(crate) fn of_repeat(self, request: AppendRequest) -> Self {
        match self {
            Self::Conflict(_) | Self::KeyTaken(_) | Self::Unknown(_) => self,
            Self::Store(source) => UnknownOutcome::new(request, source).into(),
            refusal => UnknownOutcome::new(request, StoreError::new(StoreErrorKind::Other, refusal)).into(),
        }
    }

    /// Whether the store was busy: nothing was appended, and it is safe to decide again.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self, Self::Store(error) if error.kind() == StoreErrorKind::Busy)
    }
}

/// A request whose answer was lost: give it to [`EventStore::resolve`](crate::EventStore::resolve).
///
/// ```
/// # use es_core::*;
/// # async fn example(store: &dyn EventStore, request: AppendRequest) -> Result<(), AppendError> {
/// let appended = match store.append(request).await {
///     Err(AppendError::Unknown(outcome)) => store.resolve(*outcome).await?,
///     answer => answer?,
/// };
/// # Ok(())
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[error("no answer for an append to {} stream(s)", request.appends().len())]
pub struct UnknownOutcome {
    request: AppendRequest,
    #[source]
    source: StoreError,
}

impl UnknownOutcome {
    /// The request `request` was sent and failed with `source` before its answer arrived.
    pub fn new(request: impl Into<AppendRequest>, source: impl Into<StoreError>) -> Self {
        Self { request: request.into(), source: source.into() }
    }

    /// The request that was sent.
    pub fn request(&self) -> &AppendRequest {
        &self.request
    }

    /// The request, to be sent again: the same events with the same ids, and the same keys.
    pub fn into_request(self) -> AppendRequest {
        self.request
    }
}

impl From<UnknownOutcome> for AppendError {
    fn from(outcome: UnknownOutcome) -> Self {
        Self::Unknown(Box::new(outcome))
    }
}

/// Why the log could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// A stored event does not decode.
    #[error(
        "event {version} of stream `{stream}` (position {position}, `{name}` schema version {schema_version}) does not decode"
    )]
    Decode {
        /// Its stream.
        stream: StreamId,
        /// Its place in the stream.
        version: Version,
        /// Its place in the store.
        position: Position,
        /// The name it is stored under.
        name: EventName,
        /// The schema version it is stored with.
        schema_version: SchemaVersion,
        /// Why it does not decode; never holds any of the payload.
        source: DecodeError,
    },
    /// A stored event is damaged: something other than the store changed it.
    #[error("event {version} of stream `{stream}` (position {position}) is damaged: {what}")]
    Damaged {
        /// Its stream.
        stream: StreamId,
        /// Its place in the stream.
        version: Version,
        /// Its place in the store.
        position: Position,
        /// What is wrong with it.
        what: &'static str,
    },
    /// Events are missing from a stream: something other than the store removed them.
    #[error("stream `{stream}` has a hole: version {found} follows version {after}")]
    Hole {
        /// The stream.
        stream: StreamId,
        /// The last version before the hole.
        after: Version,
        /// The first version after the hole.
        found: Version,
    },
    /// The filter names something that no event can have; see [`limits::check_filter`](crate::limits::check_filter).
    /// Nothing was read.
    #[error("no event can match the filter")]
    Filter(#[from] LimitError),
    /// The checkpoint belongs to an incarnation of the log that a restore or a failover ended. Events that the reader
    /// handled may be lost, and their positions reused. Rebuild what the reader made of them, or continue after `common`.
    #[error("the log was restored or has moved: checkpoint `{checkpoint}` is not of this log{}", in_common(*common))]
    Restored {
        /// The checkpoint.
        checkpoint: Checkpoint,
        /// The last position up to which both incarnations hold the same events; `None` when the store does not know the
        /// checkpoint's incarnation.
        common: Option<Position>,
    },
    /// The store has several partitions and no order over all of them: read each of
    /// [`EventStore::partitions`](crate::EventStore::partitions). Nothing was read.
    #[error("the store has {partitions} partitions and no order over all of them; read each of `store.partitions()`")]
    Partitioned {
        /// How many partitions the store has.
        partitions: usize,
    },
    /// The store was unreachable or failed.
    #[error("the store could not read")]
    Store(#[source] StoreError),
}

impl ReadError {
    /// Whether the same read may succeed later: the store's error is [transient](StoreError::is_transient).
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_transient())
    }

    /// Whether the store was busy.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self, Self::Store(error) if error.kind() == StoreErrorKind::Busy)
    }
}

fn in_common(common: Option<Position>) -> String {
    match common {
        Some(common) => format!(" above position {common}; rebuild what was made of it"),
        None => ", whose incarnation is not known here; rebuild what was made of it".to_owned(),
    }
}

/// Why a snapshot could not be found or stored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The schema's name is over a limit.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// The log does not hold the last event that was folded into the snapshot: the stream is shorter, or has another event
    /// at that version, as after a restore. Nothing was stored; load and fold again.
    #[error(
        "stream `{stream}` has no event {version} at position {position} recorded at {recorded_at}; fold the snapshot from what is stored"
    )]
    NoSuchEvent {
        /// The stream.
        stream: StreamId,
        /// The version of the last event folded into the snapshot; 0 when there was none.
        version: Version,
        /// Its position, by the snapshot.
        position: Position,
        /// The time it was recorded, by the snapshot.
        recorded_at: Timestamp,
    },
    /// The store was unreachable or failed. The snapshot may or may not have been stored; storing it again is safe.
    #[error("the store could not handle the snapshot")]
    Store(#[source] StoreError),
}

impl SnapshotError {
    /// Whether the same call may succeed later: the store's error is [transient](StoreError::is_transient).
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_transient())
    }
}

/// Why a store did not do what it was asked for a read model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadModelError {
    /// A name, a key or a row is over a limit. Nothing was written.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// Somebody claimed the read model, moved it on, or asked something of it since the claim. Nothing was written; claim it
    /// again, and continue from where it stands.
    #[error("read model `{model}` was claimed, moved on or asked for something by somebody else; claim it again")]
    Fenced {
        /// The read model.
        model: ReadModelId,
    },
    /// A step has two rows with one key. Nothing was written.
    #[error(
        "a step of read model `{model}` has two rows with one key, the second at index {index}; give each row once"
    )]
    DuplicateKey {
        /// The read model.
        model: ReadModelId,
        /// The index of the second one among the rows of the step, from 0. The key may hold personal data.
        index: usize,
    },
    /// A step would move the read model back. Nothing was written.
    #[error("a step cannot move read model `{model}` back from position {from} to {to}")]
    Backwards {
        /// The read model.
        model: ReadModelId,
        /// Where it stands.
        from: Position,
        /// Where the step would move it.
        to: Position,
    },
    /// No program has claimed the read model in this version yet. Nothing was written.
    #[error("there is no read model `{model}` in this store; follow it first")]
    Unknown {
        /// The read model.
        model: ReadModelId,
    },
    /// The store was unreachable or failed.
    #[error("the store could not handle the read model")]
    Store(#[source] StoreError),
}

impl ReadModelError {
    /// Whether the same call may succeed later: the store's error is [transient](StoreError::is_transient).
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_transient())
    }
}
