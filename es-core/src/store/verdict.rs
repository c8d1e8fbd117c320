//! The verdict on an append: new, a repeat, one whose key is taken, or in conflict.

use bytes::Bytes;
use uuid::Uuid;

use crate::store::{
    Append, AppendRequest, Conflict, IdempotencyKey, KeysTaken, StreamId, TakenKey, Version, Violation,
};

/// What a verdict asks of a log. All that is asked for one verdict must be of the same moment, at which the append is then
/// executed: a store asks under its lock, or in its transaction.
pub trait Known {
    /// The version of a stream; 0 when it does not exist.
    fn version(&self, stream: &StreamId) -> Version;

    /// Where the event with this id stands; `None` when the log has none.
    fn event(&self, id: Uuid) -> Option<KnownEvent<'_>>;

    /// What the idempotency key `key` came with; `None` when it was never taken. A store that refuses keys, with
    /// [`AppendRequest::into_appends`] or by itself, is never asked for one.
    fn key(&self, key: &str) -> Option<KnownKey<'_>>;
}

/// Where an event stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "storage crates make it; a new field has to reach each of them")]
pub struct KnownEvent<'a> {
    /// The stream it belongs to.
    pub stream: &'a StreamId,
    /// Its place in the stream.
    pub version: Version,
    /// On the first of the events that one append put into the stream, how many they were; it does not count on the others.
    pub together: usize,
}

/// What an idempotency key came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "storage crates make it; a new field has to reach each of them")]
pub struct KnownKey<'a> {
    /// The digest of its command.
    pub digest: &'a [u8; 32],
    /// The outcome.
    pub outcome: &'a Bytes,
    /// The first event of the append that took the key; `None` when that had none.
    pub event: Option<Uuid>,
}

/// What a store has to do with an append.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new verdict has to reach each store")]
pub enum Verdict {
    /// Execute it.
    Append,
    /// Answer what was answered to the very same append before, with `repeated: true`.
    Repeated,
    /// Refuse it whole: keys of it were taken before. Their first outcomes are the answer.
    KeyTaken(KeysTaken),
    /// Refuse it whole.
    Conflict(Conflict),
}

impl Verdict {
    /// The verdict on `request`, which [`limits::check`](crate::limits::check) has let pass. For stores that decide in Rust;
    /// where SQL decides, the contract holds it to the same. The first of these that holds:
    ///
    /// 1. [`Repeated`](Self::Repeated), when this very request was appended before: all its events came in one append to
    ///    each stream, at the same place, and all its keys came with them, with the same digests and outcomes. An append whose
    ///    answer was lost is so told from another attempt, whatever has happened since.
    /// 2. [`KeyTaken`](Self::KeyTaken), when a key was taken before. It comes before a conflict, as whoever decides again after
    ///    a lost answer decides on a state that holds the first attempt, under new event ids. Without events a request cannot
    ///    be told from another one with the same key: sent again, it is answered with its own outcome and the same digest.
    /// 3. [`Conflict`](Self::Conflict), when a stream is not as expected, or event ids are taken. It is one also where the
    ///    events were appended before without one of the keys, as a repeat would let that key go unheld.
    /// 4. [`Append`](Self::Append). A request of assertions and keys, or of keys alone, takes its keys.
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
    ///         None // no event id was seen before
    ///     }
    ///     fn key(&self, _: &str) -> Option<KnownKey<'_>> {
    ///         None // this store refuses keys before it asks for a verdict
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

/// Whether this very key was taken by the append that brought the events of `request`.
fn came_with(key: &IdempotencyKey, request: &AppendRequest, log: &impl Known) -> bool {
    log.key(key.key()).is_some_and(|known| {
        known.digest == key.digest()
            && known.outcome == key.outcome()
            && request.events().any(|event| Some(event.id()) == known.event)
    })
}

/// Whether these very events, and no others, came in one append to the place where this one would put them.
fn repeats(append: &Append, log: &impl Known) -> bool {
    let first = append.events.first().and_then(|first| log.event(first.id()));
    let Some(start) = first.filter(|first| first.together == append.events.len()).map(|first| first.version) else {
        return false;
    };
    append.expected.version().is_none_or(|expected| expected.plus(1) == start)
        && (start.get()..).map(Version::new).zip(&append.events).all(|(version, event)| {
            let stands = |place: KnownEvent<'_>| *place.stream == append.stream && place.version == version;
            log.event(event.id()).is_some_and(stands)
        })
}
