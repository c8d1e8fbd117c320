//! The changes, each with the code that a person writes by hand where the advice asks for it.

use super::*;

/// The code of a case, compiled and as text.
macro_rules! cases {
    ($(
        $name:ident {
            before { $($old:item)* } [$($was_event:tt)*] $was:tt
            after { $($new:item)* } [$($event:tt)*] $is:tt
            kept { $($kept:tt)* }
            $stored:literal $version:literal $payload:literal => $today:literal
        }
    )+) => {
        $(mod $name {
            pub(super) mod before {
                use super::super::*;
                $($old)*
                event!([$($was_event)*] $was);
            }
            pub(super) mod after {
                use super::super::*;
                $($new)*
                event!([$($event)*] $is);
            }
        })+

        pub(super) const ALL: &[Case] = &[$(Case {
            name: stringify!($name),
            write: |lock| lock.run::<$name::before::Account>(Update::New),
            check: |lock| lock.run::<$name::after::Account>(Update::Nothing),
            follow: None,
            event: event_text!($($event)*),
            is_tuple: is_tuple!($is),
            fields: fields!($is),
            types: stringify!($($new)*),
            kept: stringify!($($kept)*),
            payload: ($stored, $version, $payload, $today),
        },)+];
    };
}

macro_rules! event_text {
    () => { "name = \"account.deposited\"" };
    ($($event:tt)+) => { stringify!($($event)+) };
}

macro_rules! is_tuple {
    (($($field:tt)*)) => {
        true
    };
    ({$($field:tt)*}) => {
        false
    };
}

