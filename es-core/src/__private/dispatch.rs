//! Functions that generated code calls with the user's types in a turbofish, so that rustc reports errors at the user's token.

use std::marker::PhantomData;

use crate::{
    aggregate::{Aggregate, Apply, IntoEvents, Retired},
    event::{DecodeError, EncodeError, Event, May, SchemaVersion, schema::Schema},
};

/// [`Event`] for event sets, without the supertraits of `Event`, which rustc would check at each use. So a derive that is
/// missing on the event is reported once, at the event.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "not an event",
    note = "write `#[derive(Event, Clone, Serialize, Deserialize)]` and `#[event(name = \"…\")]` on `{Self}`"
)]
pub trait AsEvent: Sized {
    /// See [`Event::NAME`].
    const NAME: &'static str;
    /// See [`Event::SCHEMA_VERSION`].
    const SCHEMA_VERSION: SchemaVersion;
    /// See [`Event::SCHEMA`].
    const SCHEMA: &'static Schema;

    /// See [`Event::decode`].
    ///
    /// # Errors
    /// As there.
    fn decode(stored: SchemaVersion, payload: &[u8]) -> Result<Self, DecodeError>;

    /// See [`Event::encode`].
    ///
    /// # Errors
    /// As there.
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError>;

    /// Clones the event.
    #[must_use]
    fn copied(&self) -> Self;
}

#[diagnostic::do_not_recommend]
impl<E: Event> AsEvent for E {
    const NAME: &'static str = E::NAME;
    const SCHEMA_VERSION: SchemaVersion = E::SCHEMA_VERSION;
    const SCHEMA: &'static Schema = E::SCHEMA;

    #[inline]
    fn decode(stored: SchemaVersion, payload: &[u8]) -> Result<Self, DecodeError> {
        E::decode(stored, payload)
    }

    #[inline]
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        E::encode(self, out)
    }

    #[inline]
    fn copied(&self) -> Self {
        self.clone()
    }
}

/// An aggregate with an initial state.
#[diagnostic::on_unimplemented(
    message = "aggregate `{Self}` has no initial state",
    label = "no initial state",
    note = "derive `Default` for `{Self}` (on an enum, mark the first state with `#[default]`), or write `impl Default for {Self}`"
)]
pub trait Initial: Sized {
    /// Gives the state before any event.
    fn initial() -> Self;
}

#[diagnostic::do_not_recommend]
impl<A: Default> Initial for A {
    fn initial() -> Self {
        A::default()
    }
}

/// Gives the state of `A` before any event.
pub fn initial<A: Initial>() -> A {
    A::initial()
}

/// [`Apply`], implemented for the event, so that rustc reports the event and not the aggregate.
#[diagnostic::on_unimplemented(
    message = "`{A}` does not say how it applies `{Self}`",
    label = "no method under `#[es::apply]` takes `{Self}`",
    note = "write `fn …(&mut self, event: {Self})` under `#[es::apply]`, or `impl Apply<{Self}> for {A}`"
)]
pub trait AppliedBy<A> {
    /// Changes `state` by this event.
    fn apply_to(self, state: &mut A);
}

#[diagnostic::do_not_recommend]
impl<A: Apply<E>, E> AppliedBy<A> for E {
    fn apply_to(self, state: &mut A) {
        state.apply(self);
    }
}

/// Applies an event. `#[apply]` on a method instead of the block, which is reported as a mistake, writes an inherent function of
/// this name without a bound for the event, so that there is no second error.
pub trait ApplyTo: Sized {
    /// Changes `state` by this event.
    fn __es_apply_to<A>(self, state: &mut A)
    where
        Self: AppliedBy<A>,
    {
        self.apply_to(state);
    }
}

impl<E> ApplyTo for E {}

/// Passes the successors of the retired `event` of `A` to `each`.
pub fn retire<E: Retired<A>, A: Aggregate>(event: E, each: &mut dyn FnMut(A::Event)) {
    event.successors().into_events().for_each(each);
}

/// Which events the retired event of `A` may become, by the return type of its `successors`.
pub(super) const fn may<E, R: IntoEvents<A>, A: Aggregate>(_: fn(E) -> R) -> May {
    R::MAY
}

/// Gives the check that `#[apply]` runs for each event. After a mistake in the list of events `derive(Aggregate)` writes an
/// inherent function of this name, so that nothing is checked.
pub trait EventsOf: Sized {
    /// Gives the check.
    fn __es_events() -> OwnEvents<Self> {
        OwnEvents(PhantomData)
    }
}

impl<A> EventsOf for A {}

/// The events of `A`, where `A` is an aggregate.
#[derive(Debug)]
pub struct OwnEvents<A>(PhantomData<A>);

impl<A: Aggregate> OwnEvents<A> {
    /// Compiles if `E` is one of them.
    pub fn has<E: IntoEvents<A>>(self) {}
}

/// The fallback for a type that is not an aggregate, or one with a mistake that is reported already: accepts any event.
pub trait AnyEvent: Sized {
    /// Compiles.
    fn has<E>(self) {}
}

impl<T> AnyEvent for T {}
