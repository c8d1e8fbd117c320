//! Ledgers that are accepted, and errors of those that are not.

use std::error::Error;

use bank::{
    domain::{AccountId, Money, Operation},
    ledger::{Ledger, Row},
};

const HEADER: &str =
    "transaction_id,account_id,date,kind,operation,amount_minor,balance_minor,symbol,partner_bank,partner_account";

fn parse(rows: &str) -> Result<Vec<Row>, String> {
    parse_bytes(format!("{HEADER}\n{rows}").as_bytes())
}

fn parse_bytes(bytes: &[u8]) -> Result<Vec<Row>, String> {
    match Ledger::parse("l.csv", bytes) {
        Ok(ledger) => Ok(ledger.rows().to_vec()),
        Err(error) => Err(format!("{error}: {}", error.source().expect("a source"))),
    }
}

#[track_caller]
fn assert_mistake(rows: &str, expected: &str) {
    assert_eq!(parse(rows).expect_err("a mistake"), expected);
}

#[test]
fn the_small_ledger_is_well_formed() {
    assert_eq!(Ledger::small().expect("well formed").rows().len(), 24);
}

#[test]
fn every_operation_is_read() {
    let rows = parse(
        "1,7,1993-01-01,credit,cash deposit,10,10,,,\n\
         2,7,1993-01-01,credit,transfer in,10,20,DUCHOD,AB,55\n\
         3,7,1993-01-01,credit,,10,30,UROK,,\n\
         4,7,1993-01-01,debit,cash withdrawal,10,20,,,\n\
         5,7,1993-01-01,debit,card withdrawal,10,10,,,\n\
         6,7,1993-01-01,debit,transfer out,10,0, ,,\n\
         7,7,1993-01-01,debit,cash withdrawal,10,-10,SLUZBY,,\n\
         8,7,1993-01-01,debit,cash withdrawal,10,-20,SANKC. UROK,,\n\
         9,7,1993-01-01,debit,,10,-30,,,\n",
    )
    .expect("well formed");
    let operations: Vec<_> = rows.iter().map(|row| row.transaction.operation).collect();
    assert_eq!(
        operations,
        [
            Operation::CashDeposit,
            Operation::TransferIn,
            Operation::Interest,
            Operation::CashWithdrawal,
            Operation::CardWithdrawal,
            Operation::TransferOut,
            Operation::Fee,
            Operation::Fee,
            Operation::Fee,
        ]
    );
    assert_eq!(rows[1].transaction.symbol.as_deref(), Some("DUCHOD"));
    assert_eq!(rows[1].transaction.partner.as_ref().map(|partner| partner.account.as_str()), Some("55"));
    assert_eq!(rows[5].transaction.symbol, None, "a blank says nothing");
    assert_eq!((rows[8].account, rows[8].balance), (AccountId::from(7), Money::from_minor(-30)));
}

#[test]
fn columns_may_stand_in_any_order_beside_others() {
    let rows = parse_bytes(
        b"note,partner_account,partner_bank,symbol,balance_minor,amount_minor,operation,kind,date,account_id,transaction_id\n\
          hello,,,,10,10,cash deposit,credit,1993-01-01,7,1\n",
    );
    assert_eq!(rows.expect("well formed")[0].account, AccountId::from(7));
}

#[test]
fn a_byte_order_mark_and_line_ends_of_two_bytes_are_fine() {
    let text =
        format!("\u{feff}{HEADER}\r\n1,7,1993-01-01,credit,cash deposit,10,10,,,\r\n2,7,1993-01-01,x,,1,1,,,\r\n");
    let mistake = parse_bytes(text.as_bytes()).expect_err("a mistake");
    assert_eq!(mistake, "l.csv:3: `kind` is `x`; expected `credit` or `debit`");
}

#[test]
fn lines_are_counted_through_quoted_fields_and_blank_lines() {
    assert_mistake(
        "1,7,1993-01-01,credit,cash deposit,10,10,\"two\nlines\",,\n\n\n2,7,1993-13-01,credit,,1,1,,,\n",
        "l.csv:6: `date` is `1993-13-01`; expected a day such as 1993-01-31",
    );
}

#[test]
fn a_day_is_a_day_of_the_calendar() {
    let row = |date: &str| format!("1,7,{date},credit,cash deposit,10,10,,,\n");
    for date in ["1996-02-29", "2000-02-29"] {
        parse(&row(date)).expect(date);
    }
    let wrong =
        ["1993-02-29", "1900-02-29", "1993-1-1", "19930101", "1993-01-01T00:00", "", " 1993-01-01", "01.01.1993"];
    for date in wrong {
        assert_mistake(&row(date), &format!("l.csv:2: `date` is `{date}`; expected a day such as 1993-01-31"));
    }
}

