//! Events that older releases wrote, and their successors.

use es::prelude::*;
use jiff::civil::Date;

use super::{Deposited, Opened};
use crate::domain::{Account, Money, TransactionId};

/// The account was opened with a first deposit in cash: two facts, which are two events today.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened_with_deposit")]
pub struct OpenedWithDeposit {
    /// The bank's number of the deposit.
    pub transaction: TransactionId,
    /// The day it was booked.
    pub date: Date,
    /// The amount in crowns.
    pub amount: f64,
}

impl Retired<Account> for OpenedWithDeposit {
    fn successors(self) -> impl IntoEvents<Account> {
        let Self { transaction, date: on, amount } = self;
        let amount = Money::from_units(amount);
        (Opened { on }, Deposited { transaction, on, amount, symbol: None, partner: None })
    }
}

/// A statement was sent. It does not concern the account, so it has no successor.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.statement_issued")]
pub struct StatementIssued {
    /// The day it was booked.
    pub on: Date,
    /// The balance it stated.
    pub balance: Money,
}

impl Retired<Account> for StatementIssued {
    fn successors(self) -> impl IntoEvents<Account> {}
}
