//! What generated code calls with the user's types in a turbofish, so that rustc speaks at the user's token.

use std::marker::PhantomData;

use crate::{
    aggregate::{Aggregate, Apply, IntoEvents, Retired},
    event::{DecodeError, EncodeError, Event, May, SchemaVersion, schema::Schema},
};

/// [`Event`] as a set of events names it. Without the bounds that `Event` has, which rustc would ask again at each use:
/// a derive that is missing on the event is told there, once.
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

    /// The event once more.
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

/// The state before any event.
#[diagnostic::on_unimplemented(
    message = "aggregate `{Self}` has no initial state",
    label = "no initial state",
    note = "derive `Default` for `{Self}` (on an enum, mark the first state with `#[default]`), or write `impl Default for {Self}`"
)]
pub trait Initial: Sized {
    /// The state before any event.
    fn initial() -> Self;
}

#[diagnostic::do_not_recommend]
impl<A: Default> Initial for A {
    fn initial() -> Self {
        A::default()
    }
}

/// The state of `A` before any event.
pub fn initial<A: Initial>() -> A {
    A::initial()
}

/// [`Apply`] the other way round, so that rustc blames the event and not the aggregate.
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

/// Has an event applied. `#[apply]` on a method instead of the block writes an inherent function of this name for its
/// event, which asks for nothing: that mistake is reported already.
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

/// Hands what the retired `event` of `A` stands for to `each`.
pub fn retire<E: Retired<A>, A: Aggregate>(event: E, each: &mut dyn FnMut(A::Event)) {
    event.successors().into_events().for_each(each);
}

/// What the retired event of `A` may become, given its `successors`. No value of it is needed: what they return is seen
/// through while compiling.
pub(super) const fn may<E, R: IntoEvents<A>, A: Aggregate>(_: fn(E) -> R) -> May {
    R::MAY
}

/// Says what `#[apply]` asks of each event. After a mistake in the list of events, `derive(Aggregate)` writes an inherent
/// function of this name, after which nothing is asked.
pub trait EventsOf: Sized {
    /// What is asked.
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

/// The events of what is no aggregate, or one with a mistake, which is reported already: any.
pub trait AnyEvent: Sized {
    /// Compiles.
    fn has<E>(self) {}
}

impl<T> AnyEvent for T {}
