//! What an account decides: given, when, then.

use bank::domain::{
    Account, Book, Deposited, FeeCharged, InterestCredited, Means, Money, Opened, Operation, Refusal, Transaction,
    TransferReceived, TransferSent, Withdraw, WithdrawalRefused, Withdrawn,
};
use es::testing::scenario;
use jiff::civil::{Date, date};

const DAY: Date = date(1993, 1, 15);

fn crowns(minor: i64) -> Money {
    Money::from_minor(minor)
}

fn book(number: u64, operation: Operation, minor: i64) -> Book {
    Book(Transaction { id: number.into(), on: DAY, operation, amount: crowns(minor), symbol: None, partner: None })
}

fn deposited(number: u64, minor: i64) -> Deposited {
    Deposited { transaction: number.into(), on: DAY, amount: crowns(minor), symbol: None, partner: None }
}

#[test]
fn the_first_transaction_opens_the_account() {
    scenario::<Account>().when(book(1, Operation::CashDeposit, 100)).then((Opened { on: DAY }, deposited(1, 100)));
}

#[test]
fn each_operation_is_an_event_of_its_own() {
    let (on, amount, symbol, partner) = (DAY, crowns(5), None, None);
    let transaction = 2.into();
    let given = || scenario::<Account>().given((Opened { on }, deposited(1, 100)));
    let withdrawn =
        |means| Withdrawn { transaction: Some(transaction), on, amount, means, symbol: None, partner: None };
    given().when(book(2, Operation::CashDeposit, 5)).then(deposited(2, 5));
    given().when(book(2, Operation::CashWithdrawal, 5)).then(withdrawn(Means::Cash));
    given().when(book(2, Operation::CardWithdrawal, 5)).then(withdrawn(Means::Card));
    given().when(book(2, Operation::TransferIn, 5)).then(TransferReceived {
        transaction,
        on,
        amount,
        symbol: symbol.clone(),
        partner: partner.clone(),
    });
    given().when(book(2, Operation::TransferOut, 5)).then(TransferSent {
        transaction,
        on,
        amount,
        symbol: symbol.clone(),
        partner: partner.clone(),
    });
    given().when(book(2, Operation::Interest, 5)).then(InterestCredited {
        transaction,
        on,
        amount,
        symbol: symbol.clone(),
        partner: partner.clone(),
    });
    given().when(book(2, Operation::Fee, 5)).then(FeeCharged { transaction, on, amount, symbol, partner });
}

#[test]
fn facts_are_recorded_even_below_zero() {
    scenario::<Account>()
        .given((Opened { on: DAY }, deposited(1, 100)))
        .when(book(2, Operation::CashWithdrawal, 101))
        .then(Withdrawn {
            transaction: Some(2.into()),
            on: DAY,
            amount: crowns(101),
            means: Means::Cash,
            symbol: None,
            partner: None,
        });
}

#[test]
fn a_transaction_is_booked_once() {
    let given = || scenario::<Account>().given((Opened { on: DAY }, deposited(1, 100)));
    given().when(book(1, Operation::CashDeposit, 100)).then_nothing();
    given().when(book(1, Operation::CashDeposit, 101)).then_refused(Refusal::BookedDifferently(1.into()));
}

#[test]
fn a_balance_beyond_64_bits_is_refused() {
    scenario::<Account>()
        .given((Opened { on: DAY }, deposited(1, i64::MAX)))
        .when(book(2, Operation::TransferIn, 1))
        .then_refused(Refusal::BeyondRange);
}

#[test]
fn a_withdrawal_needs_an_account_and_its_balance() {
    let withdraw = |minor| Withdraw { on: DAY, amount: crowns(minor) };
    scenario::<Account>().when(withdraw(1)).then_refused(Refusal::NotOpen);

    let given = || scenario::<Account>().given((Opened { on: DAY }, deposited(1, 100)));
    given().when(withdraw(100)).then(Withdrawn {
        transaction: None,
        on: DAY,
        amount: crowns(100),
        means: Means::Cash,
        symbol: None,
        partner: None,
    });
    given().when(withdraw(101)).then(WithdrawalRefused { on: DAY, amount: crowns(101), balance: crowns(100) });
}

#[test]
fn what_older_banks_stored_still_counts() {
    scenario::<Account>()
        .given_stored("account.opened_with_deposit", 1, r#"{"transaction":1,"date":"1993-01-15","amount":1.0}"#)
        .given_stored(
            "account.transfer_in",
            1,
            r#"{"transaction":2,"on":"1993-01-15","amount":7,"symbol":null,"partner":null}"#,
        )
        .given_stored("account.statement_issued", 1, r#"{"on":"1993-01-15","balance":107}"#)
        .when(Withdraw { on: DAY, amount: crowns(108) })
        .then(WithdrawalRefused { on: DAY, amount: crowns(108), balance: crowns(107) });
}
