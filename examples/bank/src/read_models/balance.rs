//! The balance of each account.

use es::prelude::*;

use crate::domain::{
    Account, AccountId, Deposited, FeeCharged, InterestCredited, Money, Opened, TransferReceived, TransferSent,
    WithdrawalRefused, Withdrawn,
};

/// What an account holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// The balance, which may be negative.
    pub balance: Money,
}

#[es::project(name = "balances", key = AccountId, every(Account), ignores(WithdrawalRefused))]
impl Balance {
    /// An account has a row from the start.
    fn opened(&mut self, _: &Opened) {}

    fn deposited(&mut self, event: &Deposited) {
        self.credit(event.amount);
    }

    fn withdrawn(&mut self, event: &Withdrawn) {
        self.debit(event.amount);
    }

    fn transfer_received(&mut self, event: &TransferReceived) {
        self.credit(event.amount);
    }

    fn transfer_sent(&mut self, event: &TransferSent) {
        self.debit(event.amount);
    }

    fn interest_credited(&mut self, event: &InterestCredited) {
        self.credit(event.amount);
    }

    fn fee_charged(&mut self, event: &FeeCharged) {
        self.debit(event.amount);
    }
}

impl Balance {
    fn credit(&mut self, amount: Money) {
        self.balance = self.balance.saturating_add(amount);
    }

    fn debit(&mut self, amount: Money) {
        self.balance = self.balance.saturating_sub(amount);
    }
}
