//! The snapshot: folded state at a version, a shortcut and never the truth.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;

use crate::{
    event::Timestamp,
    store::{AsOf, Position, SnapshotError, StoredEvent, StreamId, Version},
};

/// Keeps snapshots, several for each stream and schema. A store gives it in
/// [`Capabilities::snapshots`](crate::Capabilities::snapshots).
///
/// Snapshots never change the result of a load: a caller that finds none, or one that it cannot decode, folds the stream from
/// its first event. The store may lose them.
///
/// ```
/// # use es_core::{AsOf, EventStore, SnapshotError, StoredEvent, StoredSnapshot, Timestamp};
/// # async fn example(
/// #     store: &dyn EventStore,
/// #     last: StoredEvent,
/// #     state: Vec<u8>,
/// #     yesterday: Timestamp,
/// # ) -> Result<(), SnapshotError> {
/// if let Some(snapshots) = store.snapshots() {
///     // `state` was folded from the stream up to and including the event `last`.
///     snapshots.store(StoredSnapshot::after(&last, "account 1", state)).await?;
///     let then = snapshots.nearest(&last.stream, "account 1", AsOf::Time(yesterday)).await?;
///     println!("fold on from version {:?}", then.map(|then| then.version));
/// }
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait Snapshots: Send + Sync {
    /// Finds the newest snapshot of `stream` with this `schema` whose last folded event is at or before `at`.
    ///
    /// Never gives a snapshot whose last folded event is not in the log, such as after a restore.
    ///
    /// # Errors
    /// [`SnapshotError::Limit`] as by [`limits::check_snapshot_schema`](crate::limits::check_snapshot_schema);
    /// [`SnapshotError::Store`].
    async fn nearest(&self, stream: &StreamId, schema: &str, at: AsOf)
    -> Result<Option<StoredSnapshot>, SnapshotError>;

    /// Stores `snapshot` beside all others. If there is one of the same stream, schema and version already, that one stays and
    /// the call succeeds, so storing a snapshot again is safe. Programs whose states have different shapes use different
    /// schemas, and so never read each other's snapshots.
    ///
    /// # Errors
    /// [`SnapshotError::NoSuchEvent`] when the stream has no event with that version, position and time, which includes version
    /// 0; [`SnapshotError::Limit`] as for [`nearest`](Self::nearest); [`SnapshotError::Store`].
    async fn store(&self, snapshot: StoredSnapshot) -> Result<(), SnapshotError>;
}

/// Encoded folded state at a version: a shortcut, never the truth. [`Snapshots`] keeps it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredSnapshot {
    /// The stream it was folded from.
    pub stream: StreamId,
    /// The version of the last event folded into it.
    pub version: Version,
    /// The position of that event.
    pub position: Position,
    /// When that event was recorded.
    pub recorded_at: Timestamp,
    /// The shape of the state, named by the program that wrote it; a program ignores snapshots of another schema.
    pub schema: String,
    /// The encoded state.
    pub payload: Bytes,
}

impl StoredSnapshot {
    /// A snapshot as a store holds it: the state folded from `stream` up to and with its event at `version`, which is at
    /// `position` and was recorded at `recorded_at`. With the event at hand, [`after`](Self::after) is shorter.
    ///
    /// ```
    /// # use es_core::{Position, StoredSnapshot, StreamId, Timestamp, Version};
    /// let (stream, now) = (StreamId::new("account", "1")?, Timestamp::now());
    /// let state = r#"{"balance":5}"#;
    /// let snapshot = StoredSnapshot::new(stream, Version::new(7), Position::new(70), now, "account 1", state);
    /// assert_eq!((snapshot.version.get(), &snapshot.payload[..]), (7, state.as_bytes()));
    /// # Ok::<(), es_core::LimitError>(())
    /// ```
    pub fn new(
        stream: StreamId,
        version: Version,
        position: Position,
        recorded_at: Timestamp,
        schema: impl Into<String>,
        payload: impl Into<Bytes>,
    ) -> Self {
        Self { stream, version, position, recorded_at, schema: schema.into(), payload: payload.into() }
    }

    /// Creates the snapshot of the state folded from a stream up to and including its event `last`.
    ///
    /// ```
    /// # use es_core::{StoredEvent, StoredSnapshot};
    /// # fn example(last: &StoredEvent) {
    /// let snapshot = StoredSnapshot::after(last, "account 1", r#"{"balance":5}"#);
    /// assert_eq!((&snapshot.stream, snapshot.version), (&last.stream, last.version));
    /// # }
    /// ```
    pub fn after(last: &StoredEvent, schema: impl Into<String>, payload: impl Into<Bytes>) -> Self {
        let StoredEvent { stream, version, position, recorded_at, .. } = last;
        Self::new(stream.clone(), *version, *position, *recorded_at, schema, payload)
    }

    /// The error for this snapshot when its last folded event is not in the log.
    ///
    /// ```
    /// # use es_core::{SnapshotError, StoredSnapshot};
    /// # fn example(snapshot: &StoredSnapshot, is_in_the_log: bool) -> Result<(), SnapshotError> {
    /// if is_in_the_log { Ok(()) } else { Err(snapshot.no_such_event()) }
    /// # }
    /// ```
    pub fn no_such_event(&self) -> SnapshotError {
        let Self { stream, version, position, recorded_at, .. } = self;
        let (version, position, recorded_at) = (*version, *position, *recorded_at);
        SnapshotError::NoSuchEvent { stream: stream.clone(), version, position, recorded_at }
    }
}

/// Shows no payload, since it holds people's data.
impl fmt::Debug for StoredSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stream, version, position, recorded_at, schema, payload } = self;
        f.debug_struct("StoredSnapshot")
            .field("stream", stream)
            .field("version", version)
            .field("position", position)
            .field("recorded_at", recorded_at)
            .field("schema", schema)
            .field("payload_bytes", &payload.len())
            .finish()
    }
}
