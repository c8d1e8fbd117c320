//! The lock of an application's events.

#![cfg(any(feature = "testing", feature = "schema"))]

use std::{error::Error, fs, path::PathBuf};

use es::{
    prelude::*,
    schema::{Aggregates, Lock, LockError, Update},
};
use tempfile::TempDir;

/// The aggregate `Account` with these events.
macro_rules! account {
    ($($event:ident),+ $(; retired $retired:ident)?) => {
        #[derive(Aggregate, Default)]
        #[aggregate(category = "account", id = String, events($($event),+) $(, retired($retired))?)]
        pub(super) struct Account;

        $(impl Apply<$event> for Account {
            fn apply(&mut self, _: $event) {}
        })+

        $(impl Retired<Account> for $retired {
            fn successors(self) -> impl IntoEvents<Account> {}
        })?
    };
}

mod attributes;
mod ids;
mod many;
mod rearranged;
mod today;

/// The fields that accompany money.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Extra {
    branch: String,
}

mod cents {
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(super) fn serialize<S: Serializer>(amount: &i64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(*amount)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
        i64::deserialize(deserializer)
    }
}

#[test]
fn a_lock_holds_every_shape_of_every_event() {
    let written = Written::by::<today::Account>();
    // With the feature `schema` the lock also has the types of fields.
    let text: String =
        written.text().lines().filter(|line| !line.starts_with("  where ")).flat_map(|line| [line, "\n"]).collect();
    assert_eq!(
        text,
        "# Every shape of every stored event. Written by UPDATE_EVENTS_LOCK=1 cargo test. Commit it; do not edit it.

stream account
  id is String, prints 1 as \"1\", a as \"a\", 00000000-0000-0000-0000-000000000000 as \"00000000-0000-0000-0000-000000000000\"
  account.checked (retired)
  account.closed
  account.deposited
  account.limited
  account.rated

event account.checked
  1: by: String

event account.closed
  1: {}

event account.deposited
  also deposit_made up to 2
  1: amount: f64, note: Option<String>, source: String, tags?: Vec<String> (also tag), ..Extra
  2: + currency: String
  3: - note: Option<String>, - source: String, + originPlace: String
  4: - amount: f64, + amount: i64 (with cents)

event account.limited
  1: (u64)

event account.rated
  1: (u8, String)
  2: (u16, String)
"
    );
    written.holds::<today::Account>();
}

#[test]
fn renames_in_rust_order_comments_and_formatting_change_nothing() {
    Written::by::<today::Account>().holds::<rearranged::Account>();
}

mod first {
    use super::*;

    #[derive(Event, Clone, Serialize, Deserialize)]
    #[event(name = "account.opened")]
    pub(super) struct Opened {
        owner: String,
    }

    account!(Opened);
}

mod edited {
    use super::*;

    #[derive(Event, Clone, Serialize, Deserialize)]
    #[event(name = "account.opened")]
    pub(super) struct Opened {
        owner: String,
        limit: u64,
    }

    account!(Opened);
}

mod raised {
    use super::*;

    #[derive(Event, Clone, Serialize, Deserialize)]
    #[event(name = "account.opened", version = 2)]
    pub(super) struct Opened {
        owner: String,
        #[event(added(in = 2, default = 0))]
        limit: u64,
    }

    account!(Opened);
}

