//! Enums inside payloads.

pair!(Noticed text_to_an_enum
    before {} (String) ["other".into()]
    after { inner! { pub enum Kind { A, B } } } (Kind) [Kind::A]);
pair!(Widens an_enum_to_text
    before { inner! { pub enum Kind { A, B } } } (Kind) [Kind::A, Kind::B]
    after {} (String) ["other".into()]);
pair!(Noticed an_enum_that_holds_something_to_text
    before { inner! { pub enum Kind { A, B(u8) } } } (Kind) [Kind::A, Kind::B(1)]
    after {} (String) ["other".into()]);
pair!(Widens a_variant_added
    before { inner! { pub enum Kind { A, B } } } (Vec<Kind>) [vec![Kind::A]]
    after { inner! { pub enum Kind { A, B, C } } } (Vec<Kind>) [vec![Kind::C]]);
pair!(Noticed a_variant_removed
    before { inner! { pub enum Kind { A, B, C } } } (Vec<Kind>) [vec![Kind::C]]
    after { inner! { pub enum Kind { A, B } } } (Vec<Kind>) [vec![Kind::A]]);
pair!(Noticed a_variant_renamed
    before { inner! { pub enum Kind { A, B } } } (Kind) [Kind::B]
    after { inner! { pub enum Kind { A, C } } } (Kind) [Kind::C]);
