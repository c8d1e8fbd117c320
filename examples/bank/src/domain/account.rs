//! The account: its state, and the decisions made on it.

use std::collections::HashMap;

use es::prelude::*;
use jiff::civil::Date;

use super::{
    AccountId, Deposited, FeeCharged, InterestCredited, Means, Money, Opened, Operation, Transaction, TransactionId,
    TransferReceived, TransferSent, WithdrawalRefused, Withdrawn,
    event::retired::{OpenedWithDeposit, StatementIssued},
};

/// An account of the bank.
#[derive(Aggregate, Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[aggregate(
    category = "account",
    id = AccountId,
    events(
        Opened,
        Deposited,
        Withdrawn,
        TransferReceived,
        TransferSent,
        InterestCredited,
        FeeCharged,
        WithdrawalRefused,
    ),
    retired(OpenedWithDeposit, StatementIssued)
)]
pub struct Account {
    /// The day it was opened.
    pub opened_on: Option<Date>,
    /// The balance, which may be negative.
    pub balance: Money,
    /// The transactions that were booked, by the bank's numbers.
    pub booked: HashMap<TransactionId, Booked>,
    /// How often a withdrawal was refused.
    pub refusals: u64,
}

/// A booked transaction: enough to recognise it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booked {
    /// The day.
    pub on: Date,
    /// The amount.
    pub amount: Money,
    /// The balance after it.
    pub balance: Money,
}

/// Records a fact of the bank's books, whatever the balance; does nothing if it is booked already.
#[derive(Clone, Debug)]
pub struct Book(pub Transaction);

/// Withdraws cash: a decision. A refusal is recorded as [`WithdrawalRefused`].
#[derive(Clone, Copy, Debug)]
pub struct Withdraw {
    /// The day it is asked for.
    pub on: Date,
    /// The amount.
    pub amount: Money,
}

/// Why the account refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// There is no such account.
    #[error("the account does not exist")]
    NotOpen,
    /// The balance is too low.
    #[error("{amount} cannot be withdrawn from a balance of {balance}")]
    Insufficient {
        /// The amount that was asked for.
        amount: Money,
        /// The balance.
        balance: Money,
    },
    /// Another transaction with this number is booked.
    #[error("transaction {0} is booked already, with other content")]
    BookedDifferently(TransactionId),
    /// The balance would be more than 64 bits hold.
    #[error("the balance would not fit into 64 bits")]
    BeyondRange,
}

#[es::apply]
impl Account {
    fn opened(&mut self, event: Opened) {
        self.opened_on = Some(event.on);
    }

    fn deposited(&mut self, event: Deposited) {
        self.credit(event.transaction, event.on, event.amount);
    }

    fn withdrawn(&mut self, event: Withdrawn) {
        self.debit(event.transaction, event.on, event.amount);
    }

    fn transfer_received(&mut self, event: TransferReceived) {
        self.credit(event.transaction, event.on, event.amount);
    }

    fn transfer_sent(&mut self, event: TransferSent) {
        self.debit(Some(event.transaction), event.on, event.amount);
    }

    fn interest_credited(&mut self, event: InterestCredited) {
        self.credit(event.transaction, event.on, event.amount);
    }

    fn fee_charged(&mut self, event: FeeCharged) {
        self.debit(Some(event.transaction), event.on, event.amount);
    }

    fn withdrawal_refused(&mut self, _: WithdrawalRefused) {
        self.refusals += 1;
    }
}

impl Account {
    fn credit(&mut self, transaction: TransactionId, on: Date, amount: Money) {
        self.balance = self.balance.saturating_add(amount);
        self.note(Some(transaction), on, amount);
    }

    fn debit(&mut self, transaction: Option<TransactionId>, on: Date, amount: Money) {
        self.balance = self.balance.saturating_sub(amount);
        self.note(transaction, on, amount);
    }

    fn note(&mut self, transaction: Option<TransactionId>, on: Date, amount: Money) {
        if let Some(id) = transaction {
            self.booked.insert(id, Booked { on, amount, balance: self.balance });
        }
    }
}

impl Handle<Book> for Account {
    type Error = Refusal;

    fn handle(&self, Book(transaction): Book) -> Result<impl IntoEvents<Self>, Refusal> {
        let Transaction { id, on, operation, amount, symbol, partner } = transaction;
        if let Some(booked) = self.booked.get(&id) {
            let same = booked.on == on && booked.amount == amount;
            return if same { Ok(Events::new()) } else { Err(Refusal::BookedDifferently(id)) };
        }
        operation.balance_after(self.balance, amount).ok_or(Refusal::BeyondRange)?;
        let events = if self.opened_on.is_none() { Events::new().and(Opened { on }) } else { Events::new() };
        Ok(match operation {
            Operation::CashDeposit => events.and(Deposited { transaction: id, on, amount, symbol, partner }),
            Operation::TransferIn => events.and(TransferReceived { transaction: id, on, amount, symbol, partner }),
            Operation::Interest => events.and(InterestCredited { transaction: id, on, amount, symbol, partner }),
            Operation::CashWithdrawal | Operation::CardWithdrawal => events.and(Withdrawn {
                transaction: Some(id),
                on,
                amount,
                means: if operation == Operation::CardWithdrawal { Means::Card } else { Means::Cash },
                symbol,
                partner,
            }),
            Operation::TransferOut => events.and(TransferSent { transaction: id, on, amount, symbol, partner }),
            Operation::Fee => events.and(FeeCharged { transaction: id, on, amount, symbol, partner }),
        })
    }
}

impl Handle<Withdraw> for Account {
    type Error = Refusal;

    fn handle(&self, Withdraw { on, amount }: Withdraw) -> Result<impl IntoEvents<Self>, Refusal> {
        if self.opened_on.is_none() {
            return Err(Refusal::NotOpen);
        }
        if amount > self.balance {
            return Ok(Events::new().and(WithdrawalRefused { on, amount, balance: self.balance }));
        }
        Ok(Events::new().and(Withdrawn {
            transaction: None,
            on,
            amount,
            means: Means::Cash,
            symbol: None,
            partner: None,
        }))
    }
}

impl WithdrawalRefused {
    /// The refusal that the caller receives.
    pub fn refusal(&self) -> Refusal {
        Refusal::Insufficient { amount: self.amount, balance: self.balance }
    }
}
