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
    /// What tells one from another. `Display` gives the id of the stream, so two different ids
    /// must not print alike.
    type Id: Display + Clone + Send + Sync + 'static;
    /// The events its streams hold.
    type Event: AggregateEvent;

    /// What the lock holds of its ids. Of one that is written by hand only the type is watched.
    fn id_schema() -> IdSchema {
        IdSchema::of::<Self::Id>()
    }

    /// The state before any event.
    fn initial() -> Self;

    /// Changes the state by one event; total, no I/O, cannot fail.
    fn apply_event(&mut self, event: Self::Event);
}

/// How the state changes by an event `E`; total, no I/O, cannot fail.
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

    /// Decides on `command`: always write the return type as `Result<impl IntoEvents<Self>, …>`. Where there are no events
    /// write [`Ok(Events::new())`](crate::Events::new): at `Ok(vec![])` rustc says `E0282`, `type annotations needed`.
    ///
    /// # Errors
    /// The domain's refusal.
    fn handle(&self, command: C) -> Result<impl IntoEvents<Self>, Self::Error>;
}

/// A command of `A`: [`Handle`] seen from the command, which every handled command is.
///
/// What takes a command asks for this, so that rustc speaks of the command that is not handled. Asked for `Handle`, it
/// would take the one command that is handled for the one that was meant. Nobody has to write it: see [`Handle`].
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

/// An event of `A` that is no longer written: says which events of today it stands for.
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
/// /// Was written until withdrawals and deposits were told apart.
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
/// What a retired event stands for has the version and the position of the stored event. Since it is not
/// [`IntoEvents`], nothing can emit it. Feeds of the aggregate ([`derive(EventSet)`](macro@crate::EventSet)) hear what it
/// became, without a word of theirs. Where several aggregates retire an event in the same way, it is said once:
/// `impl<A: Aggregate> Retired<A> for Moved where Deposited: IntoEvents<A>`.
#[diagnostic::on_unimplemented(
    message = "retired event `{Self}` does not say what it becomes",
    label = "write `impl Retired<{A}> for {Self}`",
    note = "`fn successors(self) -> impl IntoEvents<{A}>` gives the events it stands for today: one, many, or `()` for none"
)]
pub trait Retired<A: Aggregate>: Event {
    /// The events of today it stands for: one, many or none.
    fn successors(self) -> impl IntoEvents<A>;
}
