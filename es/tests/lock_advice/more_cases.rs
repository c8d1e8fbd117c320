//! More changes: between types of the standard library without a conversion, which the orphan rule forbids to write, and inside of
//! tuples, arrays, keys and variants.

use super::*;

cases! {
    a_number_with_a_sign {
        before {} [] { amount: u64 }
        after {} [] { amount: i64 }
        kept { fn v1_amount(old: u64) -> i64 { old as i64 } }
        "account.deposited" 1 r#"{"amount":5}"# => r#"{"amount":5}"#
    }
    an_option_that_must_be_there {
        before {} [] { note: Option<String> }
        after {} [] { note: String }
        kept { fn v1_note(old: Option<String>) -> String { old.unwrap_or_default() } }
        "account.deposited" 1 r#"{"note":null}"# => r#"{"note":""}"#
    }
    a_text_that_is_a_number {
        before {} [] { amount: String }
        after {} [] { amount: u8 }
        kept { fn v1_amount(old: String) -> u8 { old.len() as u8 } }
        "account.deposited" 1 r#"{"amount":"abc"}"# => r#"{"amount":3}"#
    }
    narrower_keys {
        before {} [] { of: HashMap<u64, u8> }
        after {} [] { of: BTreeMap<u32, u8> }
        kept { fn v1_of(old: HashMap<u64, u8>) -> BTreeMap<u32, u8> { old.into_iter().map(|(key, old)| (key as u32, old)).collect() } }
        "account.deposited" 1 r#"{"of":{"7":5}}"# => r#"{"of":{"7":5}}"#
    }
    keys_of_an_enum {
        before {} [] { of: BTreeMap<String, u8> }
        after { inner! { #[derive(PartialEq, Eq, PartialOrd, Ord)] pub enum Kind { #[doc = "One."] #[default] A, B } } } [] { of: BTreeMap<Kind, u8> }
        kept { impl From<String> for Kind { fn from(old: String) -> Self { if old == "a" { Self::A } else { Self::B } } } }
        "account.deposited" 1 r#"{"of":{"a":5}}"# => r#"{"of":{"A":5}}"#
    }
    a_type_in_a_tuple {
        before { inner! { pub struct Money { cents: i64 } } } [] { of: (u8, Money) }
        after { inner! { pub struct Money { amount: i64 } } } [] { of: (u8, Money) }
        kept {
            inner! { pub struct OldMoney { cents: i64 } }
            impl From<OldMoney> for Money { fn from(old: OldMoney) -> Self { Self { amount: old.cents } } }
        }
        "account.deposited" 1 r#"{"of":[1,{"cents":5}]}"# => r#"{"of":[1,{"amount":5}]}"#
    }
    a_type_in_an_array {
        before { inner! { pub struct Money { cents: i64 } } } [] { of: [Money; 1] }
        after { inner! { pub struct Money { amount: i64 } } } [] { of: [Money; 1] }
        kept {
            inner! { pub struct OldMoney { cents: i64 } }
            impl From<OldMoney> for Money { fn from(old: OldMoney) -> Self { Self { amount: old.cents } } }
        }
        "account.deposited" 1 r#"{"of":[{"cents":5}]}"# => r#"{"of":[{"amount":5}]}"#
    }
    a_type_in_options_in_lists {
        before { inner! { pub struct Money { cents: i64 } } } [] { of: Vec<Option<Box<Money>>> }
        after { inner! { pub struct Money { amount: i64 } } } [] { of: Vec<Option<Box<Money>>> }
        kept {
            inner! { pub struct OldMoney { cents: i64 } }
            impl From<OldMoney> for Money { fn from(old: OldMoney) -> Self { Self { amount: old.cents } } }
        }
        "account.deposited" 1 r#"{"of":[null,{"cents":5}]}"# => r#"{"of":[null,{"amount":5}]}"#
    }
    the_alias_of_an_adjacent_variant {
        before { inner! { #[serde(tag = "t", content = "c")] pub enum Way { #[serde(alias = "cash")] Cash(u8), #[default] Card } } } [] { way: Way }
        after { inner! { #[serde(tag = "t", content = "c")] pub enum Way { Cash(u8), #[default] Card } } } [] { way: Way }
        kept {
            inner! { #[serde(tag = "t", content = "c")] pub enum OldWay { #[serde(alias = "cash")] Cash(u8), #[default] Card } }
            impl From<OldWay> for Way { fn from(old: OldWay) -> Self { match old { OldWay::Cash(of) => Self::Cash(of), OldWay::Card => Self::Card } } }
        }
        "account.deposited" 1 r#"{"way":{"t":"cash","c":5}}"# => r#"{"way":{"t":"Cash","c":5}}"#
    }
    a_text_that_is_checked {
        before {} [] { mail: Option<String> }
        after {
            inner! { #[serde(try_from = "String", into = "String")] pub struct Email(String); }
            impl TryFrom<String> for Email { type Error = &'static str; fn try_from(text: String) -> Result<Self, Self::Error> { if text.contains('@') { Ok(Self(text)) } else { Err("no address") } } }
            impl From<Email> for String { fn from(email: Email) -> Self { email.0 } }
        } [] { mail: Option<Email> }
        kept { impl Email { fn of(text: String) -> Self { Self(format!("{text}@old")) } } fn v1_mail(old: Option<String>) -> Option<Email> { old.map(Email::of) } }
        "account.deposited" 1 r#"{"mail":"a"}"# => r#"{"mail":"a@old"}"#
    }
    a_generic_type {
        before { inner! { pub struct Page<T> { items: Vec<T> } } } [] { of: Page<u8> }
        after { inner! { pub struct Page<T> { all: Vec<T> } } } [] { of: Page<u8> }
        kept {
            inner! { pub struct OldPage<T> { items: Vec<T> } }
            impl<T> From<OldPage<T>> for Page<T> { fn from(old: OldPage<T>) -> Self { Self { all: old.items } } }
        }
        "account.deposited" 1 r#"{"of":{"items":[5]}}"# => r#"{"of":{"all":[5]}}"#
    }
    a_type_that_holds_itself {
        before { inner! { pub struct Node { of: u8, next: Option<Box<Node>> } } } [] { of: Node }
        after { inner! { pub struct Node { at: u8, next: Option<Box<Node>> } } } [] { of: Node }
        kept {
            inner! { pub struct OldNode { of: u8, next: Option<Box<OldNode>> } }
            impl From<OldNode> for Node { fn from(old: OldNode) -> Self { Self { at: old.of, next: old.next.map(|old| Box::new((*old).into())) } } }
        }
        "account.deposited" 1 r#"{"of":{"of":1,"next":{"of":2,"next":null}}}"# => r#"{"of":{"at":1,"next":{"at":2,"next":null}}}"#
    }
}