macro_rules! fields {
    (($($(#[$($attribute:tt)*])* $place:literal $ty:ty),* $(,)?)) => {
        &[$(($place, concat!($("#[", stringify!($($attribute)*), "] ",)* "pub ", stringify!($ty)))),*]
    };
    ({$($(#[$($attribute:tt)*])* $field:ident: $ty:ty),* $(,)?}) => {
        &[$((stringify!($field), concat!($("#[", stringify!($($attribute)*), "] ",)* "pub ", stringify!($field), ": ", stringify!($ty)))),*]
    };
}

macro_rules! event {
    ([] $fields:tt) => { event!([name = "account.deposited"] $fields); };
    ([$($event:tt)+] $fields:tt) => {
        event!(@ [$($event)+] $fields);

        #[derive(Aggregate, Default)]
        #[aggregate(category = "account", id = String, events(Deposited))]
        pub(in super::super) struct Account;

        impl Apply<Deposited> for Account {
            fn apply(&mut self, _: Deposited) {}
        }
    };
    (@ [$($event:tt)+] {$($(#[$($attribute:tt)*])* $field:ident: $ty:ty),* $(,)?}) => {
        #[derive(Event, Clone, Serialize, Deserialize)]
        #[event($($event)+)]
        pub(in super::super) struct Deposited { $($(#[$($attribute)*])* pub $field: $ty),* }
    };
    (@ [$($event:tt)+] ($($(#[$($attribute:tt)*])* $place:literal $ty:ty),* $(,)?)) => {
        #[derive(Event, Clone, Serialize, Deserialize)]
        #[event($($event)+)]
        pub(in super::super) struct Deposited($($(#[$($attribute)*])* pub $ty),*);
    };
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

cases! {
    a_field_added {
        before {} [] { amount: u64 }
        after {} [] { amount: u64, note: Option<String>, currency: String }
        kept {}
        "account.deposited" 1 r#"{"amount":5}"# => r#"{"amount":5,"note":null,"currency":""}"#
    }
    a_field_removed {
        before {} [] { amount: u64, #[serde(default, with = "cents", alias = "charge")] fee: i64 }
        after {} [] { amount: u64 }
        kept {}
        "account.deposited" 1 r#"{"amount":5,"charge":1}"# => r#"{"amount":5}"#
    }
    a_field_renamed {
        before {} [] { source: String }
        after {} [] { origin: String }
        kept {}
        "account.deposited" 1 r#"{"source":"a"}"# => r#"{"origin":"a"}"#
    }
    a_field_with_an_alias_renamed {
        before {} [] { #[serde(alias = "src")] source: String }
        after {} [] { origin: String }
        kept {}
        "account.deposited" 1 r#"{"src":"a"}"# => r#"{"origin":"a"}"#
    }
    a_field_renamed_and_retyped {
        before {} [] { source: u8 }
        after { inner! { pub struct Place(String); } } [] { #[serde(alias = "source")] origin: Place }
        kept { impl From<u8> for Place { fn from(old: u8) -> Self { Self(old.to_string()) } } }
        "account.deposited" 1 r#"{"source":7}"# => r#"{"origin":"7"}"#
    }
    an_alias_dropped {
        before {} [] { #[serde(alias = "sum")] amount: u64 }
        after {} [] { amount: u64 }
        kept {}
        "account.deposited" 1 r#"{"sum":5}"# => r#"{"amount":5}"#
    }
    another_type {
        before {} [] { amount: u32 }
        after { inner! { pub struct Money { cents: i64 } } } [] { amount: Money }
        kept { impl From<u32> for Money { fn from(old: u32) -> Self { Self { cents: i64::from(old) * 100 } } } }
        "account.deposited" 1 r#"{"amount":5}"# => r#"{"amount":{"cents":500}}"#
    }
    a_default_taken_off {
        before {} [] { #[serde(default)] amount: u64 }
        after {} [] { amount: u64 }
        kept {}
        "account.deposited" 1 "{}" => r#"{"amount":0}"#
    }
    a_with_taken_off {
        before {} [] { #[serde(with = "cents")] amount: i64 }
        after {} [] { amount: i64 }
        kept {}
        "account.deposited" 1 r#"{"amount":5}"# => r#"{"amount":5}"#
    }
    a_nested_struct {
        before { inner! { pub struct Money { cents: i64 } } } [] { amount: Money }
        after { inner! { pub struct Money { amount: i64 } } } [] { amount: Money }
        kept {
            inner! { pub struct OldMoney { cents: i64 } }
            impl From<OldMoney> for Money { fn from(old: OldMoney) -> Self { Self { amount: old.cents } } }
        }
        "account.deposited" 1 r#"{"amount":{"cents":5}}"# => r#"{"amount":{"amount":5}}"#
    }
    a_nested_struct_of_an_event_with_a_history {
        before { inner! { pub struct Money { cents: i64 } } } [name = "account.deposited", version = 2]
            { amount: Money, #[event(added(in = 2, default = 1))] places: u8 }
        after { inner! { pub struct Money { amount: i64 } } } [name = "account.deposited", version = 2]
            { amount: Money, #[event(added(in = 2, default = 1))] places: u8 }
        kept {
            inner! { pub struct OldMoney { cents: i64 } }
            impl From<OldMoney> for Money { fn from(old: OldMoney) -> Self { Self { amount: old.cents } } }
        }
        "account.deposited" 1 r#"{"amount":{"cents":5}}"# => r#"{"amount":{"amount":5},"places":1}"#
    }
    a_nested_enum {
        before { inner! { pub enum Way { #[default] Cash, Card } } } [] { way: Option<Way> }
        after { inner! { pub enum Way { #[default] Cash, Plastic } } } [] { way: Option<Way> }
        kept {
            inner! { pub enum OldWay { #[default] Cash, Card } }
            impl From<OldWay> for Way { fn from(old: OldWay) -> Self { match old { OldWay::Cash => Self::Cash, OldWay::Card => Self::Plastic } } }
        }
        "account.deposited" 1 r#"{"way":"Card"}"# => r#"{"way":"Plastic"}"#
    }
    an_id {
        before { inner! { pub struct CustomerId(u64); } } [] { by: CustomerId, all: Vec<CustomerId> }
        after { inner! { pub struct CustomerId(String); } } [] { by: CustomerId, all: Vec<CustomerId> }
        kept {
            inner! { pub struct OldCustomerId(u64); }
            impl From<OldCustomerId> for CustomerId { fn from(old: OldCustomerId) -> Self { Self(format!("c-{}", old.0)) } }
        }
        "account.deposited" 1 r#"{"by":5,"all":[6]}"# => r#"{"by":"c-5","all":["c-6"]}"#
    }
    a_type_in_a_type {
        before { inner! { pub struct Cents { of: i64 } pub struct Money { cents: Cents } } } [] { amount: Money, fees: Vec<Cents> }
        after { inner! { pub struct Cents { at: i64 } pub struct Money { cents: Cents } } } [] { amount: Money, fees: Vec<Cents> }
        kept {
            inner! { pub struct OldCents { of: i64 } pub struct OldMoney { cents: OldCents } }
            impl From<OldCents> for Cents { fn from(old: OldCents) -> Self { Self { at: old.of } } }
            impl From<OldMoney> for Money { fn from(old: OldMoney) -> Self { Self { cents: old.cents.into() } } }
        }
        "account.deposited" 1 r#"{"amount":{"cents":{"of":5}},"fees":[{"of":1}]}"# => r#"{"amount":{"cents":{"at":5}},"fees":[{"at":1}]}"#
    }
    a_type_in_a_module {
        before { pub mod money { use super::*; inner! { pub struct Money { pub cents: i64 } } } } [] { amount: Box<money::Money> }
        after { pub mod money { use super::*; inner! { pub struct Money { pub amount: i64 } pub struct OldMoney { pub cents: i64 } } } } [] { amount: Box<money::Money> }
        kept { impl From<money::OldMoney> for money::Money { fn from(old: money::OldMoney) -> Self { Self { amount: old.cents } } } }
        "account.deposited" 1 r#"{"amount":{"cents":5}}"# => r#"{"amount":{"amount":5}}"#
    }
    a_map_of_another_kind_with_other_values {
        before { inner! { pub struct Money { cents: i64 } } } [] { of: HashMap<String, Money> }
        after { inner! { pub struct Money { amount: i64 } } } [] { of: BTreeMap<String, Money> }
        kept {
            inner! { pub struct OldMoney { cents: i64 } }
            impl From<OldMoney> for Money { fn from(old: OldMoney) -> Self { Self { amount: old.cents } } }
        }
        "account.deposited" 1 r#"{"of":{"a":{"cents":5}}}"# => r#"{"of":{"a":{"amount":5}}}"#
    }
    a_map_with_other_keys {
        before {} [] { of: HashMap<String, u8> }
        after { inner! { #[derive(PartialEq, Eq, PartialOrd, Ord)] pub struct Key(u8); } } [] { of: BTreeMap<Key, u8> }
        kept { impl From<String> for Key { fn from(old: String) -> Self { Self(old.len() as u8) } } }
        "account.deposited" 1 r#"{"of":{"abc":5}}"# => r#"{"of":{"3":5}}"#
    }
    a_list_of_another_kind {
        before {} [] { of: Vec<u8> }
        after {} [] { of: BTreeSet<u8> }
        kept {}
        "account.deposited" 1 r#"{"of":[2,1,2]}"# => r#"{"of":[1,2]}"#
    }
    a_type_alias {
        before { pub type Amount = u32; } [] { amount: Amount }
        after { pub type Amount = String; } [] { amount: Amount }
        kept { #[derive(Clone, Serialize, Deserialize, es::schema::schemars::JsonSchema)] #[schemars(crate = "es::schema::schemars")] pub struct OldAmount(u32); impl From<OldAmount> for String { fn from(old: OldAmount) -> Self { old.0.to_string() } } }
        "account.deposited" 1 r#"{"amount":5}"# => r#"{"amount":"5"}"#
    }
    a_place_of_a_tuple {
        before { inner! { pub struct Money { cents: i64 } } } [] ("0" u8, "1" Money)
        after { inner! { pub struct Money { amount: i64 } } } [] ("0" u8, "1" Money)
        kept {
            inner! { pub struct OldMoney { cents: i64 } }
            impl From<OldMoney> for Money { fn from(old: OldMoney) -> Self { Self { amount: old.cents } } }
        }
        "account.deposited" 1 r#"[1,{"cents":5}]"# => r#"[1,{"amount":5}]"#
    }
    another_with {
        before {} [] { #[serde(with = "cents")] amount: i64 }
        after {
            pub mod text_cents {
                use super::*;
                pub fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
                    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
                }
                pub fn serialize<S: serde::Serializer>(value: &i64, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.collect_str(value)
                }
            }
        } [] { #[serde(with = "text_cents")] amount: i64 }
        kept {}
        "account.deposited" 1 r#"{"amount":5}"# => r#"{"amount":"5"}"#
    }
    a_with_that_reads_otherwise {
        before {} [] { #[serde(with = "cents")] amount: i64 }
        after {
            pub mod cents {
                use super::*;
                pub fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
                    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
                }
                pub fn serialize<S: serde::Serializer>(value: &i64, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.collect_str(value)
                }
            }
        } [] { #[serde(with = "cents")] amount: i64 }
        kept { use super::cents as old_cents; }
        "account.deposited" 1 r#"{"amount":5}"# => r#"{"amount":"5"}"#
    }
    a_flattened_type {
        before { inner! { pub struct Extra { branch: String } } } [] { amount: u64, #[serde(flatten)] extra: Extra }
        after { inner! { pub struct Extra { place: String } } } [] { amount: u64, #[serde(flatten)] extra: Extra }
        kept {
            inner! { pub struct OldExtra { branch: String } }
            impl From<OldExtra> for Extra { fn from(old: OldExtra) -> Self { Self { place: old.branch } } }
        }
        "account.deposited" 1 r#"{"amount":5,"branch":"b"}"# => r#"{"amount":5,"place":"b"}"#
    }
    a_flattened_field_more {
        before { inner! { pub struct Extra { branch: String } } } [] { amount: u64, #[serde(flatten)] extra: Extra }
        after { inner! { pub struct Extra { branch: String } pub struct More { code: Option<u8> } } } []
            { amount: u64, #[serde(flatten)] extra: Extra, #[serde(flatten)] more: More }
        kept {
            pub mod v1 { use super::*; as_it_was! { pub struct Deposited { pub amount: u64, #[serde(flatten)] pub extra: Extra } } }
            impl From<v1::Deposited> for Deposited {
                fn from(old: v1::Deposited) -> Self { Self { amount: old.amount, extra: old.extra, more: More { code: None } } }
            }
        }
        "account.deposited" 1 r#"{"amount":5,"branch":"b"}"# => r#"{"amount":5,"branch":"b","code":null}"#
    }
    fields_that_became_places {
        before {} [] { amount: u64 }
        after {} [] ("0" u64, "1" u8)
        kept {
            pub mod v1 { use super::*; as_it_was! { pub struct Deposited { pub amount: u64 } } }
            impl From<v1::Deposited> for Deposited { fn from(old: v1::Deposited) -> Self { Self(old.amount, 1) } }
        }
        "account.deposited" 1 r#"{"amount":5}"# => "[5,1]"
    }
    a_schema_version_without_a_step {
        before {} [] { amount: u32 }
        after { inner! { pub struct Money { cents: i64 } } } [name = "account.deposited", version = 2]
            { amount: Money, #[event(added(in = 2, default = 1))] places: u8 }
        kept { impl From<u32> for Money { fn from(old: u32) -> Self { Self { cents: i64::from(old) * 100 } } } }
        "account.deposited" 1 r#"{"amount":5}"# => r#"{"amount":{"cents":500},"places":1}"#
    }
    an_array_of_another_length {
        before { pub const N: usize = 1; } [] { codes: [u8; N] }
        after { pub const N: usize = 2; } [] { codes: [u8; N] }
        kept {
            pub const OldN: usize = 1;
            pub mod v1 { use super::*; as_it_was! { pub struct Deposited { pub codes: [u8; OldN] } } }
            impl From<v1::Deposited> for Deposited { fn from(old: v1::Deposited) -> Self { Self { codes: [old.codes[0], 0] } } }
        }
        "account.deposited" 1 r#"{"codes":[5]}"# => r#"{"codes":[5,0]}"#
    }
    a_type_that_says_nothing_of_itself {
        before { #[derive(Clone, Serialize, Deserialize)] pub struct Money { cents: i64 } } [] { amount: Vec<Money> }
        after { #[derive(Clone, Serialize, Deserialize)] pub struct Money { amount: i64 } } [] { amount: Vec<Money> }
        kept {
            #[derive(Clone, Serialize, Deserialize)] pub struct OldMoney { cents: i64 }
            impl From<OldMoney> for Money { fn from(old: OldMoney) -> Self { Self { amount: old.cents } } }
        }
        "account.deposited" 1 r#"{"amount":[{"cents":5}]}"# => r#"{"amount":[{"amount":5}]}"#
    }
    a_type_that_says_something_of_itself_only_now {
        before { #[derive(Clone, Serialize, Deserialize)] pub struct Money { cents: i64 } } [] { amount: Money }
        after { inner! { pub struct Money { amount: i64 } } } [] { amount: Money }
        kept {
            #[derive(Clone, Serialize, Deserialize)] pub struct OldMoney { cents: i64 }
            impl From<OldMoney> for Money { fn from(old: OldMoney) -> Self { Self { amount: old.cents } } }
        }
        "account.deposited" 1 r#"{"amount":{"cents":5}}"# => r#"{"amount":{"amount":5}}"#
    }
    a_type_of_a_macro {
        before { macro_rules! amount { () => { u32 } } } [] { amount: amount!() }
        after { macro_rules! amount { () => { String } } } [] { amount: amount!() }
        kept {
            pub mod v1 { use super::*; as_it_was! { pub struct Deposited { pub amount: u32 } } }
            impl From<v1::Deposited> for Deposited { fn from(old: v1::Deposited) -> Self { Self { amount: old.amount.to_string() } } }
        }
        "account.deposited" 1 r#"{"amount":5}"# => r#"{"amount":"5"}"#
    }
    places_of_a_tuple_swapped {
        before {} [] ("0" u8, "1" String)
        after {} [] ("0" String, "1" u8)
        kept {
            pub mod v1 { use super::*; as_it_was! { pub struct Deposited(pub u8, pub String); } }
            impl From<v1::Deposited> for Deposited { fn from(old: v1::Deposited) -> Self { Self(old.1, old.0) } }
        }
        "account.deposited" 1 r#"[1,"a"]"# => r#"["a",1]"#
    }
    an_event_renamed {
        before {} [] { amount: u64 }
        after {} [name = "account.paid_in"] { amount: u64 }
        kept {}
        "account.deposited" 1 r#"{"amount":5}"# => r#"{"amount":5}"#
    }
    a_former_name_dropped {
        before {} [name = "account.deposited", alias("paid_in", up_to = 1)] { amount: u64 }
        after {} [] { amount: u64 }
        kept {}
        "paid_in" 1 r#"{"amount":5}"# => r#"{"amount":5}"#
    }
    a_schema_version_lowered {
        before {} [name = "account.deposited", version = 2] { amount: u64, #[event(added(in = 2, default = 1))] places: u8 }
        after {} [] { amount: u64, places: u8 }
        kept {}
        "account.deposited" 1 r#"{"amount":5}"# => r#"{"amount":5,"places":0}"#
    }
    an_old_schema_version_edited {
        before {} [name = "account.deposited", version = 2] { #[event(changed(in = 2, from = u8, with = From::from))] amount: u64 }
        after {} [name = "account.deposited", version = 2] { #[event(changed(in = 2, from = String, with = |old| old.len() as u64))] amount: u64 }
        kept {}
        "account.deposited" 1 r#"{"amount":5}"# => r#"{"amount":5}"#
    }
}
