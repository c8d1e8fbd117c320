//! A point in a stream's past, or its newest event.

use crate::{
    event::Timestamp,
    store::{Position, Version},
};

/// A point in a stream's past, or its newest event.
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
#[expect(clippy::exhaustive_enums, reason = "stores search by it; a new kind of point has to reach each of them")]
pub enum AsOf {
    /// All events.
    Newest,
    /// The events up to this version.
    Version(Version),
    /// The events up to this position.
    Position(Position),
    /// The events recorded up to this time, by the store's clock.
    Time(Timestamp),
}

impl AsOf {
    /// Whether an event with this version, position and time is at or before this point. Within a stream none of the three
    /// ever decreases, so every event before an included one is included.
    ///
    /// ```
    /// # use es_core::{AsOf, Position, Timestamp, Version};
    /// let (version, position, recorded_at) = (Version::new(3), Position::new(40), Timestamp::UNIX_EPOCH);
    /// assert!(AsOf::Newest.includes(version, position, recorded_at));
    /// assert!(AsOf::Version(Version::new(3)).includes(version, position, recorded_at));
    /// assert!(!AsOf::Position(Position::new(39)).includes(version, position, recorded_at));
    /// ```
    pub fn includes(self, version: Version, position: Position, recorded_at: Timestamp) -> bool {
        match self {
            Self::Newest => true,
            Self::Version(last) => version <= last,
            Self::Position(last) => position <= last,
            Self::Time(last) => recorded_at <= last,
        }
    }
}
