//! The read models of given events.

use bank::{
    domain::{
        Account, Deposited, FeeCharged, InterestCredited, Means, Money, Opened, Partner, TransferReceived,
        TransferSent, WithdrawalRefused, Withdrawn,
    },
    read_models::{Balance, Days, Partners, Turnover},
};
use es::{Rows, testing::view_scenario};
use jiff::civil::{Date, date};

const DAY: Date = date(1993, 1, 15);
const NEXT: Date = date(1993, 1, 16);

fn partner(bank: &str, account: &str) -> Partner {
    Partner { bank: bank.to_owned(), account: account.to_owned() }
}

fn deposited(minor: i64) -> Deposited {
    Deposited { transaction: 1.into(), on: DAY, amount: Money::from_minor(minor), symbol: None, partner: None }
}

fn withdrawn(on: Date, minor: i64) -> Withdrawn {
    let amount = Money::from_minor(minor);
    Withdrawn { transaction: None, on, amount, means: Means::Cash, symbol: None, partner: None }
}

fn refused(on: Date) -> WithdrawalRefused {
    WithdrawalRefused { on, amount: Money::from_minor(9), balance: Money::ZERO }
}

#[test]
fn a_day_with_a_refusal_alone_has_no_row() {
    view_scenario::<Rows<Turnover>>()
        .given::<Account>(1, (Opened { on: DAY }, deposited(5), withdrawn(NEXT, 3), refused(date(1993, 1, 17))))
        .then(Rows::from_iter([
            (DAY, Turnover { credited: 5, debited: 0, rows: 1 }),
            (NEXT, Turnover { credited: 0, debited: 3, rows: 1 }),
        ]));
}

#[test]
fn a_turnover_may_be_more_than_64_bits_hold() {
    let most = i128::from(i64::MAX);
    view_scenario::<Rows<Turnover>>()
        .given::<Account>(1, deposited(i64::MAX))
        .given::<Account>(2, deposited(i64::MAX))
        .then(Rows::from_iter([(DAY, Turnover { credited: 2 * most, debited: 0, rows: 2 })]));
}

#[test]
fn every_account_has_a_balance() {
    view_scenario::<Rows<Balance>>()
        .given::<Account>(1, Opened { on: DAY })
        .given::<Account>(2, (Opened { on: DAY }, deposited(5), withdrawn(NEXT, 8), refused(NEXT)))
        .then(Rows::from_iter([
            (1.into(), Balance { balance: Money::ZERO }),
            (2.into(), Balance { balance: Money::from_minor(-3) }),
        ]));
}

#[test]
fn partners_are_kept_byte_for_byte_whatever_the_operation() {
    let (on, amount, symbol) = (DAY, Money::from_minor(2), None);
    let transaction = 1.into();
    let partner = |bank, account| Some(partner(bank, account));
    let rows = view_scenario::<Rows<Partners>>()
        .given::<Account>(1, Opened { on })
        .given::<Account>(1, Deposited { partner: partner("B", "1"), ..deposited(2) })
        .given::<Account>(1, Withdrawn { partner: partner("b", "1"), ..withdrawn(on, 2) })
        .given::<Account>(
            1,
            (
                TransferReceived { transaction, on, amount, symbol: symbol.clone(), partner: partner("B", "1") },
                TransferSent { transaction, on, amount, symbol: symbol.clone(), partner: partner("B", "1") },
                InterestCredited { transaction, on, amount, symbol: symbol.clone(), partner: partner("", "01") },
                FeeCharged { transaction, on, amount, symbol, partner: partner("B ", "") },
            ),
        )
        .given::<Account>(1, Deposited { partner: partner(" ", "  "), ..deposited(2) })
        .given::<Account>(2, (Opened { on }, refused(on)))
        .view();
    let first: Vec<_> = rows.get(&1.into()).expect("an account").iter().collect();
    assert_eq!(
        first,
        [
            ("", "01", Turnover { credited: 2, debited: 0, rows: 1 }),
            ("B", "1", Turnover { credited: 4, debited: 2, rows: 3 }),
            ("B ", "", Turnover { credited: 0, debited: 2, rows: 1 }),
            ("b", "1", Turnover { credited: 0, debited: 2, rows: 1 }),
        ]
    );
    assert_eq!(rows.get(&2.into()), Some(&Partners::default()));
    assert_eq!(rows.len(), 2);
}

#[test]
fn a_row_is_the_same_after_it_was_stored() {
    let turnover = Turnover { credited: 2 * i128::from(i64::MAX), debited: 1, rows: 3 };
    let text = serde_json::to_string(&turnover).expect("JSON");
    assert_eq!(serde_json::from_str::<Turnover>(&text).expect("a row"), turnover, "{text}");

    let rows = view_scenario::<Rows<Partners>>()
        .given::<Account>(1, Deposited { partner: Some(partner("\"A,B\"", "\n \u{1f4b0}")), ..deposited(i64::MAX) })
        .given::<Account>(1, Deposited { partner: Some(partner("", "77")), ..deposited(i64::MAX) })
        .given::<Account>(1, Deposited { partner: Some(partner("", "77")), ..deposited(i64::MAX) })
        .view();
    let partners = rows.get(&1.into()).expect("an account");
    let text = serde_json::to_string(partners).expect("JSON");
    assert_eq!(serde_json::from_str::<Partners>(&text).expect("a row"), *partners, "{text}");
    assert_eq!(partners.iter().count(), 2);
}

#[test]
fn days_include_both_ends() {
    let days = Days::new(Some(DAY), Some(NEXT)).expect("in order");
    let contained = [date(1993, 1, 14), DAY, NEXT, date(1993, 1, 17)].map(|day| days.contains(day));
    assert_eq!(contained, [false, true, true, false]);
    assert_eq!(Days::new(Some(NEXT), Some(DAY)).map_err(|error| (error.from, error.to)), Err((NEXT, DAY)));
    assert_eq!(Days::new(None, None), Ok(Days::ALL));
    assert!(Days::new(Some(NEXT), None).is_ok_and(|days| days.contains(Date::MAX) && !days.contains(DAY)));
}
