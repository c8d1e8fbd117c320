//! The projection: a read model that is kept in a target, such as a transaction.

use std::error::Error;

use crate::{event::EventSet, projection::EventBatch, store::Recorded};

/// Why a method of a projection failed: any error, or a text.
pub type Fault = Box<dyn Error + Send + Sync>;

/// A read model kept by events, which writes to a target: an open transaction, for instance.
///
/// [`#[project]`](macro@crate::project) on methods with `&self` implements it; writing the impl by hand is the same thing.
/// Rows by key are a [`Row`](crate::Row), and a state in memory is a [`View`](crate::View).
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
/// use std::collections::BTreeMap;
///
/// struct Balances;
///
/// impl Projection for Balances {
///     const NAME: &'static str = "balances";
///     type Events = AccountEvent;
///     type Target = BTreeMap<String, u64>;
///
///     async fn handle(&self, event: Recorded<AccountEvent>, target: &mut Self::Target) -> Result<(), Fault> {
///         let AccountEvent::Deposited(Deposited { amount }) = event.event;
///         *target.entry(event.stream.id().to_owned()).or_default() += amount;
///         Ok(())
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a projection that writes to a target",
    label = "not a projection with a target",
    note = "write `#[es::project(name = \"…\", …)]` on an `impl` block of `{Self}` with methods that take `&self`, an event and a `&mut` target"
)]
pub trait Projection: Send + Sync + 'static {
    /// The name, which never changes: a store keeps the progress of the projection under it.
    const NAME: &'static str;

    /// Which build of the read model this is: a higher one is built anew from the log. From 1.
    const VERSION: u32 = 1;

    /// Whether it needs the events of all streams in the order of the log, and not only those of each stream.
    const GLOBAL_ORDER: bool = false;

    /// Whether [`handle_batch`](Self::handle_batch) takes the events together. Otherwise each is handled, timed and blamed by
    /// itself.
    const BATCHES: bool = false;

    /// The events that it handles.
    type Events: EventSet;

    /// Where it writes. It has no lifetime: a connection in a transaction, or a state in memory.
    type Target: Send + 'static;

    /// Makes what the projection writes to, such as tables, in the transaction that makes the read model. It is called again
    /// after the read model was asked to be rebuilt, and for each new [`VERSION`](Self::VERSION), which has a place of its own.
    /// The provided method makes nothing.
    ///
    /// # Errors
    /// Whatever keeps it from that: nothing was made then, and the projection does not run.
    fn set_up(&self, target: &mut Self::Target) -> impl Future<Output = Result<(), Fault>> + Send {
        let _ = target;
        async { Ok(()) }
    }

    /// Handles one event.
    ///
    /// # Errors
    /// Whatever keeps it from handling the event.
    fn handle(
        &self,
        event: Recorded<Self::Events>,
        target: &mut Self::Target,
    ) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Handles the events of `batch`, all or nothing for its target. It is called where [`BATCHES`](Self::BATCHES) says so. When it
    /// fails, the first half of the events is tried without the others, and so on. The provided method handles one after the
    /// other.
    ///
    /// # Errors
    /// Whatever keeps it from handling an event; [`EventBatch::at`] tells which.
    fn handle_batch(
        &self,
        batch: &mut EventBatch<Self::Events>,
        target: &mut Self::Target,
    ) -> impl Future<Output = Result<(), Fault>> + Send {
        async move {
            while let Some(event) = batch.try_next()? {
                self.handle(event, target).await?;
            }
            Ok(())
        }
    }
}
