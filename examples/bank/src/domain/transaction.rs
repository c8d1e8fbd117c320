//! A transaction of the bank's books.

use std::{fmt, num::ParseIntError, str::FromStr};

use es::prelude::*;
use jiff::civil::Date;

use super::Money;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<u64> for $name {
            fn from(number: u64) -> Self {
                Self(number)
            }
        }

        impl FromStr for $name {
            type Err = ParseIntError;

            fn from_str(text: &str) -> Result<Self, ParseIntError> {
                // A number that names something has no sign.
                let text = if text.starts_with('+') { "" } else { text };
                text.parse().map(Self)
            }
        }
    };
}

number! {
    /// The number of an account.
    AccountId
}

number! {
    /// The bank's own number of a transaction: one that was booked already is recognised by it.
    TransactionId
}

/// A fact of the bank's books. It is recorded unchanged, whatever the balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// The bank's own number.
    pub id: TransactionId,
    /// The day it was booked.
    pub on: Date,
    /// How the money moved.
    pub operation: Operation,
    /// The amount; always positive.
    pub amount: Money,
    /// The purpose.
    pub symbol: Option<String>,
    /// The other account.
    pub partner: Option<Partner>,
}

/// How money moves into an account or out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Cash in, at the counter.
    CashDeposit,
    /// In, from another account.
    TransferIn,
    /// In, from the bank itself.
    Interest,
    /// Cash out, at the counter.
    CashWithdrawal,
    /// Cash out, by card.
    CardWithdrawal,
    /// Out, to another account.
    TransferOut,
    /// Out, to the bank itself.
    Fee,
}

impl Operation {
    /// Whether the money comes in.
    pub fn is_credit(self) -> bool {
        matches!(self, Self::CashDeposit | Self::TransferIn | Self::Interest)
    }

    /// The balance after `amount`, or `None` beyond 64 bits.
    pub fn balance_after(self, balance: Money, amount: Money) -> Option<Money> {
        if self.is_credit() { balance.checked_add(amount) } else { balance.checked_sub(amount) }
    }
}

/// The other account of a transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partner {
    /// The bank.
    pub bank: String,
    /// The number of the account there.
    pub account: String,
}

impl Partner {
    /// Whether it says nothing: neither its bank nor its account is more than blanks.
    pub fn is_blank(&self) -> bool {
        self.bank.trim().is_empty() && self.account.trim().is_empty()
    }
}
