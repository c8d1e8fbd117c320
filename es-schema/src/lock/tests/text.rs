//! The text: what is written is read again, and what is no lock's is refused.

use std::collections::BTreeMap;

#[cfg(not(feature = "schema"))]
use super::super::{
    compare::{Difference, compare},
    types,
};
use super::{
    super::{
        contents::{Contents, Layout, Unreadable},
        token,
    },
    contents,
};

pub(super) const FULL: &str = r#"
stream account
  id is AccountId, prints 1 as "acc-1", a not at all, 00000000-0000-0000-0000-000000000000 as "a \"b\", c"
  account.deposited
  account.opened
  transfer.made (retired)

stream "my orders"
  id is Box<dyn Fn(u8) -> u8>, of which only the type is watched
  "the \"odd\" one"

event account.deposited
  also deposit_made up to 2
  1: amount: f64, note: Option<String>, source: String
  2: + currency: Currency
  3: - note: Option<String>, - source: String, + origin: String
  4: - amount: f64, + amount: Money (with cents)
  5: unchanged
  serde nothing up to 3
  serde deny_unknown_fields, tag = "type"
  where Currency up to 3 is string
  where Currency is @Currency
  where Money (with cents) is unseen int64

event account.opened
  1: as Raw<A, B>
  2: not described
  3: {}
  4: + "a key": BTreeMap<String, (u8, f64)>, + born?: u8 (with a::<(B, C)>::d) (also age, "how old"), + ..Extra, + ..Extra
  5: - ..Extra, + ..More
  where Extra is {"*": @Money, a? (also b, "c d"): <= "A" | = 5 | null>, *: any, nothing else}

event "the \"odd\" one"
  1: ()
  2: (f64,)
  3: (Money)
  4: (Box<dyn Fn(u8) -> u8>, String?, Vec<u8> (with hex))
  5: null
  6: null: u8

event transfer.made
  1: unchanged: ()

type Currency
  | = "EUR"
  | {a: @Money.2, nothing else}
  | other

type Money
  cents: int64
  note?: <null | string(date-time)>

type Money.2
  = integer(-3..=7)
"#;

fn full(body: &str) -> String {
    format!("{}\n{body}", token::HEADER)
}

#[track_caller]
fn unreadable(text: &str, line: usize) {
    assert_eq!(text.parse::<Contents>().map_err(|Unreadable { line, .. }| line), Err(line));
}

#[test]
fn what_is_written_is_read_again() {
    assert_eq!(contents(&full(FULL)).to_string(), full(FULL));
    assert_eq!(contents(&full(FULL).replace('\n', "\r\n")), contents(FULL));
}

#[test]
fn types_that_would_be_read_as_something_else_stand_in_quotes() {
    for ty in
        ["A, B", "A?", "A (with b)", "A (also b)", "A<B", "A>B", "\"A\"", "Vec<\"A\">", " A", "", "A)", "f32\n2: x"]
    {
        let quoted = token::ty(ty).to_string();
        assert!(quoted.starts_with('"'), "{quoted}");
        for layout in ["a?: T (with b)", "..T (also b)", "(T?, T)", "as T"] {
            let text = format!("event x\n  1: {}\n", layout.replace('T', &quoted));
            let written = contents(&text).to_string();
            assert!(written.ends_with(&text), "{written} {text}");
        }
    }
}

/// `derive(Aggregate)` writes a unit test that looks for the stream without this crate.
#[test]
fn a_stream_that_is_written_is_one_nobody_is_reminded_of() {
    for category in ["account", "my orders", "größe", "a\"b", "a\\b", "", "stream", "#"] {
        let mut lock = Contents::default();
        lock.streams.insert(category.to_owned(), BTreeMap::new());
        let text = lock.to_string();
        assert!(!es_core::__private::lacks(&text, category), "{text}");
        assert!(es_core::__private::lacks(&text, "another"), "{text}");
    }
}

#[test]
fn a_lock_is_data_for_tools() {
    let lock = contents(FULL);
    let money = &lock.events["account.deposited"].layouts[&5];
    let Layout::Named(money) = money else { panic!("{money}") };
    assert_eq!(money.keyed["amount"].accepts().as_deref(), Some("unseen int64"));
    assert_eq!(money.keyed["currency"].accepts().as_deref(), Some("@Currency"));
    assert_eq!(money.keyed["origin"].accepts(), None);
    assert_eq!(lock.types().into_keys().collect::<Vec<_>>(), ["Currency", "Money", "Money.2"]);
    assert_eq!(lock.types()["Money"], ["cents: int64", "note?: <null | string(date-time)>"]);
    assert_eq!(lock.ids["my orders"].prints, None);
}

#[test]
fn a_damaged_lock_says_which_line() {
    unreadable("event x\n  1: a: u8\n<<<<<<< ours\n  2: + b: u8", 3);
    unreadable("event x\n  1: a: u8\n  3: + b: u8", 3);
    unreadable("event x\n  1: a: u8\n  1: a: u8", 3);
    unreadable("event x\n  1: a: u8, a: u8", 2);
    unreadable("event x\n  1: a: u8\n  2: - b: u8", 3);
    unreadable("event x\n  1: + a: u8", 2);
    unreadable("event x\n  1: unchanged", 2);
    unreadable("event x\n  1: a u8", 2);
    unreadable("event x\n  1: a: \"u8", 2);
    unreadable("event x\n  1: a: u8 (with b", 2);
    unreadable("event x\n  1: (u8", 2);
    unreadable("event x\n  also y up to z", 2);
    unreadable("event x\n\nevent x", 3);
    unreadable("event x y", 1);
    unreadable("events", 1);
    unreadable("  1: a: u8", 1);
    unreadable("stream a\n  x\n  x", 3);
    unreadable("stream a\n  x", 2);
    unreadable("type Money\n  cents: int65\nevent x", 3);
    unreadable("type Money\n  = null\n\ntype Money\n  = null\n\nevent x", 7);
    unreadable("event x\n  1: a: T\n  where T is", 3);
    unreadable("stream a\n  id is X, prints 1 as \"1\"", 2);
}

#[test]
fn a_byte_order_mark_is_called_by_its_name() {
    let unreadable = "\u{feff}# a lock\n".parse::<Contents>().unwrap_err();
    assert_eq!(unreadable.line, 1);
    assert!(unreadable.what.contains("byte order mark; save it as UTF-8 without one"), "{}", unreadable.what);
}

#[test]
#[cfg(not(feature = "schema"))]
fn a_program_that_sees_no_types_is_silent_about_them_and_keeps_them() {
    let locked = contents(FULL);
    let told = FULL.lines().filter(|line| !line.starts_with("  where "));
    let unseeing = contents(&told.collect::<Vec<_>>().join("\n"));
    assert_eq!(compare(&locked, &unseeing), Difference::default());
    assert_eq!(types::keep(&locked, unseeing).to_string(), full(FULL));
}
