//! The partners of each account: with whom it exchanged money.

use std::collections::BTreeMap;

use es::prelude::*;

use super::Turnover;
use crate::domain::{
    Account, AccountId, Deposited, FeeCharged, InterestCredited, Opened, Partner, TransferReceived, TransferSent,
    WithdrawalRefused, Withdrawn,
};

/// The partners of one account, whatever the operation. Partners are the same if they are so byte for byte; one whose bank and
/// account are both blank is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Partners {
    /// By the bank, then by the account there.
    banks: BTreeMap<String, BTreeMap<String, Turnover>>,
}

#[es::project(name = "partners", key = AccountId, every(Account), ignores(WithdrawalRefused))]
impl Partners {
    /// An account without partners has a row, too: without one there is no such account.
    fn opened(&mut self, _: &Opened) {}

    fn deposited(&mut self, event: &Deposited) {
        self.change(event.partner.as_ref(), |turnover| turnover.credit(event.amount));
    }

    fn withdrawn(&mut self, event: &Withdrawn) {
        self.change(event.partner.as_ref(), |turnover| turnover.debit(event.amount));
    }

    fn transfer_received(&mut self, event: &TransferReceived) {
        self.change(event.partner.as_ref(), |turnover| turnover.credit(event.amount));
    }

    fn transfer_sent(&mut self, event: &TransferSent) {
        self.change(event.partner.as_ref(), |turnover| turnover.debit(event.amount));
    }

    fn interest_credited(&mut self, event: &InterestCredited) {
        self.change(event.partner.as_ref(), |turnover| turnover.credit(event.amount));
    }

    fn fee_charged(&mut self, event: &FeeCharged) {
        self.change(event.partner.as_ref(), |turnover| turnover.debit(event.amount));
    }
}

impl Partners {
    /// Each partner's bank, account there, and turnover, in the order of the bytes: first of the bank, then of the account.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, Turnover)> {
        self.banks
            .iter()
            .flat_map(|(bank, accounts)| accounts.iter().map(|(account, turnover)| (&**bank, &**account, *turnover)))
    }

    fn change(&mut self, partner: Option<&Partner>, change: impl FnOnce(&mut Turnover)) {
        if let Some(Partner { bank, account }) = partner.filter(|partner| !partner.is_blank()) {
            change(self.banks.entry(bank.clone()).or_default().entry(account.clone()).or_default());
        }
    }
}
