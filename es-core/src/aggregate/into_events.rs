//! What a decision may return: an event, none, or several.

use std::marker::PhantomData;

use crate::{aggregate::Aggregate, event::May};

/// What [`Handle::handle`](crate::Handle::handle) may return: an event of `A`, `A::Event`, `()`, [`Events`], or an `Option`,
/// `Vec`, array or tuple of these.
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
/// fn count(events: impl IntoEvents<Account>) -> usize {
///     events.into_events().count()
/// }
/// assert_eq!(count(Deposited { amount: 1 }), 1);
/// assert_eq!(count((Deposited { amount: 1 }, Some(Deposited { amount: 2 }))), 2);
/// assert_eq!(count(()), 0);
/// ```
///
/// # No events, and `type annotations needed`
/// `Ok(vec![])`, `Ok([])` and `Ok(None)` contain no event from which rustc could infer the type, so it reports `E0282`,
/// ``type annotations needed: cannot infer type of the type parameter `T` ``. Write [`Ok(Events::new())`](Events::new), or
/// `Ok(())` if no branch gives events. A crate cannot change the text of this error; the type
/// `es::__private::write::Events::new`, which rustc prints with it, is a hint.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event of `{A}`",
    label = "not an event of `{A}`",
    note = "list it in `#[aggregate(events(…))]` of `{A}`; a retired event cannot be emitted",
    note = "a decision cannot be `async`: `.await` what it needs before, and give it the values"
)]
pub trait IntoEvents<A: Aggregate> {
    /// Which events of `A` a value may hold; any of them unless set. A feed uses it to read only the retired events that may
    /// become one of its events.
    const MAY: May = May::All;

    /// Gives the events, in the order in which they happened.
    fn into_events(self) -> impl Iterator<Item = A::Event>;
}

/// Events of `A`, for a decision whose branches return different types.
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
/// fn deposit(in_parts: bool, amount: u64) -> Events<Account> {
///     if in_parts {
///         Events::new().and(Deposited { amount: amount / 2 }).and(Deposited { amount: amount - amount / 2 })
///     } else {
///         Events::new().and(Deposited { amount })
///     }
/// }
/// assert_eq!(deposit(true, 5).into_events().count(), 2);
/// ```
#[derive(Debug)]
pub struct Events<A: Aggregate>(Vec<A::Event>);

impl<A: Aggregate> Events<A> {
    /// Creates an empty list.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds `events` at the end, and gives the list.
    #[must_use]
    pub fn and(mut self, events: impl IntoEvents<A>) -> Self {
        self.push(events);
        self
    }

    /// Adds `events` at the end.
    pub fn push(&mut self, events: impl IntoEvents<A>) {
        self.0.extend(events.into_events());
    }
}

impl<A: Aggregate> Default for Events<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Aggregate> IntoEvents<A> for Events<A> {
    fn into_events(self) -> impl Iterator<Item = A::Event> {
        self.0.into_iter()
    }
}

/// [`IntoEvents`] for the elements of a collection; every [`IntoEvents`] implements it. For `vec![]`, `[]` and `None` rustc
/// cannot infer the element type, and prints the impls that are possible. One of them reads as the advice what to write.
pub trait OrEventsNew<A: Aggregate> {
    /// See [`IntoEvents::MAY`].
    const MAY: May;

    /// See [`IntoEvents::into_events`].
    fn or_events_new(self) -> impl Iterator<Item = A::Event>
    where
        Self: Sized;
}

impl<A: Aggregate, E: IntoEvents<A>> OrEventsNew<A> for E {
    const MAY: May = E::MAY;

    fn or_events_new(self) -> impl Iterator<Item = A::Event> {
        self.into_events()
    }
}

impl<A: Aggregate> OrEventsNew<A> for write::Events::new {
    const MAY: May = May::Any(&[]);
}

/// rustc prints the path of the type in here as advice what to write. The type is unsized, so that no event can have it.
pub mod write {
    #![expect(non_snake_case, non_camel_case_types, reason = "they read as code")]

    /// Reads as [`Events`](super::Events).
    pub mod Events {
        /// Reads as [`Events::new`](crate::Events::new).
        #[derive(Debug)]
        pub struct new(pub str);
    }
}

impl<A: Aggregate> IntoEvents<A> for () {
    const MAY: May = May::Any(&[]);

    fn into_events(self) -> impl Iterator<Item = A::Event> {
        std::iter::empty()
    }
}

impl<A: Aggregate, E: OrEventsNew<A>> IntoEvents<A> for Option<E> {
    const MAY: May = E::MAY;

    fn into_events(self) -> impl Iterator<Item = A::Event> {
        self.into_iter().flat_map(E::or_events_new)
    }
}

impl<A: Aggregate, E: OrEventsNew<A>> IntoEvents<A> for Vec<E> {
    const MAY: May = E::MAY;

    fn into_events(self) -> impl Iterator<Item = A::Event> {
        self.into_iter().flat_map(E::or_events_new)
    }
}

/// Replaces a `Result` in the bound below, so that rustc prints the message of [`CannotFail`].
#[derive(Debug)]
pub struct MayFail<E, X>(PhantomData<(E, X)>);

/// A bound that no `Result` meets, so that rustc prints its message.
#[diagnostic::on_unimplemented(
    message = "a `Result` is not an event of an aggregate",
    label = "may fail: write `try_update` instead of `update`, or take the events out with `?`"
)]
pub trait CannotFail {}

#[expect(clippy::mismatching_type_param_order, reason = "`E` is the type of events, here as everywhere")]
impl<A: Aggregate, E, X> IntoEvents<A> for Result<E, X>
where
    MayFail<E, X>: CannotFail,
{
    fn into_events(self) -> impl Iterator<Item = A::Event> {
        std::iter::empty()
    }
}

impl<A: Aggregate, E: OrEventsNew<A>, const N: usize> IntoEvents<A> for [E; N] {
    const MAY: May = E::MAY;

    fn into_events(self) -> impl Iterator<Item = A::Event> {
        self.into_iter().flat_map(E::or_events_new)
    }
}

macro_rules! tuples {
    ($($(#[$attribute:meta])? $($name:ident)+;)+) => {$(
        $(#[$attribute])?
        impl<A: Aggregate, $($name: IntoEvents<A>),+> IntoEvents<A> for ($($name,)+) {
            const MAY: May = May::Any(&[$(&$name::MAY),+]);

            fn into_events(self) -> impl Iterator<Item = A::Event> {
                #[expect(non_snake_case, reason = "each element is bound to the name of its type")]
                let ($($name,)+) = self;
                std::iter::empty()$(.chain($name.into_events()))+
            }
        }
    )+};
}

// rustc prints at most eight impls when an event is not listed. If it printed all tuples, no event would be among them.
tuples! {
    #[diagnostic::do_not_recommend] E1;
    E1 E2;
    #[diagnostic::do_not_recommend] E1 E2 E3;
    #[diagnostic::do_not_recommend] E1 E2 E3 E4;
    #[diagnostic::do_not_recommend] E1 E2 E3 E4 E5;
    #[diagnostic::do_not_recommend] E1 E2 E3 E4 E5 E6;
    #[diagnostic::do_not_recommend] E1 E2 E3 E4 E5 E6 E7;
    #[diagnostic::do_not_recommend] E1 E2 E3 E4 E5 E6 E7 E8;
}
