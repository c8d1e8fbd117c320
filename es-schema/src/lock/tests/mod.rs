//! What a lock catches, and what it is silent about.

use super::{
    compare::{Difference, compare},
    contents::Contents,
    error::LockError,
    overwrite,
};

mod text;

fn contents(text: &str) -> Contents {
    text.parse().unwrap_or_else(|unreadable| panic!("{unreadable:?} in\n{text}"))
}

/// A lock of the stream `account` with these sections of events.
fn account(events: &str) -> Contents {
    let names: String =
        events.lines().filter_map(|line| Some(format!("  {}\n", line.strip_prefix("event ")?))).collect();
    contents(&format!("stream account\n{names}\n{events}"))
}

fn difference(locked: &str, current: &str) -> Difference {
    compare(&account(locked), &account(current))
}

/// What the person who made `current` of `locked` reads.
#[track_caller]
fn report(locked: &str, current: &str) -> String {
    match LockError::of("events.lock".as_ref(), difference(locked, current)) {
        Err(LockError::Incompatible { report, .. }) => report,
        other => panic!("not broken: {other:?}"),
    }
}

#[track_caller]
fn silent(locked: &str, current: &str) {
    assert_eq!(difference(locked, current), Difference::default());
}

#[track_caller]
fn news(locked: &str, current: &str, expected: &[&str]) {
    let Difference { incompatibilities: broken, news } = difference(locked, current);
    assert_eq!(broken, []);
    assert_eq!(news, expected);
}

#[test]
fn an_unchanged_program_is_silent() {
    assert_eq!(compare(&contents(text::FULL), &contents(text::FULL)), Difference::default());
}

#[test]
fn the_spelling_of_standard_types_is_silent() {
    silent("event x\n  1: a: Vec<String>", "event x\n  1: a: ::std::vec::Vec<std::string::String>");
    report("event x\n  1: a: v1::Money", "event x\n  1: a: v2::Money");
}

#[test]
fn what_is_new_asks_for_an_update_only() {
    news("event x\n  1: a: u8", "event x\n  1: a: u8\n  2: + b: u8", &["event `x` in schema version 2"]);
    news("event x\n  1: a: u8", "event x\n  1: a: u8\nevent y\n  1: null", &["event `y` of stream `account`"]);
    news("event x\n  1: a: u8", "event x\n  1: a: u8 (also b)", &["event `x` reads more keys in schema version 1"]);
    news("event x\n  1: not described", "event x\n  1: a: u8", &["event `x` describes schema version 1"]);
    news("event x\n  1: a: u8", "event y\n  also x up to 1\n  1: a: u8", &["event `y` of stream `account`"]);
    news(
        "event x\n  also y up to 1\n  1: a: u8\n  2: unchanged",
        "event x\n  also y up to 2\n  1: a: u8\n  2: unchanged",
        &["event `x` was stored as `y` up to 2"],
    );
    let locked = contents("stream a\n  x\nevent x\n  1: null");
    let retired = contents("stream a\n  x (retired)\nstream b\n  x\nevent x\n  1: null");
    let Difference { incompatibilities: broken, news } = compare(&locked, &retired);
    assert_eq!(broken, []);
    assert_eq!(news, ["event `x` of stream `a` is retired", "stream `b`", "event `x` of stream `b`"]);
    let Difference { news, .. } = compare(&retired, &locked);
    assert_eq!(news, ["event `x` of stream `a` is written again"]);
}

#[test]
fn an_added_field_asks_for_its_default() {
    assert_eq!(
        report(
            "event account.deposited\n  also paid_in up to 1\n  1: amount: f64",
            "event account.deposited\n  also paid_in up to 1\n  1: amount: f64, currency: Currency, note: Option<String>"
        ),
        r#"event `account.deposited` has another shape in schema version 1 than was stored
    before  amount: f64
    after   amount: f64, currency: Currency, note: Option<String>
  declare the change in a schema version of its own
    on the struct
        #[event(name = "account.deposited", version = 2, alias("paid_in", up_to = 1))]
    on `currency`
        #[event(added(in = 2, default = Default::default()))]
    on `note`
        #[event(added(in = 2, default = None))]
  if it is another event, give it a name that was never stored

to replace the locked history, if no event was ever stored in this shape:  OVERWRITE_EVENT=account.deposited cargo test
"#
    );
}

#[test]
fn a_removed_field_asks_for_its_type() {
    let report = report("event x\n  1: a: u8, b?: Option<String> (with c)", "event x\n  1: a: u8");
    assert!(report.contains(
        r#"
    on the struct
        #[event(name = "x", version = 2)]
        #[event(removed(in = 2, name = "b", type = Option<String>, serde(default, with = "c")))]
"#
    ));
}

