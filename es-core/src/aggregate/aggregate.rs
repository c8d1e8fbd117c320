//! The aggregate: state folded from the events of one stream, and the decisions made on it.

use std::fmt::Display;

use crate::{
    aggregate::IntoEvents,
    event::{AggregateEvent, Event, schema::IdSchema},
};

/// State folded from the events of one stream, and the decisions made on it.
///
/// Derive it; see [`derive(Aggregate)`](macro@crate::Aggregate).
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
/// let mut account = Account::initial();
/// account.apply_event(Deposited { amount: 5 }.into());
/// assert_eq!(account.balance, 5);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an aggregate",
    label = "not an aggregate",
    note = "write `#[derive(Aggregate, Default)]` and `#[aggregate(category = \"…\", id = …, events(…))]` on `{Self}`"
)]
pub trait Aggregate: Send + Sync + Sized + 'static {
    /// The category of its streams.
    const CATEGORY: &'static str;
    /// The id of an aggregate. `Display` gives the id of the stream, so two different ids must not print alike.
    type Id: Display + Clone + Send + Sync + 'static;
    /// The events its streams hold.
    type Event: AggregateEvent;

    /// What the schema lock records of its ids. An aggregate that is written by hand records only their type.
    fn id_schema() -> IdSchema {
        IdSchema::of::<Self::Id>()
    }

    /// The state before any event.
    fn initial() -> Self;

    /// Changes the state by one event; total, no I/O, cannot fail.
    fn apply_event(&mut self, event: Self::Event);
}

/// Changes the state by an event `E`; total, no I/O, cannot fail.
///
/// [`#[apply]`](macro@crate::apply) writes it from the methods of an `impl` block.
///
/// ```
/// use es_core::Apply;
///
/// struct Deposited { amount: u64 }
///
/// #[derive(Default)]
/// struct Account { balance: u64 }
///
/// impl Apply<Deposited> for Account {
///     fn apply(&mut self, event: Deposited) {
///         self.balance += event.amount;
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how it applies `{E}`",
    label = "write `impl Apply<{E}> for {Self}`, or a method taking `{E}` under `#[es::apply]`"
)]
pub trait Apply<E> {
    /// Changes the state by `event`.
    fn apply(&mut self, event: E);
}

/// Decides on a command `C`: events, or a refusal of the domain. Pure.
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
/// struct Deposit { amount: u64 }
///
/// #[derive(Debug, PartialEq, thiserror::Error)]
/// #[error("a deposit must be above zero")]
/// struct Nothing;
///
/// impl Handle<Deposit> for Account {
///     type Error = Nothing;
///
///     fn handle(&self, command: Deposit) -> Result<impl IntoEvents<Self>, Nothing> {
///         if command.amount == 0 {
///             return Err(Nothing);
///         }
///         Ok(Deposited { amount: command.amount })
///     }
/// }
/// assert_eq!(Account::default().handle(Deposit { amount: 0 }).err(), Some(Nothing));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not handle `{C}`",
    label = "write `impl Handle<{C}> for {Self}`"
)]
pub trait Handle<C>: Aggregate {
    /// Why the domain refuses.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Decides on `command`. Always write the return type as `Result<impl IntoEvents<Self>, …>`. For no events write
    /// [`Ok(Events::new())`](crate::Events::new): rustc reports `E0282`, `type annotations needed`, at `Ok(vec![])`.
    ///
    /// # Errors
    /// The domain's refusal.
    fn handle(&self, command: C) -> Result<impl IntoEvents<Self>, Self::Error>;
}

/// A command of `A`. Every command that `A` handles implements it through [`Handle`]; never implement it by hand.
///
/// Methods that take a command require this trait, so that rustc names the command that is not handled. If they required
/// `Handle`, rustc would infer the only command that is handled, and report a type mismatch.
#[diagnostic::on_unimplemented(
    message = "`{A}` does not handle `{Self}`",
    label = "write `impl Handle<{Self}> for {A}`"
)]
pub trait Command<A: Aggregate> {
    /// Why the domain refuses.
    type Error: std::error::Error + Send + Sync + 'static;

    /// As [`Handle::handle`].
    ///
    /// # Errors
    /// The domain's refusal.
    fn decide(self, state: &A) -> Result<impl IntoEvents<A>, Self::Error>;
}

#[diagnostic::do_not_recommend]
impl<A: Handle<C>, C> Command<A> for C {
    type Error = A::Error;

    fn decide(self, state: &A) -> Result<impl IntoEvents<A>, Self::Error> {
        state.handle(self)
    }
}

/// An event of `A` that is still read but no longer written: it says which current events replace it.
///
/// ```
/// # use es_core::*;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
/// # #[event(name = "account.deposited")]
/// # struct Deposited { amount: u64 }
/// # #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
/// # #[event(name = "account.withdrawn")]
/// # struct Withdrawn { amount: u64 }
/// /// Was written until withdrawals and deposits became separate events.
/// #[derive(Event, Clone, Serialize, Deserialize)]
/// #[event(name = "account.moved")]
/// struct Moved {
///     out: u64,
///     back: u64,
/// }
///
/// impl Retired<Account> for Moved {
///     fn successors(self) -> impl IntoEvents<Account> {
///         (Withdrawn { amount: self.out }, Deposited { amount: self.back })
///     }
/// }
///
/// #[derive(Aggregate, Default)]
/// #[aggregate(category = "account", id = String, events(Deposited, Withdrawn), retired(Moved))]
/// struct Account {
///     balance: u64,
/// }
/// # #[es_core::apply]
/// # impl Account {
/// #     fn deposited(&mut self, event: Deposited) { self.balance += event.amount; }
/// #     fn withdrawn(&mut self, event: Withdrawn) { self.balance -= event.amount; }
/// # }
///
/// let mut account = Account { balance: 10 };
/// let stored = br#"{"out":7,"back":2}"#;
/// AccountEvent::decode("account", "account.moved", SchemaVersion::FIRST, stored, |event| account.apply_event(event))?;
/// assert_eq!(account.balance, 5);
/// # Ok::<(), DecodeError>(())
/// ```
///
/// Its successors have the version and the position of the stored event. It does not implement [`IntoEvents`], so no decision
/// can emit it. Feeds of the aggregate ([`derive(EventSet)`](macro@crate::EventSet)) receive its successors without listing
/// it. When several aggregates retire an event in the same way, write it once:
/// `impl<A: Aggregate> Retired<A> for Moved where Deposited: IntoEvents<A>`.
#[diagnostic::on_unimplemented(
    message = "retired event `{Self}` does not say what it becomes",
    label = "write `impl Retired<{A}> for {Self}`",
    note = "`fn successors(self) -> impl IntoEvents<{A}>` gives the events that replace it: one, many, or `()` for none"
)]
pub trait Retired<A: Aggregate>: Event {
    /// Gives the current events that replace it: one, many or none.
    fn successors(self) -> impl IntoEvents<A>;
}