#[test]
fn an_amount_is_positive_and_fits() {
    for amount in ["0", "-5", "+5", "5.0", "", "9223372036854775808", "1e3", "99999999999999999999999999"] {
        assert_mistake(
            &format!("1,7,1993-01-01,credit,cash deposit,{amount},10,,,\n"),
            &format!("l.csv:2: `amount_minor` is `{amount}`; expected a positive whole number within 64 bits"),
        );
    }
}

#[test]
fn numbers_are_digits_alone() {
    assert_mistake(
        "x1,7,1993-01-01,credit,cash deposit,1,1,,,\n",
        "l.csv:2: `transaction_id` is `x1`; expected a number of digits alone",
    );
    assert_mistake(
        "1,-7,1993-01-01,credit,cash deposit,1,1,,,\n",
        "l.csv:2: `account_id` is `-7`; expected a number of digits alone",
    );
    assert_mistake(
        "1,7,1993-01-01,credit,cash deposit,1,,,,\n",
        "l.csv:2: `balance_minor` is ``; expected a whole number within 64 bits",
    );
}

#[test]
fn kind_and_operation_are_known_and_agree() {
    assert_mistake(
        "1,7,1993-01-01,gift,cash deposit,1,1,,,\n",
        "l.csv:2: `kind` is `gift`; expected `credit` or `debit`",
    );
    assert_mistake(
        "1,7,1993-01-01,debit,cash deposit,1,1,,,\n",
        "l.csv:2: `operation` is `cash deposit`, which is no debit",
    );
    let error = parse("1,7,1993-01-01,debit,\"cheque\ndrawn\",1,1,,,\n").expect_err("a mistake");
    assert!(error.starts_with("l.csv:2: `operation` is `cheque\\ndrawn`; expected "), "{error}");
}

#[test]
fn a_long_field_is_cut_short() {
    let long = "9".repeat(100_000);
    let error = parse(&format!("1,{long},1993-01-01,credit,cash deposit,1,1,,,\n")).expect_err("a mistake");
    assert!(error.len() < 150, "{error}");
}

#[test]
fn rows_have_as_many_fields_as_the_header() {
    assert_mistake("1,7,1993-01-01,credit,cash deposit,1,1,,\n", "l.csv:2: 9 field(s), and the header has 10");
    assert_mistake("1,7,1993-01-01,credit,cash deposit,1,1,,,,\n", "l.csv:2: 11 field(s), and the header has 10");
}

#[test]
fn a_quote_that_is_never_closed_does_not_swallow_rows() {
    assert_mistake(
        "1,7,1993-01-01,credit,cash deposit,1,1,,,\"x\n2,7,1993-01-01,credit,cash deposit,1,2,,,\n",
        "l.csv:2: a quoted field is never closed",
    );
}

#[test]
fn the_header_has_every_column_once() {
    let mistake = |text: &str| parse_bytes(text.as_bytes()).expect_err("a mistake");
    assert_eq!(mistake(""), "l.csv:1: the file is empty; its first line must name the columns");
    assert_eq!(mistake(&HEADER.replace("account_id,", "")), "l.csv:1: the header has no column `account_id`");
    assert_eq!(mistake(&format!("{HEADER},date")), "l.csv:1: the header names the column `date` twice");
    assert_eq!(parse_bytes(HEADER.as_bytes()), Ok(Vec::new()), "a header alone is a ledger without rows");
}

#[test]
fn what_is_not_utf8_is_a_mistake() {
    let mut bytes = format!("{HEADER}\n1,7,1993-01-01,credit,cash deposit,1,1,").into_bytes();
    bytes.extend(b"\xe8e\xb9tina,,\n");
    assert_eq!(parse_bytes(&bytes).expect_err("a mistake"), "l.csv:2: `symbol` is not UTF-8");
}

#[test]
fn a_transaction_may_be_repeated_but_not_changed() {
    let row = "1,7,1993-01-01,credit,cash deposit,1,1,,,\n";
    assert_eq!(parse(&row.repeat(2)).expect("well formed").len(), 2);
    for changed in ["1,8,1993-01-01,credit,cash deposit,1,1,,,\n", "1,7,1993-01-01,credit,cash deposit,2,1,,,\n"] {
        assert_mistake(&format!("{row}{changed}"), "l.csv:3: transaction 1 is on line 2 already, with other content");
    }
}