#[test]
fn a_field_of_the_same_type_is_taken_for_the_one_that_vanished() {
    let renamed = "    on `origin`\n        #[event(renamed(in = 2, from = \"source\"))]\n";
    let shown = |locked, current| report(&format!("event x\n  1: {locked}"), &format!("event x\n  1: {current}"));
    assert!(shown("a: u8, source: String", "a: u8, origin: String").contains(renamed));
    assert!(shown("source: String", "origin: Place (also source)").contains(
        "    on `origin`\n        #[event(changed(in = 2, from = String, name = \"source\", with = From::from))]\n"
    ));
    let kept = shown("source: String (also src)", "origin: String");
    let step =
        "changed(in = 2, from = String, name = \"source\", with = ::core::convert::identity, serde(alias = \"src\"))";
    assert!(kept.contains(step), "{kept}");
    news(
        "event x\n  1: source: String",
        "event x\n  1: origin: String (also source)",
        &[
            "`source` of event `x` in schema version 1 is written as `origin`: the release before cannot read all that \
             is written now",
            "event `x` reads more keys in schema version 1",
        ],
    );
    let unsure = shown("source: String", "origin: String, target: String");
    assert!(unsure.contains("removed(in = 2, name = \"source\", type = String)"), "{unsure}");
    assert!(unsure.contains("on `target`\n        #[event(added(in = 2, default = String::new()))]"), "{unsure}");
}

