//! An entry: an event as a line of an account's history.

use jiff::civil::Date;

use super::{AccountEvent, Means, Money};

/// An event as a line of an account's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The day it was booked.
    pub on: Date,
    /// The kind of the entry, in one word.
    pub kind: &'static str,
    /// The amount; `None` if no money moved or was asked for.
    pub amount: Money,
}

impl From<&AccountEvent> for Entry {
    fn from(event: &AccountEvent) -> Self {
        let (on, kind, amount) = match event {
            AccountEvent::Opened(event) => (event.on, "opened", Money::ZERO),
            AccountEvent::Deposited(event) => (event.on, "cash-deposit", event.amount),
            AccountEvent::Withdrawn(event) => {
                (event.on, if event.means == Means::Card { "card-withdrawal" } else { "cash-withdrawal" }, event.amount)
            }
            AccountEvent::TransferReceived(event) => (event.on, "transfer-in", event.amount),
            AccountEvent::TransferSent(event) => (event.on, "transfer-out", event.amount),
            AccountEvent::InterestCredited(event) => (event.on, "interest", event.amount),
            AccountEvent::FeeCharged(event) => (event.on, "fee", event.amount),
            AccountEvent::WithdrawalRefused(event) => (event.on, "withdrawal-refused", event.amount),
        };
        Self { on, kind, amount }
    }
}