pair!(Widens a_variant_renamed_with_an_alias renamed ["B" "C"]
    before { inner! { pub enum Kind { A, B } } } (Kind) [Kind::B]
    after { inner! { pub enum Kind { A, #[serde(alias = "B")] C } } } (Kind) [Kind::C]);
pair!(Silent a_variant_renamed_in_rust
    before { inner! { pub enum Kind { A, B } } } (Kind) [Kind::B]
    after { inner! { pub enum Kind { #[serde(rename = "B")] Two, A } } } (Kind) [Kind::Two]);
pair!(Noticed rename_all_on_variants
    before { inner! { pub enum Kind { A, B } } } (Kind) [Kind::B]
    after { inner! { #[serde(rename_all = "lowercase")] pub enum Kind { A, B } } } (Kind) [Kind::B]);
pair!(Noticed rename_all_fields_put_on
    before { inner! { pub enum Kind { A { of_one: u8 } } } } (Kind) [Kind::A { of_one: 1 }]
    after { inner! { #[serde(rename_all_fields = "camelCase")] pub enum Kind { A { of_one: u8 } } } } (Kind) [Kind::A { of_one: 1 }]);
pair!(Noticed rename_all_fields_changed
    before { inner! { #[serde(rename_all_fields = "camelCase")] pub enum Kind { A { of_one: u8 } } } } (Kind) [Kind::A { of_one: 1 }]
    after { inner! { #[serde(rename_all_fields = "kebab-case")] pub enum Kind { A { of_one: u8 } } } } (Kind) [Kind::A { of_one: 1 }]);
pair!(Noticed a_unit_variant_to_a_newtype_variant
    before { inner! { pub enum Kind { A } } } (Kind) [Kind::A]
    after { inner! { pub enum Kind { A(()) } } } (Kind) [Kind::A(())]);
pair!(Noticed a_unit_variant_to_one_with_an_option
    before { inner! { pub enum Kind { A } } } (Kind) [Kind::A]
    after { inner! { pub enum Kind { A(Option<u8>) } } } (Kind) [Kind::A(None)]);
pair!(Noticed a_unit_variant_to_a_struct_variant
    before { inner! { pub enum Kind { A } } } (Kind) [Kind::A]
    after { inner! { pub enum Kind { A {} } } } (Kind) [Kind::A {}]);
pair!(Widens a_newtype_variant_of_wider
    before { inner! { pub enum Kind { A(u8) } } } (Kind) [Kind::A(1)]
    after { inner! { pub enum Kind { A(u16) } } } (Kind) [Kind::A(300)]);
pair!(Silent an_optional_field_in_a_struct_variant
    before { inner! { pub enum Kind { A { of: u8 } } } } (Kind) [Kind::A { of: 1 }]
    after { inner! { pub enum Kind { A { of: u8, note: Option<u8> } } } } (Kind) [Kind::A { of: 1, note: Some(1) }]);
pair!(Noticed a_required_field_in_a_struct_variant
    before { inner! { pub enum Kind { A { of: u8 } } } } (Kind) [Kind::A { of: 1 }]
    after { inner! { pub enum Kind { A { of: u8, note: u8 } } } } (Kind) [Kind::A { of: 1, note: 1 }]);
pair!(Noticed a_field_removed_from_a_struct_variant
    before { inner! { pub enum Kind { A { of: u8, note: u8 } } } } (Kind) [Kind::A { of: 1, note: 1 }]
    after { inner! { pub enum Kind { A { of: u8 } } } } (Kind) [Kind::A { of: 1 }]);
pair!(Silent a_struct_variant_to_a_newtype_variant
    before { inner! { pub enum Kind { A { of: u8 } } } } (Kind) [Kind::A { of: 1 }]
    after { inner! { pub struct Of { of: u8 } pub enum Kind { A(Of) } } } (Kind) [Kind::A(Of { of: 1 })]);
pair!(Widens other_put_on
    before { inner! { pub enum Kind { A, B } } } (Kind) [Kind::A]
    after { inner! { pub enum Kind { A, B, #[serde(other)] Other } } } (Kind) [Kind::Other]);
pair!(Noticed other_taken_off
    before { inner! { pub enum Kind { A, #[serde(other)] Other } } } (Kind) [Kind::A] stored [r#"{"of":"new"}"#]
    after { inner! { pub enum Kind { A, Other } } } (Kind) [Kind::A]);
pair!(Noticed a_variant_skipped
    before { inner! { pub enum Kind { A, B } } } (Kind) [Kind::B]
    after { inner! { pub enum Kind { A, #[serde(skip)] B } } } (Kind) [Kind::A]);

pair!(Noticed the_alias_of_a_unit_variant_moved
    before { inner! { pub enum Kind { #[serde(alias = "x")] A, B } } } (Kind) [Kind::A, Kind::B] stored [r#"{"of":"x"}"#]
    after { inner! { pub enum Kind { A, #[serde(alias = "x")] B } } } (Kind) [Kind::A, Kind::B]);
pair!(Noticed the_alias_of_a_newtype_variant_moved
    before { inner! { pub enum Kind { #[serde(alias = "x")] A(u8), B(u8) } } } (Kind) [Kind::A(1), Kind::B(1)] stored [r#"{"of":{"x":1}}"#]
    after { inner! { pub enum Kind { A(u8), #[serde(alias = "AB")] B(u8), #[serde(alias = "x")] C(u8) } } } (Kind) [Kind::A(1), Kind::B(1)]);
pair!(Noticed an_alias_that_is_a_variant_now
    before { inner! { pub enum Kind { #[serde(alias = "x")] A, B } } } (Kind) [Kind::A, Kind::B] stored [r#"{"of":"x"}"#]
    after { inner! { pub enum Kind { A, B, #[serde(rename = "x")] X } } } (Kind) [Kind::A, Kind::B]);
pair!(Silent an_alias_put_on_a_variant
    before { inner! { pub enum Kind { A, B } } } (Kind) [Kind::A, Kind::B]
    after { inner! { pub enum Kind { #[serde(alias = "x")] A, B } } } (Kind) [Kind::A, Kind::B]);
pair!(Widens a_variant_with_an_alias_renamed renamed ["A" "C"]
    before { inner! { pub enum Kind { #[serde(alias = "x")] A, B } } } (Kind) [Kind::A, Kind::B] stored [r#"{"of":"x"}"#]
    after { inner! { pub enum Kind { #[serde(alias = "x", alias = "A")] C, B } } } (Kind) [Kind::C, Kind::B]);
pair!(Noticed the_alias_of_a_tagged_variant_moved
    before { inner! { #[serde(tag = "t")] pub enum Kind { #[serde(alias = "x")] A { of: u8 }, B { at: u8 } } } } (Kind) [Kind::A { of: 1 }] stored [r#"{"of":{"t":"x","of":1}}"#]
    after { inner! { #[serde(tag = "t")] pub enum Kind { A { of: u8 }, B { at: u8 }, #[serde(alias = "x")] C { of: u8 } } } } (Kind) [Kind::A { of: 1 }]);

// ---- tagged

pair!(Noticed a_tag_put_on
    before { inner! { pub enum Kind { A { of: u8 } } } } (Kind) [Kind::A { of: 1 }]
    after { inner! { #[serde(tag = "kind")] pub enum Kind { A { of: u8 } } } } (Kind) [Kind::A { of: 1 }]);
pair!(Noticed internal_to_adjacent
    before { inner! { #[serde(tag = "kind")] pub enum Kind { A { of: u8 } } } } (Kind) [Kind::A { of: 1 }]
    after { inner! { #[serde(tag = "kind", content = "c")] pub enum Kind { A { of: u8 } } } } (Kind) [Kind::A { of: 1 }]);
pair!(Noticed adjacent_to_internal
    before { inner! { #[serde(tag = "kind", content = "c")] pub enum Kind { A { of: u8 } } } } (Kind) [Kind::A { of: 1 }]
    after { inner! { #[serde(tag = "kind")] pub enum Kind { A { of: u8 } } } } (Kind) [Kind::A { of: 1 }]);
pair!(Noticed another_content
    before { inner! { #[serde(tag = "kind", content = "c")] pub enum Kind { A { of: u8 } } } } (Kind) [Kind::A { of: 1 }]
    after { inner! { #[serde(tag = "kind", content = "d")] pub enum Kind { A { of: u8 } } } } (Kind) [Kind::A { of: 1 }]);
pair!(Noticed tagged_to_untagged
    before { inner! { pub enum Kind { A { of: u8 } } } } (Kind) [Kind::A { of: 1 }]
    after { inner! { #[serde(untagged)] pub enum Kind { A { of: u8 } } } } (Kind) [Kind::A { of: 1 }]);
pair!(Widens a_variant_added_to_an_adjacent_enum
    before { inner! { #[serde(tag = "t", content = "c")] pub enum Kind { A(u8), B } } } (Kind) [Kind::A(1), Kind::B]
    after { inner! { #[serde(tag = "t", content = "c")] pub enum Kind { A(u8), B, C(String) } } } (Kind) [Kind::C("a".into())]);
pair!(Noticed the_alias_of_an_adjacent_variant_dropped
    before { inner! { #[serde(tag = "t", content = "c")] pub enum Kind { #[serde(alias = "a")] A(u8), B } } } (Kind) [Kind::A(1), Kind::B] stored [r#"{"of":{"t":"a","c":1}}"#]
    after { inner! { #[serde(tag = "t", content = "c")] pub enum Kind { A(u8), B } } } (Kind) [Kind::A(1)]);
pair!(Widens an_adjacent_variant_renamed_with_an_alias renamed ["B" "C"]
    before { inner! { #[serde(tag = "t", content = "c")] pub enum Kind { A(u8), B } } } (Kind) [Kind::A(1), Kind::B]
    after { inner! { #[serde(tag = "t", content = "c")] pub enum Kind { A(u8), #[serde(alias = "B")] C } } } (Kind) [Kind::C]);
pair!(Noticed other_taken_off_an_adjacent_enum
    before { inner! { #[serde(tag = "t", content = "c")] pub enum Kind { A(u8), #[serde(other)] B } } } (Kind) [Kind::A(1), Kind::B] stored [r#"{"of":{"t":"new"}}"#]
    after { inner! { #[serde(tag = "t", content = "c")] pub enum Kind { A(u8), B } } } (Kind) [Kind::A(1)]);
pair!(Widens a_tagged_variant_renamed_with_an_alias renamed ["B" "C"]
    before { inner! { #[serde(tag = "t")] pub enum Kind { A { of: u8 }, B } } } (Kind) [Kind::A { of: 1 }, Kind::B]
    after { inner! { #[serde(tag = "t")] pub enum Kind { A { of: u8 }, #[serde(alias = "B")] C } } } (Kind) [Kind::C]);
pair!(Silent the_order_of_tagged_variants
    before { inner! { #[serde(tag = "t")] pub enum Kind { A { of: u8 }, B { of: u8 } } } } (Kind) [Kind::A { of: 1 }, Kind::B { of: 1 }]
    after { inner! { #[serde(tag = "t")] pub enum Kind { B { of: u8 }, A { of: u8 } } } } (Kind) [Kind::A { of: 1 }, Kind::B { of: 1 }]);
pair!(Silent the_order_of_adjacent_variants
    before { inner! { #[serde(tag = "t", content = "c")] pub enum Kind { A(u8), B } } } (Kind) [Kind::A(1), Kind::B]
    after { inner! { #[serde(tag = "t", content = "c")] pub enum Kind { B, A(u8) } } } (Kind) [Kind::A(1), Kind::B]);
// serde buffers the fields beside the tag, and its buffer holds no number above 64 bits: an append refuses such values.
pair!(Noticed (but Silent) a_tag_on_numbers_that_serde_cannot_hold_back
    before { inner! { pub enum T { A } pub struct Held { t: T, of: u128 } } } (Held) [Held { t: T::A, of: u128::MAX }]
    after { inner! { #[serde(tag = "t")] pub enum Held { A { of: u128 } } } } (Held) [Held::A { of: 1 }]);
pair!(Silent a_nested_tag_on_a_struct
    before { inner! { pub struct Money { cents: i64 } } } (Money) [Money { cents: 1 }]
    after { inner! { #[serde(tag = "t")] pub struct Money { cents: i64 } } } (Money) [Money { cents: 1 }]);
// The tag of a struct is in none of its fields.
pair!(Noticed (but Silent) a_nested_tag_taken_off_a_struct
    before { inner! { #[serde(tag = "t")] pub struct Money { cents: i64 } } } (Money) [Money { cents: 1 }]
    after { inner! { pub struct Money { cents: i64 } } } (Money) [Money { cents: 1 }]);
pair!(Noticed the_text_of_a_tag
    before { inner! { #[serde(tag = "t")] pub enum Kind { A { of: u8 } } } } (Kind) [Kind::A { of: 1 }]
    after { inner! { #[serde(tag = "t")] pub enum Kind { #[serde(rename = "B")] A { of: u8 } } } } (Kind) [Kind::A { of: 1 }]);

// ---- untagged

pair!(Noticed an_untagged_variant_in_front
    before { inner! { #[serde(untagged)] pub enum Kind { Long { of: u8, note: u8 }, Short { of: u8 } } } } (Kind) [Kind::Long { of: 1, note: 1 }]
    after { inner! { #[serde(untagged)] pub enum Kind { Short { of: u8 }, Long { of: u8, note: u8 } } } } (Kind) [Kind::Short { of: 1 }]);
pair!(Silent untagged_variants_that_are_told_apart
    before { inner! { #[serde(untagged)] pub enum Kind { Number(u8), Text(String) } } } (Kind) [Kind::Number(1), Kind::Text("a".into())]
    after { inner! { #[serde(untagged)] pub enum Kind { Text(String), Number(u8) } } } (Kind) [Kind::Number(1), Kind::Text("a".into())]);
pair!(Widens an_untagged_variant_behind
    before { inner! { #[serde(untagged)] pub enum Kind { Number(u8) } } } (Kind) [Kind::Number(1)]
    after { inner! { #[serde(untagged)] pub enum Kind { Number(u8), Text(String) } } } (Kind) [Kind::Text("a".into())]);
pair!(Noticed an_untagged_variant_removed
    before { inner! { #[serde(untagged)] pub enum Kind { Number(u8), Text(String) } } } (Kind) [Kind::Text("a".into())]
    after { inner! { #[serde(untagged)] pub enum Kind { Number(u8) } } } (Kind) [Kind::Number(1)]);
pair!(Widens a_number_to_a_number_or_a_text
    before {} (u8) [1]
    after { inner! { #[serde(untagged)] pub enum Kind { Number(u8), Text(String) } } } (Kind) [Kind::Text("a".into())]);