#[test]
fn a_changed_type_asks_for_the_way_from_the_old_one() {
    let report = report("event x\n  1: a: f64 (with b)", "event x\n  1: a: Money");
    assert!(
        report.contains(r#"#[event(changed(in = 2, from = f64, with = From::from, serde(with = "b")))]"#),
        "{report}"
    );
}

#[test]
fn a_changed_serde_attribute_is_caught() {
    let changed = r"#[event(changed(in = 2, from = u8, with = ::core::convert::identity";
    for (locked, current) in [("a?: u8", "a: u8"), ("a: u8", "a: u8 (with b)"), ("(u8?)", "(u8)")] {
        let report = report(&format!("event x\n  1: {locked}"), &format!("event x\n  1: {current}"));
        assert!(report.contains(changed), "{report}");
    }
    let alias = report("event x\n  1: a: u8 (also b)", "event x\n  1: a: u8");
    assert!(alias.contains("    on `a`\n        #[serde(alias = \"b\")]\n"), "{alias}");
    assert!(!alias.contains("version = 2"), "{alias}");
    let flattened = report("event x\n  1: ..Extra", "event x\n  1: ..Other");
    assert!(flattened.contains(
        "    on `..Other`\n        #[event(changed(in = 2, from = Extra, with = From::from, serde(flatten)))]\n"
    ));
    report("event x\n  1: a: u8, ..Extra", "event x\n  1: a: u8, ..Extra, ..Extra");
    report("event x\n  1: as Raw", "event x\n  1: as Other");
}

#[test]
fn a_tuple_is_held_to_its_order() {
    let moved = report("event x\n  1: (f64, String)", "event x\n  1: (String, f64)");
    assert!(moved.contains("changed places"), "{moved}");
    assert!(moved.contains(r#"#[event(name = "x", version = 2, previous = v1::X)]"#), "{moved}");
    let changed = report("event x\n  1: (f64, String)", "event x\n  1: (f64, u8)");
    assert!(
        changed.contains("    write `fn v1_1(old: String) -> u8`, since")
            && changed.contains("    on `1`\n        #[event(changed(in = 2, from = String, with = v1_1))]"),
        "{changed}"
    );
    report("event x\n  1: (f64, String)", "event x\n  1: (f64)");
    report("event x\n  1: (f64)", "event x\n  1: (f64,)");
    report("event x\n  1: a: f64", "event x\n  1: (f64)");
    report("event x\n  1: {}", "event x\n  1: null");
    report("event x\n  1: null", "event x\n  1: not described");
}

#[test]
fn an_old_version_is_history() {
    let report = report(
        "event x\n  1: a: f64\n  2: - a: f64, + a: Money\n  3: + b: u8",
        "event x\n  1: a: String\n  2: - a: String, + a: Money\n  3: + b: u8",
    );
    assert!(
        report.contains("schema version 1 than was stored\n    before  a: f64\n    after   a: String\n"),
        "{report}"
    );
    assert!(
        report.contains("    on `a`\n        #[event(changed(in = 2, from = f64, with = From::from))]\n"),
        "{report}"
    );
}

#[test]
fn a_field_without_a_step_changes_every_version() {
    let locked = "event x\n  1: a: u8\n  2: + b: u8";
    let forgotten = report(locked, "event x\n  1: a: u8, c: u8\n  2: + b: u8");
    assert!(forgotten.contains("in schema version 2 and 1 than was stored"), "{forgotten}");
    assert!(forgotten.contains(r#"#[event(name = "x", version = 3)]"#), "{forgotten}");
    let raised = report(locked, "event x\n  1: a: u8, c: u8\n  2: + b: u8\n  3: + d: u8");
    assert!(raised.contains("a step to schema version 3 is missing"), "{raised}");
    assert!(raised.contains("    on `c`\n        #[event(added(in = 3, default = 0))]"), "{raised}");
    assert!(!raised.contains("version = 4"), "{raised}");
}

#[test]
fn a_lowered_schema_version_is_caught() {
    let report = report("event x\n  1: a: u8\n  2: + b: u8", "event x\n  1: a: u8");
    assert!(report.contains("was stored with schema version 2, and this program knows 1"), "{report}");
    assert!(report.contains("before  2: a: u8, b: u8\n    after   1: a: u8\n"), "{report}");
    assert!(report.contains(r#"#[event(name = "x", version = 2)]"#), "{report}");
}

#[test]
fn an_event_that_is_gone_is_caught_in_each_stream_on_its_own() {
    let gone = report("event a\n  1: null\nevent transfer.made\n  1: b: u8\n  2: unchanged", "event a\n  1: null");
    assert!(gone.contains("event `transfer.made` of stream `account` can no longer be read"), "{gone}");
    assert!(gone.contains("before  2: b: u8\n    after   nothing\n"), "{gone}");
    assert!(gone.contains("retired(Made)"), "{gone}");
    assert!(gone.contains("alias(\"transfer.made\", up_to = 2)"), "{gone}");

    let event = "event x\n  1: null";
    let both = contents(&format!("stream a\n  x\nstream b\n  x\n{event}"));
    let one = contents(&format!("stream a\nstream b\n  x\n{event}"));
    let Difference { incompatibilities: broken, .. } = compare(&both, &one);
    let text = broken.iter().map(ToString::to_string).collect::<String>();
    assert!(text.contains("event `x` of stream `a` can no longer be read"), "{text}");
    assert!(text.contains("nothing here, though stream `b` still reads it"), "{text}");
}

#[test]
fn a_renamed_event_is_recognised() {
    let report = report(
        "event a\n  1: null\nevent transfer.made\n  1: b: u8\n  2: unchanged",
        "event a\n  1: null\nevent other\n  1: c: u8\nevent sent\n  1: b: u8",
    );
    assert!(
        report.contains(
            r#"
  if it is `sent` today
        #[event(name = "sent", version = 2, alias("transfer.made", up_to = 2))]
"#
        ),
        "{report}"
    );
}

#[test]
fn a_former_name_is_held_too() {
    let locked = "event x\n  also y up to 2\n  1: null\n  2: unchanged";
    let gone = report(locked, "event x\n  1: null\n  2: unchanged");
    assert!(gone.contains("event `x` was stored as `y` up to schema version 2"), "{gone}");
    assert!(gone.contains(r#"#[event(name = "x", version = 2, alias("y", up_to = 2))]"#), "{gone}");
    let shorter = report(locked, "event x\n  also y up to 1\n  1: null\n  2: unchanged");
    assert!(shorter.contains("after   also y up to 1"), "{shorter}");
    let renamed = report("event x\n  1: null\n  2: unchanged", "event y\n  also x up to 1\n  1: null\n  2: unchanged");
    assert!(renamed.contains("event `y` was stored as `x` up to schema version 2"), "{renamed}");
}

#[test]
fn a_renamed_event_is_held_to_its_old_shapes() {
    let report = report("event x\n  1: a: u8", "event y\n  also x up to 1\n  1: a: String\n  2: - a: String, + a: u8");
    assert!(report.contains("event `y` has another shape in schema version 1"), "{report}");
}

#[test]
fn a_stored_name_taken_by_another_event_is_caught() {
    let report = report("event x\n  1: a: u8\nevent y\n  1: null", "event y\n  also x up to 1\n  1: null");
    assert!(report.contains("event `y` has another shape in schema version 1"), "{report}");
    assert!(report.contains("if it is another event, give it a name that was never stored"), "{report}");
}

#[test]
fn a_stream_that_nobody_reads_is_caught() {
    let locked = contents("stream a\n  x\nstream b\n  x\nevent x\n  1: null");
    let text = |current: &str| {
        compare(&locked, &contents(current)).incompatibilities.iter().map(ToString::to_string).collect::<String>()
    };
    let gone = text("stream b\n  x\nevent x\n  1: null");
    assert!(gone.contains("stream `a` is locked, and no aggregate of this check has that category"), "{gone}");
    let renamed = text("stream b\n  x\nstream c\n  x\nevent x\n  1: null");
    assert!(renamed.contains("its events are in `c` now"), "{renamed}");
    assert!(renamed.contains("#[aggregate(category = \"a\", …)]"), "{renamed}");
}

#[test]
fn types_of_the_standard_library_are_compared_by_what_they_accept() {
    for (locked, current) in [
        ("Cow<'static, str>", "String"),
        ("Box<Money>", "Money"),
        ("HashMap<String, Arc<u8>>", "BTreeMap<Cow<'a, str>, u8>"),
        ("Vec<[u8; 3]>", "VecDeque<[u8; 3]>"),
        ("HashSet<Money>", "BTreeSet<Money>"),
        ("Option<Box<(u8, Money)>>", "Option<(u8, Money)>"),
        ("u64", "usize"),
    ] {
        silent(&format!("event x\n  1: a: {locked}"), &format!("event x\n  1: a: {current}"));
    }
    for (locked, current) in [("u32", "u64"), ("Vec<u8>", "Vec<i16>"), ("f32", "f64"), ("u8", "Option<u8>")] {
        news(
            &format!("event x\n  1: a: {locked}"),
            &format!("event x\n  1: a: {current}"),
            &[
                "`a` of event `x` in schema version 1 reads and writes more than before: the release before cannot read \
               all that is written now",
            ],
        );
    }
    for (locked, current) in [
        ("u64", "u32"),
        ("u8", "i8"),
        ("u64", "f64"),
        ("Option<u8>", "u8"),
        ("Vec<u8>", "[u8; 3]"),
        ("Vec<u8>", "HashSet<u8>"),
        ("HashMap<Id, u8>", "HashMap<Other, u8>"),
        ("Money", "Amount"),
        ("String", "char"),
    ] {
        report(&format!("event x\n  1: a: {locked}"), &format!("event x\n  1: a: {current}"));
    }
}

#[test]
fn a_default_put_on_a_field_reads_what_is_stored() {
    news("event x\n  1: a: u8", "event x\n  1: a?: u8", &["`a` of event `x` may be absent in schema version 1"]);
}

#[test]
fn the_history_of_one_event_is_given_up_alone() {
    let mut locked = account("event x\n  1: a: u8\nevent y\n  1: a: u8\nevent z\n  1: a: u8");
    let current = account("event x\n  1: a: String\nevent y\n  1: a: String\nevent new\n  also z up to 1\n  1: b: u8");
    let names = |names: &[&str]| names.iter().map(|name| String::from(*name)).collect::<Vec<_>>();
    overwrite::overwrite(&mut locked, &current, &names(&["y", "new"]));
    assert_eq!(
        locked,
        account("event new\n  also z up to 1\n  1: b: u8\nevent x\n  1: a: u8\nevent y\n  1: a: String")
    );
}

#[test]
fn the_ids_of_a_stream_are_held_to_their_type_and_what_they_print() {
    let lock = |id: &str| contents(&format!("stream account\n{id}  x\n\nevent x\n  1: null\n"));
    let one = |ty: &str, one: &str| {
        lock(&format!(
            "  id is {ty}, prints 1 as \"{one}\", a not at all, 00000000-0000-0000-0000-000000000000 not at all\n"
        ))
    };
    let only = |ty: &str| lock(&format!("  id is {ty}, of which only the type is watched\n"));
    let broken = |locked: &Contents, current: &Contents| compare(locked, current).incompatibilities.len();
    assert_eq!(broken(&one("u64", "1"), &one("u64", "1")), 0);
    assert_eq!(broken(&one("String", "1"), &one("std::string::String", "1")), 0);
    assert_eq!(broken(&one("Id", "1"), &one("Id", "01")), 1);
    assert_eq!(broken(&one("u64", "1"), &one("u32", "1")), 1);
    assert_eq!(broken(&one("Id", "1"), &only("Id")), 1);
    assert_eq!(broken(&only("Id"), &only("Other")), 1);
    assert_eq!(compare(&only("Id"), &one("Id", "1")).news, ["what ids of stream `account` print"]);
    assert_eq!(compare(&lock(""), &one("Id", "1")).news, ["the id of stream `account`"]);
    let text = compare(&one("Id", "1"), &one("Id", "01")).incompatibilities[0].to_string();
    assert!(text.contains("#[aggregate(category = \"account\", id = Id, …)]"), "{text}");
}
