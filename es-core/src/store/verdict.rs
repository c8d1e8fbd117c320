//! Decides what a store does with an append: execute it, repeat its first answer, or refuse it.

use bytes::Bytes;
use uuid::Uuid;

use crate::store::{
    Append, AppendRequest, Conflict, IdempotencyKey, KeysTaken, StreamId, TakenKey, Version, Violation,
};

/// What [`Verdict::on`] asks a log. The answers to one verdict must belong to the same state of the log, the one to which
/// the append is then executed: a store answers under its lock or in its transaction.
pub trait Known {
    /// Gives the version of a stream; 0 when it does not exist.
    fn version(&self, stream: &StreamId) -> Version;

    /// Finds the event with this id; `None` when the log has none.
    fn event(&self, id: Uuid) -> Option<KnownEvent<'_>>;

    /// Finds the idempotency key `key`; `None` when it was never taken. Not called for a store that refuses requests with
    /// keys, such as by [`AppendRequest::into_appends`].
    fn key(&self, key: &str) -> Option<KnownKey<'_>>;
}

/// An event that the log holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "storage crates make it; a new field has to reach each of them")]
pub struct KnownEvent<'a> {
    /// The stream it belongs to.
    pub stream: &'a StreamId,
    /// Its place in the stream.
    pub version: Version,
    /// For the first of the events that one append added to the stream: how many events the append added to it. Not read
    /// for the others.
    pub together: usize,
}

/// An idempotency key that the log holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "storage crates make it; a new field has to reach each of them")]
pub struct KnownKey<'a> {
    /// The digest of the command that took it.
    pub digest: &'a [u8; 32],
    /// The outcome that was stored with it.
    pub outcome: &'a Bytes,
    /// The first event of the append that took the key; `None` when that append had none.
    pub event: Option<Uuid>,
}

/// What a store must do with an append.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new verdict has to reach each store")]
pub enum Verdict {
    /// Execute it.
    Append,
    /// Repeat the answer to the first time that this same append was sent, with `repeated: true`.
    Repeated,
    /// Refuse it: some of its keys were taken before. Answer with their first outcomes.
    KeyTaken(KeysTaken),
    /// Refuse it: a stream is not as expected, or event ids are taken.
    Conflict(Conflict),
}

impl Verdict {
    /// Decides on `request`, which must have passed [`limits::check`](crate::limits::check). For stores that decide in Rust;
    /// a store that decides in SQL must decide the same (es-postgres: `migrations/0006_append.sql`), and the contract tests
    /// it. The first verdict that applies:
    ///
    /// 1. [`Repeated`](Self::Repeated) when this same request was appended before: in each stream its events were added by
    ///    one append, at the same versions, and its keys came with them, with the same digests and outcomes. So a caller
    ///    whose answer was lost learns the first answer, whatever was appended since.
    /// 2. [`KeyTaken`](Self::KeyTaken) when a key was taken before. This comes before a conflict: a caller that decides
    ///    again after a lost answer decides on a state that contains the first attempt, and with new event ids. Two
    ///    requests without events and with the same key cannot be distinguished: one that is sent again is answered with
    ///    its own outcome and the same digest.
    /// 3. [`Conflict`](Self::Conflict) when a stream is not as expected or event ids are taken. Also when the same events
    ///    were appended before without one of the keys, since a repeated answer would leave that key untaken.
    /// 4. [`Append`](Self::Append). A request with assertions and keys only, or keys only, takes its keys.
    ///
    /// ```
    /// # use std::collections::HashMap;
    /// # use es_core::{Append, Expected, Known, KnownKey, KnownEvent, StreamId, Verdict, Version};
    /// # use uuid::Uuid;
    /// struct Versions(HashMap<StreamId, Version>);
    ///
    /// impl Known for Versions {
    ///     fn version(&self, stream: &StreamId) -> Version {
    ///         self.0.get(stream).copied().unwrap_or(Version::NONE)
    ///     }
    ///     fn event(&self, _: Uuid) -> Option<KnownEvent<'_>> {
    ///         None // No event id was seen before.
    ///     }
    ///     fn key(&self, _: &str) -> Option<KnownKey<'_>> {
    ///         None // This store refuses keys before it asks for a verdict.
    ///     }
    /// }
    ///
    /// let stream = StreamId::new("account", "4711")?;
    /// let log = Versions(HashMap::from([(stream.clone(), Version::new(3))]));
    /// let verdict = |expected| Verdict::on(&Append::assertion(stream.clone(), expected).into(), &log);
    /// assert_eq!(verdict(Expected::Exact(Version::new(3))), Verdict::Append);
    /// let Verdict::Conflict(conflict) = verdict(Expected::NoStream) else { panic!("it exists") };
    /// assert_eq!(conflict.actual(), Some(Version::new(3)));
    /// # Ok::<(), es_core::LimitError>(())
    /// ```
    pub fn on(request: &AppendRequest, log: &impl Known) -> Self {
        let appends = request.appends();
        let known = |append: &Append| append.events.iter().any(|event| log.event(event.id()).is_some());
        let any_known = appends.iter().any(known);
        if any_known
            && appends.iter().all(|append| append.events.is_empty() || repeats(append, log))
            && request.keys().iter().all(|key| came_with(key, request, log))
        {
            return Self::Repeated;
        }
        let taken = request.keys().iter().filter_map(|key| {
            let KnownKey { digest, outcome, .. } = log.key(key.key())?;
            Some(TakenKey::new(key, digest, outcome.clone()))
        });
        if let Some(taken) = KeysTaken::from_all(taken) {
            return Self::KeyTaken(taken);
        }
        let violations = appends.iter().filter_map(|append| {
            let (actual, ids_taken) = (log.version(&append.stream), any_known && known(append));
            (ids_taken || !append.expected.holds(actual))
                .then(|| Violation::of_stream(append.stream.clone(), append.expected, actual).with_ids_taken(ids_taken))
        });
        Conflict::from_all(violations).map_or(Self::Append, Self::Conflict)
    }
}

/// Whether `key` was taken, with the same digest and outcome, by the append that added the events of `request`.
fn came_with(key: &IdempotencyKey, request: &AppendRequest, log: &impl Known) -> bool {
    log.key(key.key()).is_some_and(|known| {
        known.digest == key.digest()
            && known.outcome == key.outcome()
            && request.events().any(|event| Some(event.id()) == known.event)
    })
}

/// Whether one earlier append added exactly these events, at the versions at which this one would add them.
fn repeats(append: &Append, log: &impl Known) -> bool {
    let first = append.events.first().and_then(|first| log.event(first.id()));
    let Some(start) = first.filter(|first| first.together == append.events.len()).map(|first| first.version) else {
        return false;
    };
    append.expected.version().is_none_or(|expected| expected.plus(1) == start)
        && (start.get()..).map(Version::new).zip(&append.events).all(|(version, event)| {
            let is_there = |known: KnownEvent<'_>| *known.stream == append.stream && known.version == version;
            log.event(event.id()).is_some_and(is_there)
        })
}
