//! The event set: an enum over events, of one aggregate or of a feed.

use std::any::Any;

use crate::event::{DecodeError, EncodeError, SchemaVersion, schema::Member};

/// An enum over events: what an aggregate's stream or a projection's feed can hold. This trait decodes; [`AggregateEvent`]
/// adds what only an aggregate's own events can do.
///
/// [`derive(Aggregate)`](macro@crate::Aggregate) implements it for the events of the aggregate, and
/// [`derive(EventSet)`](macro@crate::EventSet) for a feed over several aggregates.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set of events",
    label = "not a set of events",
    note = "write `#[derive(EventSet)]` on an enum with one variant for each event"
)]
pub trait EventSet: Send + Sync + Sized + 'static {
    /// The categories of the aggregates whose events it reads.
    const CATEGORIES: &'static [&'static str];

    /// The stored names that it reads: those of its events, their aliases, and those of the retired events that may become one
    /// of them. A name that several aggregates use may occur more than once.
    const NAMES: &'static [&'static str];

    /// Those of [`CATEGORIES`](Self::CATEGORIES) of which a projection wants every event, also one under a name that only a newer
    /// program knows. Such an event does not decode, so the projection stops in place of skipping it. None unless the set says
    /// otherwise.
    ///
    /// ```
    /// # use es_core::*;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
    /// # #[event(name = "account.deposited")]
    /// # struct Deposited { amount: u64 }
    /// # #[derive(Aggregate, Default, Debug)]
    /// # #[aggregate(category = "account", id = String, events(Deposited))]
    /// # struct Account { balance: u64 }
    /// # #[es_core::apply]
    /// # impl Account { fn deposited(&mut self, event: Deposited) { self.balance += event.amount; } }
    /// assert_eq!(AccountEvent::EVERY, ["account"]);
    /// assert!(AccountEvent::wants("account", "account.frozen"), "a projection must know that it does not know it");
    /// ```
    const EVERY: &'static [&'static str] = &[];

    /// Decodes a payload that is stored in a stream of `category`, and passes each event of this set that it became to `each`:
    /// one, or for a retired event none or many.
    ///
    /// A feed ignores events that it does not list, since a reader may have read more than the feed asks for.
    ///
    /// # Errors
    /// [`DecodeError`]: the aggregate of the category does not know the name, the schema version is newer than this program
    /// knows, or the payload does not fit. The set of one aggregate knows no name of another category.
    fn decode(
        category: &str,
        name: &str,
        schema_version: SchemaVersion,
        payload: &[u8],
        each: impl FnMut(Self),
    ) -> Result<(), DecodeError>;

    /// Whether a projection over this set wants an event that is stored under `name` in a stream of `category`:
    /// one that the set reads, and one that it does not know in a category of [`EVERY`](Self::EVERY).
    ///
    /// A set that ignores events of such a category leaves them out here.
    fn wants(category: &str, name: &str) -> bool {
        Self::CATEGORIES.contains(&category) && (Self::EVERY.contains(&category) || Self::NAMES.contains(&name))
    }
}

/// The events of one aggregate: what [`Aggregate::Event`](crate::Aggregate::Event) adds to an [`EventSet`].
///
/// [`derive(Aggregate)`](macro@crate::Aggregate) implements it.
///
/// ```
/// # use es_core::*;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
/// # #[event(name = "account.deposited")]
/// # struct Deposited { amount: u64 }
/// # #[derive(Aggregate, Default, Debug)]
/// # #[aggregate(category = "account", id = String, events(Deposited))]
/// # struct Account { balance: u64 }
/// # #[es_core::apply]
/// # impl Account { fn deposited(&mut self, event: Deposited) { self.balance += event.amount; } }
/// let event = AccountEvent::from(Deposited { amount: 5 });
/// assert_eq!((event.name(), event.schema_version()), ("account.deposited", SchemaVersion::FIRST));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the events of an aggregate",
    label = "not the events of an aggregate",
    note = "`#[derive(Aggregate)]` writes the enum of an aggregate's events"
)]
pub trait AggregateEvent: EventSet {
    /// The events that the streams can hold, retired ones included, with every shape they ever had.
    const MEMBERS: &'static [Member];

    /// Whether events may be missing because of a mistake that the macro has reported at the aggregate.
    #[doc(hidden)]
    const INCOMPLETE: bool = false;

    /// The stored name of this event.
    fn name(&self) -> &'static str;

    /// The schema version that this event is written with.
    fn schema_version(&self) -> SchemaVersion;

    /// Appends this event's payload to `out`, as JSON.
    ///
    /// # Errors
    /// [`EncodeError`] when the value cannot be stored.
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError>;

    /// Clones the event.
    #[must_use]
    fn copied(&self) -> Self;

    /// Passes the event to `to` as `Some(event)`, an `Option` of its own type. A feed takes it out if it lists that type.
    /// Nothing is allocated.
    fn give(self, to: &mut dyn FnMut(&mut dyn Any));
}
