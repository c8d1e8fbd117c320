//! The events of an account. Each has the day on which it was booked, which may differ from the time at which it was stored.

use es::prelude::*;
use jiff::civil::Date;

use super::{Money, Partner, TransactionId};

pub mod retired;
pub mod v1;

/// The account exists.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened")]
pub struct Opened {
    /// The day it was booked.
    pub on: Date,
}

/// Cash came in.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.deposited", version = 4)]
#[event(removed(in = 3, name = "currency", type = String))]
pub struct Deposited {
    /// The bank's number.
    pub transaction: TransactionId,
    /// The day it was booked.
    #[event(renamed(in = 3, from = "date"))]
    pub on: Date,
    /// The amount.
    #[event(changed(in = 4, from = f64, with = Money::from_units))]
    pub amount: Money,
    /// The purpose.
    #[event(added(in = 2, default = None))]
    pub symbol: Option<String>,
    /// The other account, if the bank recorded one.
    #[event(added(in = 2, default = None))]
    pub partner: Option<Partner>,
}

/// Cash went out.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.withdrawn", version = 2, previous = v1::Withdrawn)]
pub struct Withdrawn {
    /// The bank's number; none when it was decided here.
    pub transaction: Option<TransactionId>,
    /// The day it was booked.
    pub on: Date,
    /// The amount.
    pub amount: Money,
    /// Where the cash came from.
    pub means: Means,
    /// The purpose.
    pub symbol: Option<String>,
    /// The other account.
    pub partner: Option<Partner>,
}

/// Where cash came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Means {
    /// The counter of a branch.
    Cash,
    /// A machine.
    Card,
}

/// Money came in from another account.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.transfer_received", alias("account.transfer_in", up_to = 1))]
pub struct TransferReceived {
    /// The bank's number.
    pub transaction: TransactionId,
    /// The day it was booked.
    pub on: Date,
    /// The amount.
    pub amount: Money,
    /// The purpose.
    pub symbol: Option<String>,
    /// The account that paid.
    pub partner: Option<Partner>,
}

/// Money went out to another account.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.transfer_sent")]
pub struct TransferSent {
    /// The bank's number.
    pub transaction: TransactionId,
    /// The day it was booked.
    pub on: Date,
    /// The amount.
    pub amount: Money,
    /// The purpose.
    pub symbol: Option<String>,
    /// The account that was paid.
    pub partner: Option<Partner>,
}

/// The bank paid interest.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.interest_credited")]
pub struct InterestCredited {
    /// The bank's number.
    pub transaction: TransactionId,
    /// The day it was booked.
    pub on: Date,
    /// The amount.
    pub amount: Money,
    /// The purpose.
    pub symbol: Option<String>,
    /// The other account, if the bank recorded one.
    pub partner: Option<Partner>,
}

/// The bank took a fee, or interest on a balance below zero.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.fee_charged")]
pub struct FeeCharged {
    /// The bank's number.
    pub transaction: TransactionId,
    /// The day it was booked.
    pub on: Date,
    /// The amount.
    pub amount: Money,
    /// The purpose.
    pub symbol: Option<String>,
    /// The other account, if the bank recorded one.
    pub partner: Option<Partner>,
}

/// A withdrawal was refused, because the balance was too low.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.withdrawal_refused")]
pub struct WithdrawalRefused {
    /// The day it was asked for.
    pub on: Date,
    /// The amount that was asked for.
    pub amount: Money,
    /// The balance then.
    pub balance: Money,
}
