//! What can go wrong: one error for each operation, one variant for each reaction a caller can have.

use uuid::Uuid;

use crate::{
    event::{DecodeError, EncodeError, EventName, LimitError, SchemaVersion, Timestamp},
    store::{AppendRequest, Checkpoint, Conflict, KeysTaken, Position, StoreError, StoreErrorKind, StreamId, Version},
};

/// Why nothing was appended, or why that is not known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// A stream is not at the expected version: load again and decide again. Nothing was appended.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// An idempotency key was taken before: what was asked for is done, and its first outcome is the answer, if it was the
    /// same command. It comes before a conflict. Nothing was appended.
    #[error(transparent)]
    KeyTaken(#[from] KeysTaken),
    /// This store holds no idempotency keys; send the append without them, or to a store that does. Nothing was appended.
    #[error("this store holds no idempotency keys; append without them, or to a store that holds them")]
    KeysUnsupported,
    /// An event cannot be stored. Nothing was appended.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The append is over a limit. Nothing was appended.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// Two appends of one call name the same stream; put their events into one. Nothing was appended.
    #[error("stream `{stream}` is named twice in one append; put its events into one")]
    DuplicateStream {
        /// The stream.
        stream: StreamId,
    },
    /// The streams of one append are in different partitions of the store, which cannot append to them all or nothing; append
    /// to each on its own. Nothing was appended.
    #[error("streams `{stream}` and `{other}` are in different partitions of the store; append to each on its own")]
    SpansPartitions {
        /// A stream.
        stream: StreamId,
        /// A stream of another partition.
        other: StreamId,
    },
    /// Two events of one call have the same id. Nothing was appended.
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
    /// The store could not be reached or refused to work. Nothing was appended.
    #[error("the store could not append; nothing was appended")]
    Store(#[source] StoreError),
    /// The store's answer was lost. Sending the same append again is always safe, and answers what became of it.
    #[error("the store's answer was lost; send the same append again to learn what became of it")]
    Unknown(#[source] Box<UnknownOutcome>),
}

impl AppendError {
    /// Whether the same append may be accepted later: nothing was appended now, and the store's error is a
    /// [transient](StoreError::is_transient) one. A [`Conflict`](Self::Conflict) or a [taken key](Self::KeyTaken) is none, as
    /// it will not go away; [`Unknown`](Self::Unknown) is none, as something may have been appended: settle it, and do not decide again.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_transient())
    }

    /// Whether the answer to a second sending also says what became of the first, whose answer was lost. A conflict and a taken
    /// key come from what is stored, and a store looks for the request's own events before. Any other error says that nothing
    /// was appended this time, which is no proof for the first: the limits of the store may have changed in between, or the
    /// second one may have reached another release of it.
    pub(crate) fn settles(&self) -> bool {
        matches!(self, Self::Conflict(_) | Self::KeyTaken(_))
    }

    /// Whether the store was too busy: nothing was appended, and it is safe to decide again.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self, Self::Store(error) if error.kind() == StoreErrorKind::Busy)
    }
}

/// An append whose outcome could not be learnt: give it to [`EventStore::resolve`](crate::EventStore::resolve).
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
    /// `request` was sent, and `source` came instead of an answer.
    pub fn new(request: impl Into<AppendRequest>, source: impl Into<StoreError>) -> Self {
        Self { request: request.into(), source: source.into() }
    }

    /// What was sent, to look at it.
    pub fn request(&self) -> &AppendRequest {
        &self.request
    }

    /// What was sent, to send it again: the same events with the same ids, and the same keys.
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
        /// What does not fit; never holds any of the payload.
        source: DecodeError,
    },
    /// What is stored is not what any store writes: somebody else changed it.
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
    /// Events are missing from a stream: somebody else removed them.
    #[error("stream `{stream}` has a hole: version {found} follows version {after}")]
    Hole {
        /// The stream.
        stream: StreamId,
        /// The last version before the hole.
        after: Version,
        /// The first version behind it.
        found: Version,
    },
    /// The filter asks for what no event can have; see [`limits::check_filter`](crate::limits::check_filter). Nothing
    /// was read.
    #[error("the filter asks for what no event can have")]
    Filter(#[from] LimitError),
    /// The checkpoint is of an incarnation of the log that a restore or a failover ended: events that were handled may be
    /// lost, and their positions given to others. Rebuild what was made of them, or go on after `common`.
    #[error("the log was restored or has moved: checkpoint `{checkpoint}` is not of this log{}", in_common(*common))]
    Restored {
        /// The checkpoint.
        checkpoint: Checkpoint,
        /// Up to here both incarnations hold the same events; `None` when the incarnation is not known here.
        common: Option<Position>,
    },
    /// The store has several partitions, each with an order of its own, and none over all of them: read each of
    /// [`EventStore::partitions`](crate::EventStore::partitions). Nothing was read.
    #[error("the store has {partitions} partitions and no order over all of them; read each of `store.partitions()`")]
    Partitioned {
        /// How many.
        partitions: usize,
    },
    /// The store could not be reached or refused to work; try again.
    #[error("the store could not read")]
    Store(#[source] StoreError),
}

impl ReadError {
    /// Whether the same read may succeed later: the store's error is a [transient](StoreError::is_transient) one.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_transient())
    }

    /// Whether the store was too busy.
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

/// Why a snapshot was not found or stored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The schema's name is over a limit.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// The event that the snapshot says it was folded up to is not in the log: its stream is not that long, or another event
    /// stands there, as after a restore. Nothing was stored; load again and fold anew.
    #[error(
        "stream `{stream}` has no event {version} at position {position} recorded at {recorded_at}; fold the snapshot from what is stored"
    )]
    NoSuchEvent {
        /// The stream.
        stream: StreamId,
        /// The version of the last event folded into the snapshot; 0 when there was none.
        version: Version,
        /// The position that the snapshot has for it.
        position: Position,
        /// The time that the snapshot has for it.
        recorded_at: Timestamp,
    },
    /// The store could not be reached or refused to work. A snapshot may have been stored or not; storing it again is safe.
    #[error("the store could not handle the snapshot")]
    Store(#[source] StoreError),
}

impl SnapshotError {
    /// Whether the same call may succeed later: the store's error is a [transient](StoreError::is_transient) one.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_transient())
    }
}
