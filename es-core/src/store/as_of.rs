//! A point in the past.

use crate::{
    event::Timestamp,
    store::{Position, Version},
};

/// A point in a stream's past.
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
/// # async fn example(accounts: &dyn Repository<Account>, yesterday: Timestamp) -> Result<(), LoadError> {
/// let account = accounts.load_at(&"4711".to_owned(), AsOf::Time(yesterday)).await?;
/// println!("it was {}", account.balance);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AsOf {
    /// With the events up to this version.
    Version(Version),
    /// With the events up to this position.
    Position(Position),
    /// With the events recorded up to this time, by the store's clock.
    Time(Timestamp),
}
