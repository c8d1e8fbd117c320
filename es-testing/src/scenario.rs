//! Given, when, then: a decision of an aggregate as a test.

use std::fmt::{self, Debug};

use es_core::{Aggregate, AggregateEvent, Command, EventSet, IntoEvents, NewEvent, SchemaVersion};

use crate::difference::difference;

/// Starts a scenario of the aggregate `A`, which has no events yet.
///
/// ```
/// # use es_core::{Aggregate, Event, Handle, IntoEvents, apply};
/// # use serde::{Deserialize, Serialize};
/// #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
/// #[event(name = "door.opened")]
/// struct Opened;
///
/// #[derive(Aggregate, Default)]
/// #[aggregate(category = "door", id = String, events(Opened))]
/// struct Door { open: bool }
///
/// #[apply]
/// impl Door {
///     fn opened(&mut self, _: Opened) { self.open = true; }
/// }
///
/// struct Open;
///
/// #[derive(Debug, PartialEq, thiserror::Error)]
/// #[error("it is open already")]
/// struct AlreadyOpen;
///
/// impl Handle<Open> for Door {
///     type Error = AlreadyOpen;
///     fn handle(&self, _: Open) -> Result<impl IntoEvents<Self>, AlreadyOpen> {
///         if self.open { Err(AlreadyOpen) } else { Ok(Opened) }
///     }
/// }
///
/// use es_testing::scenario;
///
/// scenario::<Door>().when(Open).then(Opened);
/// scenario::<Door>().given(Opened).when(Open).then_refused(AlreadyOpen);
/// ```
#[must_use = "a scenario tests nothing until `then`, `then_nothing` or `then_refused`"]
pub fn scenario<A: Aggregate>() -> Scenario<A> {
    Scenario { state: A::initial() }
}

/// An aggregate to which the given events were applied.
#[must_use = "a scenario tests nothing until `then`, `then_nothing` or `then_refused`"]
pub struct Scenario<A> {
    state: A,
}

impl<A: Aggregate> Scenario<A> {
    /// Applies events that have happened. They are encoded and decoded, as by a store.
    ///
    /// # Panics
    /// An event cannot be stored.
    #[track_caller]
    pub fn given(mut self, events: impl IntoEvents<A>) -> Self {
        for event in events.into_events() {
            through_the_store(&event, |event| self.state.apply_event(event));
        }
        self
    }

    /// Applies an event that was stored as these bytes, such as an older program wrote.
    ///
    /// # Panics
    /// The bytes do not decode.
    #[track_caller]
    pub fn given_stored(mut self, name: &str, schema_version: u32, payload: impl AsRef<[u8]>) -> Self {
        let stored = SchemaVersion::new(schema_version);
        let Some(stored) = stored else { panic!("given: schema versions start at 1") };
        let decoded =
            A::Event::decode(A::CATEGORY, name, stored, payload.as_ref(), |event| self.state.apply_event(event));
        if let Err(error) = decoded {
            panic!("given: event `{name}`, schema version {schema_version}, does not decode: {error}");
        }
        self
    }

    /// Handles the command.
    ///
    /// # Panics
    /// It records an event that cannot be stored.
    #[track_caller]
    pub fn when<C: Command<A>>(self, command: C) -> Decision<A, C::Error> {
        let decided = command.decide(&self.state).map(|events| events.into_events().collect::<Vec<_>>());
        let events = decided.map(|events| {
            let mut stored = Vec::with_capacity(events.len());
            for event in &events {
                through_the_store(event, |event| stored.push(event));
            }
            stored
        });
        Decision { events }
    }
}

/// The decision of the aggregate on a command: events, or a refusal.
#[must_use = "a scenario tests nothing until `then`, `then_nothing` or `then_refused`"]
pub struct Decision<A: Aggregate, X> {
    events: Result<Vec<A::Event>, X>,
}

impl<A: Aggregate<Event: Debug + PartialEq>, X: Debug> Decision<A, X> {
    /// The command recorded exactly these events, compared as a store would give them back.
    ///
    /// # Panics
    /// It recorded other events, or was refused; the panic shows the difference.
    #[track_caller]
    pub fn then(self, events: impl IntoEvents<A>) {
        let expected: Vec<A::Event> = events.into_events().collect();
        match &self.events {
            Ok(seen) if *seen == expected => {}
            Ok(seen) => panic!("other events were recorded\n{}", difference(&expected, seen, "recorded")),
            Err(refusal) => panic!("the command was refused: {refusal:#?}\nexpected events: {expected:#?}"),
        }
    }

    /// The command was accepted, and recorded no events.
    ///
    /// # Panics
    /// It was refused, or recorded events; they are shown.
    #[track_caller]
    pub fn then_nothing(self) {
        match &self.events {
            Ok(seen) if seen.is_empty() => {}
            Ok(seen) => panic!("events were recorded where nothing was expected: {seen:#?}"),
            Err(refusal) => panic!("the command was refused: {refusal:#?}\nexpected no events"),
        }
    }

    /// The domain refused the command with exactly this refusal.
    ///
    /// # Panics
    /// It was accepted, or refused in another way; the difference is shown.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "a refusal is written where it is expected")]
    pub fn then_refused(self, refusal: X)
    where
        X: PartialEq,
    {
        match &self.events {
            Err(seen) if *seen == refusal => {}
            Err(seen) => panic!("it was refused in another way\n{}", difference(&refusal, seen, "recorded")),
            Ok(seen) => panic!("the command was accepted and recorded {seen:#?}\nexpected the refusal {refusal:#?}"),
        }
    }
}

#[track_caller]
fn through_the_store<S: AggregateEvent>(event: &S, stored: impl FnOnce(S)) {
    if let Err(error) = NewEvent::encode(event, stored) {
        panic!("event `{}` cannot be stored: {error}", event.name());
    }
}

impl<A: Debug> Debug for Scenario<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scenario").field("state", &self.state).finish()
    }
}

impl<A: Aggregate<Event: Debug>, X: Debug> Debug for Decision<A, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decision").field("events", &self.events).finish()
    }
}
