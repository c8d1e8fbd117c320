//! The lock with the feature `schema`, which looks into the types inside payloads.

#![cfg(feature = "schema")]

use std::{fs, path::PathBuf};

use es::{
    prelude::*,
    schema::{Aggregates, Lock, LockError, Update},
};
use tempfile::TempDir;

/// The aggregate `Account`, whose event has the `Money` of the surrounding module.
macro_rules! account {
    ($($ty:ty),+) => {
        #[derive(Event, Clone, Serialize, Deserialize)]
        #[event(name = "account.deposited")]
        pub(super) struct Deposited($(pub(super) $ty),+);

        #[derive(Aggregate, Default)]
        #[aggregate(category = "account", id = String, events(Deposited))]
        pub(super) struct Account;

        impl Apply<Deposited> for Account {
            fn apply(&mut self, _: Deposited) {}
        }
    };
}

/// Types inside payloads.
macro_rules! inner {
    ($($item:item)+) => {
        $(
            #[derive(Clone, Serialize, Deserialize, es::schema::schemars::JsonSchema)]
            #[schemars(crate = "es::schema::schemars")]
            $item
        )+
    };
}

mod today {
    use super::*;

    pub(super) type Amount = f64;

    /// A type without `JsonSchema`.
    #[derive(Clone, Serialize, Deserialize)]
    pub(super) struct Opaque(u8);

    inner! {
        pub(super) struct Money { cents: i64, currency: Currency, parts: Vec<Part> }

        pub(super) enum Currency { Eur, Usd, Other { code: String, places: Option<u8> }, Pair(u8, u16), Alone(bool) }

        pub(super) struct Part { of: Box<Money>, share: [u32; 2], pair: (u8, String) }

        #[serde(untagged)]
        pub(super) enum Note { Text(String), Number(f32) }

        #[serde(deny_unknown_fields)]
        pub(super) struct Page<T> {
            items: Vec<T>,
            #[serde(default)]
            total: usize,
            #[serde(rename = "by name")]
            by_name: std::collections::BTreeMap<String, Note>,
        }
    }

    account!(Option<Money>, Amount, Page<Part>, Opaque, String);
}

#[test]
fn a_lock_holds_the_types_inside_payloads() {
    let written = Written::by::<today::Account>();
    let text = written.text();
    let (_, event) = text.split_once("\n\nevent ").expect("an event");
    assert_eq!(
        event,
        r#"account.deposited
  1: (Option<Money>, Amount, Page<Part>, Opaque, String)
  where Amount is double
  where Opaque is unseen uint8
  where Option<Money> is <null | @Money>
  where Page<Part> is @Page

type Currency
  | = "Eur"
  | = "Usd"
  | {Alone: boolean, nothing else}
  | {Other: {code: string, places?: <null | uint8>}, nothing else}
  | {Pair: (uint8, uint16, ), nothing else}

type Money
  cents: int64
  currency: @Currency
  parts: [@Part]

type Note
  | float
  | string

type Page
  "by name": {*: @Note}
  items: [@Part]
  total?: uint64
  nothing else

type Part
  of: @Money
  pair: (uint8, string, )
  share: [uint32; 2]
"#
    );
    written.holds::<today::Account>();
}

mod small {
    use super::*;

    inner! {
        pub(super) struct Money { cents: i64, currency: Currency }
        pub(super) enum Currency { Eur, Usd }
        pub(super) struct Part { of: Money }
    }
    account!(Vec<Part>, Money);
}

mod rearranged {
    use super::*;

    inner! {
        #[doc = "What something costs."]
        pub(super) struct Money {
            #[doc = "Of which kind."]
            #[serde(rename = "currency")]
            kind: Currency,
            #[serde(rename = "cents")]
            amount: i64,
        }
        pub(super) enum Currency {
            #[doc = "Green."]
            Usd,
            #[serde(rename = "Eur")]
            Euro,
        }
        pub(super) struct Part { of: Money }
    }
    account!(Vec<Part>, Money);
}

#[test]
fn renames_in_rust_order_and_comments_change_nothing_in_nested_types() {
    Written::by::<small::Account>().holds::<rearranged::Account>();
}

mod changed {
    use super::*;

    inner! {
        pub(super) struct Money { cents: i64, currency: Currency }
        pub(super) enum Currency { Eur, Sek }
        pub(super) struct Part { of: Money }
    }
    account!(Vec<Part>, Money);
}

