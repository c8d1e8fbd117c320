//! Pairs of an old and a new shape: which ones the lock must report and which ones it must accept, with the feature `schema`.

#![cfg(feature = "schema")]
#![allow(dead_code, unreachable_pub, reason = "types that are only described")]

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, HashSet},
};

use es::{
    prelude::*,
    schema::{Aggregates, Lock, LockError, Update},
};
use tempfile::TempDir;

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

/// A module with these items and the aggregate `Account`, whose event has one field of the type that follows.
macro_rules! side {
    ($name:ident, $(#[$($attribute:tt)*])* { $($item:item)* } ($($field:tt)+)) => {
        mod $name {
            #![allow(unused_imports, reason = "not each side has all of them")]
            use super::super::*;

            $($item)*

            #[derive(Event, Clone, Serialize, Deserialize)]
            #[event(name = "account.deposited")]
            $(#[$($attribute)*])*
            pub(super) struct Deposited { $($field)+ }

            #[derive(Aggregate, Default)]
            #[aggregate(category = "account", id = ::std::string::String, events(Deposited))]
            pub(super) struct Account;

            impl Apply<Deposited> for Account {
                fn apply(&mut self, _: Deposited) {}
            }
        }
    };
}

/// A test of a pair, each side with its items and the fields of the event.
macro_rules! pair {
    ($verdict:ident $test:ident
        before $(#[$($old:tt)*])* { $($before:item)* } ($($was:tt)+)
        after $(#[$($new:tt)*])* { $($after:item)* } ($($is:tt)+)
    ) => {
        mod $test {
            side!(before, $(#[$($old)*])* { $($before)* } ($($was)+));
            side!(after, $(#[$($new)*])* { $($after)* } ($($is)+));

            #[test]
            fn $test() {
                super::$verdict::<before::Account, after::Account>();
            }
        }
    };
}

/// The result of checking `After` against a lock that `Before` wrote.
fn run<Before: Aggregates, After: Aggregates>() -> Result<(), LockError> {
    let directory = TempDir::new().expect("a directory");
    let lock = Lock::new(directory.path().join("events.lock"));
    lock.run::<Before>(Update::New).expect("written");
    lock.run::<Before>(Update::Nothing).expect("what was written holds");
    let said = lock.run::<After>(Update::Nothing);
    if let Err(LockError::Outdated { .. }) = &said {
        lock.run::<After>(Update::New).expect("written");
        lock.run::<After>(Update::Nothing).expect("and then it holds");
    }
    said
}

#[track_caller]
fn noticed<Before: Aggregates, After: Aggregates>() {
    match run::<Before, After>() {
        Err(LockError::Incompatible { report, .. }) => {
            assert!(report.contains("OVERWRITE_EVENT=account.deposited cargo test"), "{report}");
        }
        other => panic!("not noticed: {other:?}"),
    }
}

/// The lock reports nothing.
#[track_caller]
fn silent<Before: Aggregates, After: Aggregates>() {
    if let Err(error) = run::<Before, After>() {
        panic!("{error}");
    }
}

/// The lock asks for an update only; the previous release reads every new payload.
#[track_caller]
fn grows<Before: Aggregates, After: Aggregates>() {
    match run::<Before, After>() {
        Err(LockError::Outdated { news, .. }) => {
            assert!(news.iter().all(|line| !line.contains("the release before")), "{news:?}");
        }
        other => panic!("{other:?}"),
    }
}

/// The lock asks for an update, and says that the previous release cannot read every new payload.
#[track_caller]
fn widens<Before: Aggregates, After: Aggregates>() {
    match run::<Before, After>() {
        Err(LockError::Outdated { news, .. }) => {
            assert!(news.iter().any(|line| line.contains("the release before cannot read all")), "{news:?}");
        }
        other => panic!("{other:?}"),
    }
}

mod cents {
    use super::*;
    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
        i64::deserialize(deserializer)
    }
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(super) fn serialize<S: serde::Serializer>(value: &i64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(*value)
    }
}
use cents as small_money;
mod text_cents {
    use super::*;
    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(super) fn serialize<S: serde::Serializer>(value: &i64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }
}

// ---- silent and unreadable

pair!(noticed a_nested_alias_dropped
    before { inner! { pub struct Money { #[serde(alias = "amount")] cents: i64 } } } (of: Money)
    after { inner! { pub struct Money { cents: i64 } } } (of: Money));
pair!(noticed an_alias_dropped_deep_down
    before { inner! { pub struct Money { #[serde(alias = "amount")] cents: i64 } pub struct Page { all: Vec<Option<Money>> } } } (of: BTreeMap<String, Page>)
    after { inner! { pub struct Money { cents: i64 } pub struct Page { all: Vec<Option<Money>> } } } (of: BTreeMap<String, Page>));
pair!(noticed an_alias_dropped_behind_another_place
    before { inner! { pub struct Money { #[serde(alias = "amount")] cents: i64 } pub struct Pair(Option<u8>, String, Money); } } (of: Pair)
    after { inner! { pub struct Money { cents: i64 } pub struct Pair(Option<u8>, String, Money); } } (of: Pair));
pair!(noticed the_alias_of_a_variant_dropped
    before { inner! { pub enum Currency { #[serde(alias = "EUR")] Eur, Usd { #[serde(alias = "s")] state: String } } } } (of: Currency)
    after { inner! { pub enum Currency { Eur, Usd { #[serde(alias = "s")] state: String } } } } (of: Currency));
pair!(noticed an_alias_inside_of_a_variant_dropped
    before { inner! { pub enum Currency { Eur, Usd { #[serde(alias = "s")] state: String } } } } (of: Currency)
    after { inner! { pub enum Currency { Eur, Usd { state: String } } } } (of: Currency));
pair!(noticed the_alias_of_a_tagged_variant_dropped
    before { inner! { #[serde(tag = "kind")] pub enum Way { #[serde(alias = "cash")] Cash { of: u8 }, Card } } } (of: Vec<Way>)
    after { inner! { #[serde(tag = "kind")] pub enum Way { Cash { of: u8 }, Card } } } (of: Vec<Way>));
pair!(noticed other_dropped
    before { inner! { pub enum Way { Cash, #[serde(other)] Unknown } } } (of: Way)
    after { inner! { pub enum Way { Cash, Unknown } } } (of: Way));
pair!(noticed other_dropped_from_a_tagged_enum
    before { inner! { #[serde(tag = "kind")] pub enum Way { Cash { of: u8 }, #[serde(other)] Unknown } } } (of: Way)
    after { inner! { #[serde(tag = "kind")] pub enum Way { Cash { of: u8 }, Unknown } } } (of: Way));
pair!(noticed a_variant_that_other_swallows
    before { inner! { pub enum Way { Cash, Card, #[serde(other)] Unknown } } } (of: Way)
    after { inner! { pub enum Way { Cash, #[serde(other)] Unknown } } } (of: Way));
pair!(noticed deny_unknown_fields_on_an_event
    before {} (of: u8)
    after #[serde(deny_unknown_fields)] {} (of: u8));
pair!(grows deny_unknown_fields_taken_off
    before #[serde(deny_unknown_fields)] {} (of: u8)
    after {} (of: u8));
pair!(noticed a_tag_on_an_event
    before {} (of: u8)
    after #[serde(tag = "type")] {} (of: u8));
pair!(noticed a_tag_taken_off_an_event
    before #[serde(tag = "type")] {} (of: u8)
    after {} (of: u8));
pair!(noticed deny_unknown_fields_on_a_nested_type
    before { inner! { pub struct Money { cents: i64 } } } (of: Money)
    after { inner! { #[serde(deny_unknown_fields)] pub struct Money { cents: i64 } } } (of: Money));
pair!(noticed the_bodies_of_two_types_of_one_name_swapped
    before {
        pub mod one { use super::*; inner! { pub struct Money { cents: i64 } } }
        pub mod two { use super::*; inner! { pub struct Money { text: String } } }
    } (of: one::Money, and: two::Money)
    after {
        pub mod one { use super::*; inner! { pub struct Money { text: String } } }
        pub mod two { use super::*; inner! { pub struct Money { cents: i64 } } }
    } (of: one::Money, and: two::Money));
pair!(noticed another_type_behind_an_alias
    before { type Amount = f64; } (of: Amount)
    after { type Amount = String; } (of: Amount));
pair!(noticed another_type_used_as
    before { pub mod v { use super::*; inner! { pub struct A { a: u8 } pub struct B { b: u8 } } } use v::A as Money; } (of: Money)
    after { pub mod v { use super::*; inner! { pub struct A { a: u8 } pub struct B { b: u8 } } } use v::B as Money; } (of: Money));
pair!(noticed another_type_used_as_one_of_the_standard_library
    before {} (of: String)
    after { use Text as String; inner! { pub struct Text { text: Box<str> } } } (of: String));
pair!(noticed another_type_by_a_macro
    before { macro_rules! amount { () => { u32 } } } (of: amount!())
    after { macro_rules! amount { () => { String } } } (of: amount!()));
pair!(noticed another_length
    before { const N: usize = 3; } (of: [u8; N])
    after { const N: usize = 4; } (of: [u8; N]));
pair!(noticed another_type_that_says_something_of_itself_only_now
    before { #[derive(Clone, Serialize, Deserialize)] pub struct Money { cents: i64 } } (of: Money)
    after { inner! { pub struct Money { amount: i64 } } } (of: Money));
pair!(noticed another_enum_that_says_something_of_itself_only_now
    before { #[derive(Clone, Serialize, Deserialize)] pub enum Way { Cash, Card(u8) } } (of: Option<Way>)
    after { inner! { pub enum Way { Cash, Card(String) } } } (of: Option<Way>));
pair!(grows a_type_that_says_something_of_itself_only_now
    before { #[derive(Clone, Serialize, Deserialize)] pub struct Money { cents: i64, note: Option<String> } } (of: Money)
    after { inner! { pub struct Money { cents: i64, note: Option<String> } } } (of: Money));
pair!(noticed a_type_that_says_nothing_of_itself_any_more
    before { inner! { pub struct Money { cents: i64 } } } (of: Money)
    after { #[derive(Clone, Serialize, Deserialize)] pub struct Money { cents: i64 } } (of: Money));
pair!(noticed an_opaque_type_that_changed
    before { #[derive(Clone, Serialize, Deserialize)] pub struct Money { cents: i64 } } (of: Money)
    after { #[derive(Clone, Serialize, Deserialize)] pub struct Money { cents: String } } (of: Money));
pair!(noticed another_function_of_with
    before {} (#[serde(with = "cents")] of: i64)
    after {} (#[serde(with = "text_cents")] of: i64));

// ---- nested changes

pair!(noticed a_nested_field_renamed
    before { inner! { pub struct Money { cents: i64 } } } (of: Money)
    after { inner! { pub struct Money { amount: i64 } } } (of: Money));
pair!(noticed a_nested_field_removed
    before { inner! { pub struct Money { cents: i64, note: Option<String> } } } (of: Money)
    after { inner! { pub struct Money { cents: i64 } } } (of: Money));
pair!(noticed a_nested_field_that_must_be_there_added
    before { inner! { pub struct Money { cents: i64 } } } (of: Money)
    after { inner! { pub struct Money { cents: i64, note: String } } } (of: Money));
pair!(noticed a_nested_number_narrowed
    before { inner! { pub struct Money { cents: i64 } } } (of: Money)
    after { inner! { pub struct Money { cents: i32 } } } (of: Money));
pair!(noticed a_sign_lost
    before {} (of: i32)
    after {} (of: u64));
pair!(noticed a_float_for_a_large_number
    before {} (of: u64)
    after {} (of: f64));
pair!(noticed a_nested_option_taken_off
    before { inner! { pub struct Money { cents: Option<i64> } } } (of: Money)
    after { inner! { pub struct Money { cents: i64 } } } (of: Money));
pair!(noticed a_nested_default_taken_off
    before { inner! { pub struct Money { #[serde(default)] cents: i64 } } } (of: Money)
    after { inner! { pub struct Money { cents: i64 } } } (of: Money));
pair!(noticed a_variant_removed
    before { inner! { pub enum Way { Cash, Card } } } (of: Way)
    after { inner! { pub enum Way { Cash } } } (of: Way));
pair!(noticed a_variant_that_holds_something_now
    before { inner! { pub enum Way { Cash, Card } } } (of: Way)
    after { inner! { pub enum Way { Cash, Card(u8) } } } (of: Way));
pair!(noticed another_tag
    before { inner! { #[serde(tag = "kind")] pub enum Way { Cash { of: u8 }, Card } } } (of: Way)
    after { inner! { #[serde(tag = "type")] pub enum Way { Cash { of: u8 }, Card } } } (of: Way));
pair!(noticed a_tag_on_a_nested_enum
    before { inner! { pub enum Way { Cash { of: u8 }, Card } } } (of: Way)
    after { inner! { #[serde(tag = "kind")] pub enum Way { Cash { of: u8 }, Card } } } (of: Way));
pair!(noticed untagged_variants_in_another_order
    before { inner! { #[serde(untagged)] pub enum Note { Number(i64), Float(f64), Text(String) } } } (of: Note)
    after { inner! { #[serde(untagged)] pub enum Note { Float(f64), Number(i64), Text(String) } } } (of: Note));
pair!(noticed a_newtype_of_another_type
    before { inner! { pub struct Id(u64); } } (of: Id)
    after { inner! { pub struct Id(String); } } (of: Id));
pair!(noticed a_newtype_that_became_an_object
    before { inner! { pub struct Id(u64); } } (of: Id)
    after { inner! { pub struct Id { id: u64 } } } (of: Id));
pair!(noticed places_of_a_tuple_swapped
    before {} (of: (u8, String))
    after {} (of: (String, u8)));
pair!(noticed a_longer_tuple
    before {} (of: (u8, u8))
    after {} (of: (u8, u8, Option<u8>)));
pair!(noticed other_values_of_a_map
    before {} (of: HashMap<String, u64>)
    after {} (of: BTreeMap<String, String>));
pair!(noticed other_keys_of_a_map
    before {} (of: HashMap<String, u64>)
    after {} (of: HashMap<u64, u64>));
pair!(noticed a_list_that_became_a_set
    before {} (of: Vec<u8>)
    after {} (of: HashSet<u8>));
pair!(noticed rename_all_on_a_nested_type
    before { inner! { pub struct Money { of_cents: i64 } } } (of: Money)
    after { inner! { #[serde(rename_all = "camelCase")] pub struct Money { of_cents: i64 } } } (of: Money));
pair!(noticed a_change_inside_of_a_type_that_holds_itself
    before { inner! { pub struct Tree { leaf: u8, of: Vec<Tree> } } } (of: Tree)
    after { inner! { pub struct Tree { leaf: String, of: Vec<Tree> } } } (of: Tree));

// ---- false alarms

pair!(silent cow_to_string
    before { inner! { pub struct Money { of: Cow<'static, str> } } } (of: Cow<'static, str>, all: Vec<Money>)
    after { inner! { pub struct Money { of: String } } } (of: String, all: Vec<Money>));
pair!(silent a_box_taken_off
    before { inner! { pub struct Money { of: Box<u8> } } } (of: Box<Money>)
    after { inner! { pub struct Money { of: u8 } } } (of: Money));
pair!(silent a_transparent_newtype
    before { inner! { pub struct Money { cents: i64 } } } (of: u64, and: Money)
    after { inner! { pub struct Id(u64); #[serde(transparent)] pub struct Cents { of: i64 } pub struct Money { cents: Cents } } } (of: Id, and: Money));
pair!(silent a_map_of_another_kind
    before { inner! { pub struct Money { of: HashMap<String, u8> } } } (of: HashMap<String, Money>)
    after { inner! { pub struct Money { of: BTreeMap<String, u8> } } } (of: BTreeMap<String, Money>));
pair!(widens a_wider_integer
    before {} (of: u32)
    after {} (of: u64));
pair!(widens a_nested_wider_integer
    before { inner! { pub struct Money { cents: u32 } } } (of: Vec<Money>)
    after { inner! { pub struct Money { cents: i64 } } } (of: Vec<Money>));
pair!(widens another_variant
    before { inner! { pub enum Way { Cash } } } (of: Way)
    after { inner! { pub enum Way { Cash, Card(u8) } } } (of: Way));
pair!(widens another_tagged_variant
    before { inner! { #[serde(tag = "kind")] pub enum Way { Cash { of: u8 } } } } (of: Way)
    after { inner! { #[serde(tag = "kind")] pub enum Way { Cash { of: u8 }, Card } } } (of: Way));
pair!(silent a_nested_type_renamed
    before { inner! { pub struct Money { of: Currency } pub enum Currency { Eur } } } (of: Money)
    after { inner! { pub struct Amount { of: Coin } pub enum Coin { Eur } } } (of: Amount));
pair!(silent a_type_that_holds_itself_renamed
    before { inner! { pub enum Tree { Leaf(u8), Both(Box<Tree>, Box<Tree>) } } } (of: Tree)
    after { inner! { pub enum Plant { Leaf(u8), Both(Box<Plant>, Box<Plant>) } } } (of: Plant));
pair!(silent a_module_of_with_renamed
    before {} (#[serde(with = "cents")] of: i64)
    after {} (#[serde(with = "small_money")] of: i64));
pair!(grows a_nested_option_added
    before { inner! { pub struct Money { cents: i64 } } } (of: Money)
    after { inner! { pub struct Money { cents: i64, note: Option<String> } } } (of: Money));
pair!(grows a_nested_default_added
    before { inner! { pub struct Money { cents: i64 } } } (of: Money)
    after { inner! { pub struct Money { cents: i64, #[serde(default)] note: String } } } (of: Money));
pair!(widens a_nested_rename_that_keeps_an_alias
    before { inner! { pub struct Money { amount: i64 } } } (of: Money)
    after { inner! { pub struct Money { #[serde(alias = "amount")] cents: i64 } } } (of: Money));
pair!(widens a_nested_field_that_may_be_null_now
    before { inner! { pub struct Money { cents: i64 } } } (of: Money)
    after { inner! { pub struct Money { cents: Option<i64> } } } (of: Money));
pair!(silent variants_in_another_order
    before { inner! { pub enum Way { Cash, Card { of: u8 }, #[serde(other)] Unknown } } } (of: Way)
    after { inner! { pub enum Way { Card { of: u8 }, #[doc = "Coins."] Cash, #[serde(other)] Unknown } } } (of: Way));
pair!(grows another_alias
    before { inner! { pub struct Money { cents: i64 } } } (of: Money)
    after { inner! { pub struct Money { #[serde(alias = "amount")] cents: i64 } } } (of: Money));
