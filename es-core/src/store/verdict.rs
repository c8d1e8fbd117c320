//! The verdict on an append: new, a repeat, or in conflict.

use uuid::Uuid;

use crate::store::{Append, Conflict, StreamId, Version, Violation};

/// What a verdict asks of a log. All that is asked for one verdict must be of the same moment, at which the append is then
/// executed: a store asks under its lock, or in its transaction.
pub trait Known {
    /// The version of a stream; 0 when it does not exist.
    fn version(&self, stream: &StreamId) -> Version;

    /// Where the event with this id stands; `None` when the log has none.
    fn place(&self, id: Uuid) -> Option<Place<'_>>;
}

/// Where an event stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "storage crates make it; a new field has to reach each of them")]
pub struct Place<'a> {
    /// The stream it belongs to.
    pub stream: &'a StreamId,
    /// Its place in the stream.
    pub version: Version,
    /// On the first of the events that one append put into the stream, how many they were; it does not count on the others.
    pub together: usize,
}

/// What a store has to do with an append.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new verdict has to reach each store")]
pub enum Verdict {
    /// Execute it.
    Append,
    /// Answer what was answered to the very same append before, with `repeated: true`.
    Repeated,
    /// Refuse it whole.
    Conflict(Conflict),
}

impl Verdict {
    /// The verdict on `appends`, which [`limits::check`](crate::limits::check) has let pass. For stores that decide in Rust;
    /// where SQL decides, the contract holds it to the same.
    ///
    /// ```
    /// # use std::collections::HashMap;
    /// # use es_core::{Append, Expected, Known, Place, StreamId, Verdict, Version};
    /// # use uuid::Uuid;
    /// struct Versions(HashMap<StreamId, Version>);
    ///
    /// impl Known for Versions {
    ///     fn version(&self, stream: &StreamId) -> Version {
    ///         self.0.get(stream).copied().unwrap_or(Version::NONE)
    ///     }
    ///     fn place(&self, _: Uuid) -> Option<Place<'_>> {
    ///         None // no event id was seen before
    ///     }
    /// }
    ///
    /// let stream = StreamId::new("account", "4711")?;
    /// let log = Versions(HashMap::from([(stream.clone(), Version::new(3))]));
    /// let verdict = |expected| Verdict::on(&[Append::assertion(stream.clone(), expected)], &log);
    /// assert_eq!(verdict(Expected::Exact(Version::new(3))), Verdict::Append);
    /// assert!(matches!(verdict(Expected::NoStream), Verdict::Conflict(conflict) if conflict.actual() == 3));
    /// # Ok::<(), es_core::LimitError>(())
    /// ```
    pub fn on(appends: &[Append], log: &impl Known) -> Self {
        let known = |append: &Append| append.events.iter().any(|event| log.place(event.id()).is_some());
        let any_known = appends.iter().any(known);
        if any_known && appends.iter().all(|append| append.events.is_empty() || repeats(append, log)) {
            return Self::Repeated;
        }
        let violations = appends.iter().filter_map(|append| {
            let (actual, ids_taken) = (log.version(&append.stream), any_known && known(append));
            (ids_taken || !append.expected.holds(actual)).then(|| Violation {
                stream: append.stream.clone(),
                expected: append.expected,
                actual,
                ids_taken,
            })
        });
        Conflict::from_all(violations).map_or(Self::Append, Self::Conflict)
    }
}

/// Whether these very events, and no others, came in one append to the place where this one would put them.
fn repeats(append: &Append, log: &impl Known) -> bool {
    let first = append.events.first().and_then(|first| log.place(first.id()));
    let Some(start) = first.filter(|first| first.together == append.events.len()).map(|first| first.version) else {
        return false;
    };
    append.expected.version().is_none_or(|expected| expected.plus(1) == start)
        && (start.get()..).map(Version::new).zip(&append.events).all(|(version, event)| {
            let stands = |place: Place<'_>| *place.stream == append.stream && place.version == version;
            log.place(event.id()).is_some_and(stands)
        })
}
