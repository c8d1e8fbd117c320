//! The view: a state in memory, folded from the log.

use crate::{event::EventSet, projection::Fault, store::Recorded};

/// A state in memory that is folded from the log, at each start of the program anew.
///
/// [`#[project]`](macro@crate::project) on methods with `&mut self` implements it; writing the impl by hand is the same thing.
/// [`Projections::live`](crate::Projections::live) keeps it up to date, and [`Projections::fold`](crate::Projections::fold)
/// gives it as of a point in the past. The state before any event comes from `Default`.
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
/// #[derive(Default)]
/// struct Total(u64);
///
/// impl View for Total {
///     const NAME: &'static str = "total";
///     type Events = AccountEvent;
///
///     fn apply(&mut self, event: Recorded<AccountEvent>) -> Result<(), Fault> {
///         let AccountEvent::Deposited(Deposited { amount }) = event.event;
///         self.0 = self.0.checked_add(amount).ok_or("the sum is too large")?;
///         Ok(())
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a view",
    label = "not a view",
    note = "write `#[es::project(name = \"…\", …)]` on an `impl` block of `{Self}` with methods that take `&mut self` and an event",
    note = "rows by key are folded as `Rows<{Self}>`"
)]
pub trait View: Default + Send + Sync + 'static {
    /// The name, for errors and logs.
    const NAME: &'static str;

    /// The events that it is folded from.
    type Events: EventSet;

    /// Changes the state by one event.
    ///
    /// # Errors
    /// Whatever keeps it from being right: the view stops.
    fn apply(&mut self, event: Recorded<Self::Events>) -> Result<(), Fault>;
}