#[test]
fn an_edited_event_fails_until_the_printed_attributes_are_pasted() {
    let written = Written::by::<first::Account>();
    let failure = written.fails::<edited::Account>();
    assert!(failure.contains("before  owner: String\n    after   limit: u64, owner: String\n"), "{failure}");
    assert!(failure.contains(r#"#[event(name = "account.opened", version = 2)]"#), "{failure}");
    assert!(failure.contains("on `limit`\n        #[event(added(in = 2, default = 0))]"), "{failure}");
    assert!(failure.contains("OVERWRITE_EVENT=account.opened cargo test"), "{failure}");

    let Err(LockError::Outdated { news, .. }) = written.lock.run::<raised::Account>(Update::Nothing) else {
        panic!("the lock knows nothing of schema version 2")
    };
    assert_eq!(news, ["event `account.opened` in schema version 2"]);
    written.lock.run::<raised::Account>(Update::New).unwrap();
    assert!(written.text().ends_with("  1: owner: String\n  2: + limit: u64\n"));
    written.holds::<raised::Account>();
}

#[test]
fn an_update_refuses_a_broken_promise_and_an_overwrite_writes_it() {
    let written = Written::by::<first::Account>();
    let before = written.text();
    assert!(matches!(written.lock.run::<edited::Account>(Update::New), Err(LockError::Incompatible { .. })));
    assert_eq!(written.text(), before);
    let lock = written.lock.clone().overwriting(["account.opened"]);
    lock.run::<edited::Account>(Update::Nothing).unwrap();
    written.holds::<edited::Account>();
}

#[test]
fn nothing_is_written_without_a_variable() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("events.lock");
    let failure = Lock::new(&path).run::<today::Account>(Update::Nothing).unwrap_err().to_string();
    assert!(!path.exists());
    assert!(failure.contains("UPDATE_EVENTS_LOCK=1 cargo test"), "{failure}");
    assert!(failure.contains("not what changes inside `Extra`"), "{failure}");
    assert!(failure.contains("`JsonSchema`"), "{failure}");
}

#[test]
fn a_typed_step_is_compared_like_a_declared_one() {
    mod by_hand {
        use super::*;

        #[derive(Event, Clone, Serialize, Deserialize)]
        #[event(name = "account.opened")]
        pub(super) struct OpenedV1 {
            owner: String,
        }

        #[derive(Event, Clone, Serialize, Deserialize)]
        #[event(name = "account.opened", version = 2, previous = OpenedV1)]
        pub(super) struct Opened {
            owner: String,
            limit: u64,
        }

        impl From<OpenedV1> for Opened {
            fn from(OpenedV1 { owner }: OpenedV1) -> Self {
                Self { owner, limit: 0 }
            }
        }

        #[derive(Aggregate, Default)]
        #[aggregate(category = "account", id = String, events(Opened))]
        pub(super) struct Account;

        impl Apply<Opened> for Account {
            fn apply(&mut self, _: Opened) {}
        }
    }
    Written::by::<raised::Account>().holds::<by_hand::Account>();
}

#[derive(Aggregate, Default)]
#[aggregate(category = "ledger", id = String, events(first::Opened, today::Closed))]
struct Ledger;

impl Apply<first::Opened> for Ledger {
    fn apply(&mut self, _: first::Opened) {}
}

impl Apply<today::Closed> for Ledger {
    fn apply(&mut self, _: today::Closed) {}
}

#[test]
fn an_event_dropped_from_one_aggregate_fails_even_if_another_reads_it() {
    let failure = Written::by::<(today::Account, Ledger)>().fails::<(first::Account, Ledger)>();
    assert!(failure.contains("event `account.closed` of stream `account` can no longer be read"), "{failure}");
    assert!(failure.contains("nothing here, though stream `ledger` still reads it"), "{failure}");
}

#[test]
fn one_lock_holds_a_category_and_a_stored_name_once() {
    let directory = TempDir::new().unwrap();
    let lock = Lock::new(directory.path().join("events.lock"));
    let twice = lock.run::<(first::Account, today::Account)>(Update::New);
    assert!(matches!(twice, Err(LockError::CategoryTwice { category }) if category == "account"));
    let failure = lock.run::<(edited::Account, Ledger)>(Update::New).unwrap_err().to_string();
    assert!(
        failure.contains("in `account`  1: limit: u64, owner: String\n    in `ledger`  1: owner: String\n"),
        "{failure}"
    );
}

#[test]
fn an_alias_that_is_the_name_of_another_event_fails_the_lock() {
    mod elsewhere {
        use super::*;

        #[derive(Event, Clone, Serialize, Deserialize)]
        #[event(name = "ledger.opened", alias("account.opened", up_to = 1))]
        pub(super) struct Opened {
            owner: String,
        }

        #[derive(Aggregate, Default)]
        #[aggregate(category = "ledger", id = String, events(Opened))]
        pub(super) struct Ledger;

        impl Apply<Opened> for Ledger {
            fn apply(&mut self, _: Opened) {}
        }
    }
    let directory = TempDir::new().unwrap();
    let lock = Lock::new(directory.path().join("events.lock"));
    for run in [
        lock.run::<(first::Account, elsewhere::Ledger)>(Update::New),
        lock.run::<(elsewhere::Ledger, first::Account)>(Update::New),
    ] {
        let failure = run.unwrap_err();
        assert!(matches!(&failure, LockError::NameTwice { name, .. } if name == "account.opened"), "{failure}");
        assert!(failure.to_string().contains("in `ledger`  an alias of `ledger.opened` up to 1"), "{failure}");
    }
    lock.run::<elsewhere::Ledger>(Update::New).unwrap();
}

/// An aggregate `Vault` whose event has this field.
macro_rules! vault {
    ($name:ident, $ty:ty) => {
        mod $name {
            use super::*;

            #[derive(Event, Clone, Serialize, Deserialize)]
            #[event(name = "vault.filled")]
            pub(super) struct Filled($ty);

            #[derive(Aggregate, Default)]
            #[aggregate(category = "vault", id = String, events(Filled))]
            pub(super) struct Vault;

            impl Apply<Filled> for Vault {
                fn apply(&mut self, _: Filled) {}
            }
        }
    };
}

vault!(vault, u64);
vault!(edited_vault, String);

#[test]
fn an_overwrite_replaces_the_history_of_the_named_event_only() {
    let written = Written::by::<(first::Account, vault::Vault)>();
    let before = written.text();
    let lock = written.lock.clone().overwriting(["account.opened", "nobody.knows"]);
    let Err(LockError::Incompatible { report, .. }) =
        lock.run::<(edited::Account, edited_vault::Vault)>(Update::Nothing)
    else {
        panic!("`vault.filled` was not given up")
    };
    assert!(report.contains("event `vault.filled` has another shape"), "{report}");
    assert!(!report.contains("account.opened"), "{report}");
    assert!(report.contains("OVERWRITE_EVENT=vault.filled cargo test"), "{report}");
    let after = before.replace("account.opened\n  1: owner: String", "account.opened\n  1: limit: u64, owner: String");
    assert_eq!(written.text(), after);
}

#[test]
fn a_byte_order_mark_is_named_in_the_error() {
    let written = Written::by::<first::Account>();
    let text = written.text();
    let utf16: Vec<u8> = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    for bytes in [format!("\u{feff}{text}").into_bytes(), utf16] {
        fs::write(&written.path, bytes).unwrap();
        for update in [Update::Nothing, Update::New] {
            let failure = written.lock.run::<first::Account>(update).unwrap_err().to_string();
            assert!(failure.contains("begins with a byte order mark; save it as UTF-8 without one"), "{failure}");
        }
    }
}

#[test]
fn a_lock_that_cannot_be_read_is_an_error_with_its_cause() {
    let directory = TempDir::new().unwrap();
    let error = Lock::new(directory.path()).run::<first::Account>(Update::New).unwrap_err();
    assert!(matches!(error, LockError::File { .. }));
    assert!(error.source().is_some());
    let path = directory.path().join("events.lock");
    fs::write(&path, "# a lock\nevent x\n  2: a: u8\n").unwrap();
    let failure = Lock::new(&path).run::<first::Account>(Update::New).unwrap_err().to_string();
    assert!(failure.starts_with("line 3 of"), "{failure}");
}

mod one_line {
    use super::{Ledger, today};

    es::schema::lock!("tests/lock/events.lock"; today::Account, Ledger);
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
