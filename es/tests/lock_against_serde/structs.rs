//! Structs inside payloads.

pair!(Noticed a_place_of_a_tuple_struct_added
    before { inner! { pub struct Pair(u8, u8); } } (Pair) [Pair(1, 2)]
    after { inner! { pub struct Pair(u8, u8, u8); } } (Pair) [Pair(1, 2, 3)]);
pair!(Noticed places_of_a_tuple_struct_swapped
    before { inner! { pub struct Pair(u8, String); } } (Pair) [Pair(1, "a".into())]
    after { inner! { pub struct Pair(String, u8); } } (Pair) [Pair("a".into(), 1)]);
pair!(Silent a_tuple_struct_to_a_tuple
    before { inner! { pub struct Pair(u8, String); } } (Pair) [Pair(1, "a".into())]
    after {} ((u8, String)) [(1, "a".into())]);
pair!(Noticed a_unit_struct_to_an_empty_one
    before { inner! { pub struct Done; } } (Done) [Done]
    after { inner! { pub struct Done {} } } (Done) [Done {}]);
pair!(Noticed a_unit_struct_to_one_with_a_default
    before { inner! { pub struct Done; } } (Done) [Done]
    after { inner! { pub struct Done { #[serde(default)] at: u8 } } } (Done) [Done { at: 1 }]);
pair!(Silent a_unit_struct_to_nothing
    before { inner! { pub struct Done; } } (Done) [Done]
    after {} (()) [()]);
pair!(Widens a_unit_struct_to_an_option
    before { inner! { pub struct Done; } } (Done) [Done]
    after {} (Option<u8>) [Some(1)]);
pair!(Silent newtypes_of_newtypes
    before { inner! { pub struct Inner(u64); pub struct Outer(Inner); } } (Outer) [Outer(Inner(1))]
    after {} (u64) [1]);
pair!(Widens newtypes_of_newtypes_of_wider
    before { inner! { pub struct Inner(u32); pub struct Outer(Inner); } } (Outer) [Outer(Inner(1))]
    after { inner! { pub struct Inner(u64); pub struct Outer(Inner); } } (Outer) [Outer(Inner(u64::MAX))]);
pair!(Noticed newtypes_of_newtypes_of_narrower
    before { inner! { pub struct Inner(u64); pub struct Outer(Inner); } } (Outer) [Outer(Inner(u64::MAX))]
    after { inner! { pub struct Inner(u32); pub struct Outer(Inner); } } (Outer) [Outer(Inner(1))]);
pair!(Noticed transparent_put_on
    before { inner! { pub struct Cents { of: i64 } } } (Cents) [Cents { of: 1 }]
    after { inner! { #[serde(transparent)] pub struct Cents { of: i64 } } } (Cents) [Cents { of: 1 }]);
pair!(Noticed transparent_taken_off
    before { inner! { #[serde(transparent)] pub struct Cents { of: i64 } } } (Cents) [Cents { of: 1 }]
    after { inner! { pub struct Cents { of: i64 } } } (Cents) [Cents { of: 1 }]);
pair!(Silent transparent_on_a_newtype
    before { inner! { pub struct Cents(i64); } } (Cents) [Cents(1)]
    after { inner! { #[serde(transparent)] pub struct Cents(i64); } } (Cents) [Cents(1)]);
pair!(Noticed a_field_of_a_struct_in_a_tuple
    before { inner! { pub struct Money { cents: i64 } } } ((u8, Money)) [(1, Money { cents: 1 })]
    after { inner! { pub struct Money { euros: i64 } } } ((u8, Money)) [(1, Money { euros: 1 })]);
pair!(Noticed a_tuple_struct_to_fields
    before { inner! { pub struct Pair(u8, u8); } } (Pair) [Pair(1, 2)]
    after { inner! { pub struct Pair { cents: u8, of: u8 } } } (Pair) [Pair { cents: 1, of: 2 }]);

// ---- names

pair!(Noticed rename_all_put_on
    before { inner! { pub struct Money { of_cents: i64 } } } (Money) [Money { of_cents: 1 }]
    after { inner! { #[serde(rename_all = "camelCase")] pub struct Money { of_cents: i64 } } } (Money) [Money { of_cents: 1 }]);
pair!(Noticed rename_all_taken_off
    before { inner! { #[serde(rename_all = "camelCase")] pub struct Money { of_cents: i64 } } } (Money) [Money { of_cents: 1 }]
    after { inner! { pub struct Money { of_cents: i64 } } } (Money) [Money { of_cents: 1 }]);
pair!(Noticed rename_all_changed
    before { inner! { #[serde(rename_all = "camelCase")] pub struct Money { of_cents: i64 } } } (Money) [Money { of_cents: 1 }]
    after { inner! { #[serde(rename_all = "kebab-case")] pub struct Money { of_cents: i64 } } } (Money) [Money { of_cents: 1 }]);
pair!(Silent rename_all_that_changes_nothing
    before { inner! { pub struct Money { cents: i64 } } } (Money) [Money { cents: 1 }]
    after { inner! { #[serde(rename_all = "camelCase")] pub struct Money { cents: i64 } } } (Money) [Money { cents: 1 }]);
pair!(Widens rename_all_with_aliases renamed ["of_cents" "ofCents"]
    before { inner! { pub struct Money { of_cents: i64 } } } (Money) [Money { of_cents: 1 }]
    after { inner! { #[serde(rename_all = "camelCase")] pub struct Money { #[serde(alias = "of_cents")] of_cents: i64 } } } (Money) [Money { of_cents: 1 }]);
pair!(Widens an_option_renamed_with_an_alias renamed ["memo" "note"]
    before { inner! { pub struct Money { memo: Option<u8> } } } (Money) [Money { memo: Some(1) }]
    after { inner! { pub struct Money { #[serde(alias = "memo")] note: Option<u8> } } } (Money) [Money { note: Some(1) }]);
pair!(Noticed two_fields_of_one_type_swapped renamed ["a" "b", "b" "a"]
    before { inner! { pub struct Money { #[serde(alias = "x")] a: u8, b: u8 } } } (Money) [Money { a: 1, b: 2 }] stored [r#"{"of":{"x":1,"b":2}}"#]
    after { inner! { pub struct Money { a: u8, #[serde(alias = "x")] b: u8 } } } (Money) [Money { a: 1, b: 2 }]);

// ---- absent fields

pair!(Noticed a_nested_default_removed
    before { inner! { pub struct Money { cents: i64, #[serde(default)] note: u8 } } } (Money) [Money { cents: 1, note: 1 }] stored [r#"{"of":{"cents":1}}"#]
    after { inner! { pub struct Money { cents: i64, note: u8 } } } (Money) [Money { cents: 1, note: 1 }]);
pair!(Noticed the_default_of_a_struct_removed
    before { inner! { #[derive(Default)] #[serde(default)] pub struct Money { cents: i64, note: u8 } } } (Money) [Money { cents: 1, note: 1 }] stored [r#"{"of":{"cents":1}}"#]
    after { inner! { #[derive(Default)] pub struct Money { cents: i64, note: u8 } } } (Money) [Money { cents: 1, note: 1 }]);
// The lock does not know whether the key is left out now.
pair!(Silent (but Widens) the_default_of_a_struct_added
    before { inner! { #[derive(Default)] pub struct Money { cents: i64, note: u8 } } } (Money) [Money { cents: 1, note: 1 }]
    after { inner! { #[derive(Default)] #[serde(default)] pub struct Money { cents: i64, note: u8 } } } (Money) [Money { cents: 1, note: 1 }]);
pair!(Widens a_field_that_is_left_out_when_it_is_empty
    before { inner! { pub struct Money { notes: Vec<u8> } } } (Money) [Money { notes: vec![1] }]
    after { inner! { pub struct Money { #[serde(default, skip_serializing_if = "Vec::is_empty")] notes: Vec<u8> } } } (Money) [Money { notes: vec![] }]);
pair!(Silent an_option_that_is_left_out_when_it_is_empty
    before { inner! { pub struct Money { note: Option<u8> } } } (Money) [Money { note: Some(1) }]
    after { inner! { pub struct Money { #[serde(skip_serializing_if = "Option::is_none")] note: Option<u8> } } } (Money) [Money { note: None }]);
pair!(Noticed an_option_that_must_be_there_now
    before { inner! { pub struct Money { #[serde(skip_serializing_if = "Option::is_none")] note: Option<u8> } } } (Money) [Money { note: Some(1) }] stored [r#"{"of":{}}"#]
    after { pub mod some { use super::*;
            pub fn deserialize<'de, D: serde::Deserializer<'de>>(of: D) -> Result<Option<u8>, D::Error> { Option::deserialize(of) }
            pub fn serialize<S: serde::Serializer>(value: &Option<u8>, to: S) -> Result<S::Ok, S::Error> { value.serialize(to) }
        }
        inner! { pub struct Money { #[serde(with = "some")] #[schemars(with = "Option<u8>")] note: Option<u8> } } } (Money) [Money { note: None }]);
pair!(Noticed a_nested_skip
    before { inner! { pub struct Money { cents: i64, note: u8 } } } (Money) [Money { cents: 1, note: 1 }]
    after { inner! { pub struct Money { cents: i64, #[serde(skip)] note: u8 } } } (Money) [Money { cents: 1, note: 0 }]);
pair!(Silent a_nested_skip_taken_off_where_it_may_be_absent
    before { inner! { pub struct Money { cents: i64, #[serde(skip)] note: u8 } } } (Money) [Money { cents: 1, note: 0 }]
    after { inner! { pub struct Money { cents: i64, #[serde(default)] note: u8 } } } (Money) [Money { cents: 1, note: 1 }]);
pair!(Noticed a_nested_skip_taken_off
    before { inner! { pub struct Money { cents: i64, #[serde(skip)] note: u8 } } } (Money) [Money { cents: 1, note: 0 }]
    after { inner! { pub struct Money { cents: i64, note: u8 } } } (Money) [Money { cents: 1, note: 1 }]);
pair!(Noticed a_nested_skip_deserializing
    before { inner! { pub struct Money { cents: i64, note: u8 } } } (Money) [Money { cents: 1, note: 1 }]
    after { inner! { pub struct Money { cents: i64, #[serde(skip_deserializing)] note: u8 } } } (Money) [Money { cents: 1, note: 0 }]);

// ---- unknown keys

pair!(Noticed deny_unknown_fields_put_on
    before { inner! { pub struct Money { cents: i64 } } } (Vec<Money>) [vec![Money { cents: 1 }]] stored [r#"{"of":[{"cents":1,"old":2}]}"#]
    after { inner! { #[serde(deny_unknown_fields)] pub struct Money { cents: i64 } } } (Vec<Money>) [vec![Money { cents: 1 }]]);
pair!(Silent deny_unknown_fields_taken_off
    before { inner! { #[serde(deny_unknown_fields)] pub struct Money { cents: i64 } } } (Money) [Money { cents: 1 }]
    after { inner! { pub struct Money { cents: i64 } } } (Money) [Money { cents: 1 }]);
pair!(Widens an_optional_field_where_the_release_before_denies
    before { inner! { #[serde(deny_unknown_fields)] pub struct Money { cents: i64 } } } (Money) [Money { cents: 1 }]
    after { inner! { #[serde(deny_unknown_fields)] pub struct Money { cents: i64, note: Option<u8> } } } (Money) [Money { cents: 1, note: None }]);

// ---- flatten

pair!(Silent flatten_with_the_same_keys
    before { inner! { pub struct Money { cents: i64, note: String } } } (Money) [Money { cents: 1, note: "a".into() }]
    after { inner! { pub struct Cents { cents: i64 } pub struct Money { #[serde(flatten)] of: Cents, note: String } } } (Money) [Money { of: Cents { cents: 1 }, note: "a".into() }]);
pair!(Silent a_flattened_field_renamed
    before { inner! { pub struct Cents { cents: i64 } pub struct Money { #[serde(flatten)] of: Cents, note: String } } } (Money) [Money { of: Cents { cents: 1 }, note: "a".into() }]
    after { inner! { pub struct Cents { cents: i64 } pub struct Money { #[serde(flatten)] all: Cents, note: String } } } (Money) [Money { all: Cents { cents: 1 }, note: "a".into() }]);
pair!(Noticed flatten_put_on
    before { inner! { pub struct Cents { cents: i64 } pub struct Money { of: Cents } } } (Money) [Money { of: Cents { cents: 1 } }]
    after { inner! { pub struct Cents { cents: i64 } pub struct Money { #[serde(flatten)] of: Cents } } } (Money) [Money { of: Cents { cents: 1 } }]);
pair!(Noticed flatten_taken_off
    before { inner! { pub struct Cents { cents: i64 } pub struct Money { #[serde(flatten)] of: Cents } } } (Money) [Money { of: Cents { cents: 1 } }]
    after { inner! { pub struct Cents { cents: i64 } pub struct Money { of: Cents } } } (Money) [Money { of: Cents { cents: 1 } }]);
pair!(Noticed a_key_of_what_is_flattened_renamed
    before { inner! { pub struct Cents { cents: i64 } pub struct Money { #[serde(flatten)] of: Cents } } } (Money) [Money { of: Cents { cents: 1 } }]
    after { inner! { pub struct Cents { euros: i64 } pub struct Money { #[serde(flatten)] of: Cents } } } (Money) [Money { of: Cents { euros: 1 } }]);
// serde buffers a flattened field, and its buffer holds no number above 64 bits: an append refuses such values.
pair!(Noticed (but Silent) flatten_of_numbers_that_serde_cannot_hold_back
    before { inner! { pub struct Money { cents: u128, note: String } } } (Money) [Money { cents: u128::MAX, note: "a".into() }]
    after { inner! { pub struct Cents { cents: u128 } pub struct Money { #[serde(flatten)] of: Cents, note: String } } } (Money) [Money { of: Cents { cents: 1 }, note: "a".into() }]);
// Nor does it read a number from a buffered key.
pair!(Noticed (but Widens) flatten_of_keys_that_serde_cannot_hold_back
    before { inner! { pub struct Money { by: BTreeMap<u8, u8>, note: String } } } (Money) [Money { by: [(1, 1)].into(), note: "a".into() }]
    after { inner! { pub struct By { by: BTreeMap<u8, u8> } pub struct Money { #[serde(flatten)] of: By, note: String } } } (Money) [Money { of: By { by: [].into() }, note: "a".into() }]);
pair!(Silent a_flattened_map_put_on
    before { inner! { pub struct Money { cents: i64 } } } (Money) [Money { cents: 1 }]
    after { inner! { pub struct Money { cents: i64, #[serde(flatten)] rest: BTreeMap<String, u8> } } } (Money) [Money { cents: 1, rest: [("more".into(), 1)].into() }]);
pair!(Noticed a_flattened_map_taken_off
    before { inner! { pub struct Money { cents: i64, #[serde(flatten)] rest: BTreeMap<String, u8> } } } (Money) [Money { cents: 1, rest: [("more".into(), 1)].into() }]
    after { inner! { pub struct Money { cents: i64 } } } (Money) [Money { cents: 1 }]);