#[test]
fn a_change_in_a_nested_type_names_the_type_and_its_events() {
    let failure = Written::by::<small::Account>().fails::<changed::Account>();
    assert!(
        failure.contains(
            r#"type `Currency` changed, inside payloads that are stored
    before  | = "Eur"
            | = "Usd"
    after   | = "Eur"
            | = "Sek"
"#
        ),
        "{failure}"
    );
    assert!(!failure.contains("type `Money` changed"), "{failure}");
    assert!(failure.contains(r#"#[event(name = "account.deposited", version = 2)]"#), "{failure}");
    assert!(failure.contains("keep `Money` as it was, with its derives, as `OldMoney`"), "{failure}");
    assert!(
        failure.contains("    on `1`\n        #[event(changed(in = 2, from = OldMoney, with = From::from))]"),
        "{failure}"
    );
    let list =
        "changed(in = 2, from = Vec<OldPart>, with = |old| old.into_iter().map(|old| From::from(old)).collect())";
    assert!(failure.contains(list), "{failure}");
}

mod widened {
    use super::*;

    inner! {
        pub(super) struct Money { cents: i64, currency: Currency }
        pub(super) enum Currency { Usd, Eur, Sek(u8) }
        pub(super) struct Part { of: Money }
    }
    account!(Vec<Part>, Money);
}

#[test]
fn a_new_variant_asks_for_an_update_and_a_removed_one_fails() {
    let written = Written::by::<small::Account>();
    let run = written.lock.run::<widened::Account>(Update::Nothing);
    let Err(LockError::Outdated { news, .. }) = run else { panic!("{run:?}") };
    assert_eq!(news.len(), 2, "{news:?}");
    assert!(
        news[1].starts_with("`1` of event `account.deposited` in schema version 1 reads and writes more"),
        "{news:?}"
    );
    written.lock.run::<widened::Account>(Update::New).expect("written");
    assert!(written.fails::<small::Account>().contains("type `Currency` changed"));
}

mod unseen {
    use super::*;

    #[derive(Clone, Serialize, Deserialize)]
    pub(super) struct Money {
        cents: i64,
    }
    #[derive(Clone, Serialize, Deserialize)]
    pub(super) struct Part {
        of: Money,
    }
    account!(Vec<Part>, Money);
}

#[test]
fn a_lock_without_types_is_not_compared_by_types() {
    let directory = TempDir::new().expect("a directory");
    let path = directory.path().join("events.lock");
    fs::write(&path, "stream account\n  id is String, prints 1 as \"1\", a as \"a\", 00000000-0000-0000-0000-000000000000 as \"00000000-0000-0000-0000-000000000000\"\n  account.deposited\n\nevent account.deposited\n  1: (Vec<Part>, Money)\n")
        .expect("written");
    let lock = Lock::new(&path);
    assert!(lock.run::<small::Account>(Update::Nothing).is_ok());
    assert!(lock.run::<unseen::Account>(Update::Nothing).is_ok());
    lock.run::<small::Account>(Update::New).expect("written");
    assert!(fs::read_to_string(&path).expect("written").contains("type Money"));
}

#[test]
fn a_type_without_a_schema_that_had_one_fails() {
    let failure = Written::by::<small::Account>().fails::<unseen::Account>();
    assert!(failure.contains("`Money` of `1` has no JSON schema any more; write `#[derive(JsonSchema)]`"), "{failure}");
}

#[test]
fn the_first_lock_names_the_types_it_cannot_look_into() {
    let directory = TempDir::new().expect("a directory");
    let lock = Lock::new(directory.path().join("events.lock"));
    let failure = lock.run::<today::Account>(Update::Nothing).expect_err("no lock").to_string();
    assert!(failure.contains("not what changes inside `Opaque`; for that, derive `JsonSchema` for them"), "{failure}");
}

/// A lock in a directory of its own.
struct Written {
    lock: Lock,
    path: PathBuf,
    _directory: TempDir,
}

impl Written {
    fn by<A: Aggregates>() -> Self {
        let directory = TempDir::new().expect("a directory");
        let path = directory.path().join("events.lock");
        let lock = Lock::new(&path);
        lock.run::<A>(Update::New).expect("written");
        Self { lock, path, _directory: directory }
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.path).expect("written")
    }

    #[track_caller]
    fn holds<A: Aggregates>(&self) {
        if let Err(error) = self.lock.run::<A>(Update::Nothing) {
            panic!("{error}");
        }
    }

    #[track_caller]
    fn fails<A: Aggregates>(&self) -> String {
        match self.lock.run::<A>(Update::Nothing) {
            Err(error @ LockError::Incompatible { .. }) => error.to_string(),
            other => panic!("not broken: {other:?}"),
        }
    }
}
