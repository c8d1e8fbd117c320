//! The domain: an account, what happens to it, and what it refuses.

mod account;
mod entry;
pub mod event;
mod money;
mod transaction;

pub use account::{Account, AccountEvent, Book, Booked, Refusal, Withdraw};
pub use entry::Entry;
pub use event::{
    Deposited, FeeCharged, InterestCredited, Means, Opened, TransferReceived, TransferSent, WithdrawalRefused,
    Withdrawn,
};
pub use money::{Money, MoneyError};
pub use transaction::{AccountId, Operation, Partner, Transaction, TransactionId};
