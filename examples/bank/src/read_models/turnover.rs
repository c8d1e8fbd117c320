//! The turnover: what was booked on each day.

use es::prelude::*;
use jiff::civil::Date;

use crate::domain::{
    Account, Deposited, FeeCharged, InterestCredited, Money, Opened, TransferReceived, TransferSent, WithdrawalRefused,
    Withdrawn,
};

/// What was booked, on one day or with one partner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turnover {
    /// What came in, in minor units. A sum over many accounts can be more than [`Money`] holds.
    #[serde(with = "as_text")]
    pub credited: i128,
    /// What went out, in minor units.
    #[serde(with = "as_text")]
    pub debited: i128,
    /// How many transactions of the bank and withdrawals that were decided here.
    pub rows: u64,
}

/// A sum as text, since a number in JSON need not hold more than 64 bits.
mod as_text {
    use es::prelude::*;
    use serde::{Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(sum: &i128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(sum)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i128, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(Error::custom)
    }
}

impl Turnover {
    /// Counts an amount that came in.
    pub(super) fn credit(&mut self, amount: Money) {
        self.credited += i128::from(amount.minor());
        self.rows += 1;
    }

    /// Counts an amount that went out.
    pub(super) fn debit(&mut self, amount: Money) {
        self.debited += i128::from(amount.minor());
        self.rows += 1;
    }
}

#[es::project(name = "turnover", key = Date, every(Account), ignores(Opened, WithdrawalRefused))]
impl Turnover {
    #[key(|event| event.on)]
    fn deposited(&mut self, event: &Deposited) {
        self.credit(event.amount);
    }

    #[key(|event| event.on)]
    fn withdrawn(&mut self, event: &Withdrawn) {
        self.debit(event.amount);
    }

    #[key(|event| event.on)]
    fn transfer_received(&mut self, event: &TransferReceived) {
        self.credit(event.amount);
    }

    #[key(|event| event.on)]
    fn transfer_sent(&mut self, event: &TransferSent) {
        self.debit(event.amount);
    }

    #[key(|event| event.on)]
    fn interest_credited(&mut self, event: &InterestCredited) {
        self.credit(event.amount);
    }

    #[key(|event| event.on)]
    fn fee_charged(&mut self, event: &FeeCharged) {
        self.debit(event.amount);
    }
}
