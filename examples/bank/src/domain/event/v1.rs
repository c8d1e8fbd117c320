//! Shapes that the first release of the bank wrote and that are still read.

use es::prelude::*;
use jiff::civil::Date;

use super::Means;
use crate::domain::{Money, Partner, TransactionId};

/// [`Withdrawn`](super::Withdrawn), with its means as a text.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.withdrawn")]
pub struct Withdrawn {
    /// The bank's number; none when it was decided here.
    pub transaction: Option<TransactionId>,
    /// The day it was booked.
    pub date: Date,
    /// The amount.
    pub amount: Money,
    /// `cash` at the counter, or `card`.
    pub means: String,
    /// The purpose.
    pub symbol: Option<String>,
    /// The other account.
    pub partner: Option<Partner>,
}

/// The first bank wrote `cash` and `card`, and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the means are neither `cash` nor `card`")]
#[non_exhaustive]
pub struct UnknownMeans;

impl TryFrom<Withdrawn> for super::Withdrawn {
    type Error = UnknownMeans;

    fn try_from(old: Withdrawn) -> Result<Self, UnknownMeans> {
        let Withdrawn { transaction, date, amount, means, symbol, partner } = old;
        let means = match means.as_str() {
            "cash" => Means::Cash,
            "card" => Means::Card,
            _ => return Err(UnknownMeans),
        };
        Ok(Self { transaction, on: date, amount, means, symbol, partner })
    }
}
