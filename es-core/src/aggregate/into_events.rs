//! What a decision may return: an event, none, or several.

use std::marker::PhantomData;

use crate::{aggregate::Aggregate, event::May};

/// What [`Handle::handle`](crate::Handle::handle) may return: an event of `A`, `A::Event`, `()`, or an
/// `Option`, `Vec`, array or tuple of such, or [`Events`].
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
/// `Ok(vec![])`, `Ok([])` and `Ok(None)` hold no event whose type rustc could take, so it says `E0282`, ``type annotations
/// needed: cannot infer type of the type parameter `T` ``. Write [`Ok(Events::new())`](Events::new), or `Ok(())` where no
/// branch gives events. rustc has no words of ours for this error; what it says of `es::__private::write::Events::new`
/// is as near as they get.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event of `{A}`",
    label = "not an event of `{A}`",
    note = "list it in `#[aggregate(events(…))]` of `{A}`; a retired event cannot be emitted",
    note = "a decision cannot be `async`: `.await` what it needs before, and give it the values"
)]
pub trait IntoEvents<A: Aggregate> {
    /// Which events of `A` a value may hold. Where it is not said, it is any of them; a feed asks for what a retired event
    /// may have become, and no more.
    const MAY: May = May::All;

    /// The events, in the order in which they happened.
    fn into_events(self) -> impl Iterator<Item = A::Event>;
}

/// Events of `A`, for a decision whose branches differ.
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
    /// No events yet.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// With `events` after those that are there.
    #[must_use]
    pub fn and(mut self, events: impl IntoEvents<A>) -> Self {
        self.push(events);
        self
    }

    /// Adds `events` after those that are there.
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

/// [`IntoEvents`] of what stands in a collection; every [`IntoEvents`] has it. In `vec![]`, `[]` and `None` nothing tells
/// what that is. rustc then shows the impls between which it cannot choose, so that one of them says what to write.
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

/// rustc prints the path of a type; the one in here reads as what to write. It has no size, so that no event can be it.
pub mod write {
    #![expect(non_snake_case, non_camel_case_types, reason = "they read as code")]

    /// As [`Events`](super::Events) is written.
    pub mod Events {
        /// As [`Events::new`](crate::Events::new) is written.
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

/// Stands for a `Result` where rustc says what to write.
#[derive(Debug)]
pub struct MayFail<E, X>(PhantomData<(E, X)>);

/// What a `Result` would have to do. None does, so that rustc says what to write.
#[diagnostic::on_unimplemented(
    message = "a `Result` is not an event of an aggregate",
    label = "may fail: write `try_update` instead of `update`, or take the events out with `?`"
)]
pub trait CannotFail {}

#[expect(clippy::mismatching_type_param_order, reason = "`E` is what stands for events, here as everywhere")]
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

// rustc lists eight impls when an event is not listed; with every tuple among them there is no place for real events
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
