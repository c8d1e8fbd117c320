//! Tests of the older shapes: the number of each field, its name in code, and serde's attributes for it.

use quote::ToTokens;
use syn::{DeriveInput, parse_str};

use super::*;
use crate::event::parse;

/// Each field of each shape: its number, its name in code, its key, its type and serde's attributes.
fn shapes(code: &str) -> Vec<Vec<String>> {
    let input: DeriveInput = parse_str(&format!("#[event(name = \"a\")] {code}")).expect("it is a struct");
    let mut mistakes = Mistakes::default();
    let event = parse::event(&input, &mut mistakes).event.expect("it is read");
    let history = History::of(&event, &mut mistakes);
    assert!(mistakes.is_empty(), "{}", mistakes.report());
    let field = |field: &Stored| {
        let words: Vec<_> = field.words(event.form).iter().map(ToString::to_string).collect();
        let (member, ty) = (field.member.to_token_stream(), field.ty.to_token_stream());
        format!("{} {member} `{}` {ty} [{}]", field.number, field.key, words.join(", "))
    };
    for shape in &history.shapes {
        let found = |field: &Stored| shape.field(field.number).is_some_and(|found| found.key == field.key);
        assert!(shape.fields.iter().all(found), "a field is found by its number");
    }
    let shapes = history.shapes.iter();
    shapes
        .map(|shape| std::iter::once(shape.version.to_string()).chain(shape.fields.iter().map(field)).collect())
        .collect()
}

#[test]
fn a_field_keeps_its_number_and_has_the_key_and_the_words_of_each_version() {
    let seen = shapes(
        r#"#[event(version = 3, removed(in = 2, name = "note-len", type = u8))]
           #[event(removed(in = 3, name = "note_len", type = u64, serde(alias = "len", default)))]
           #[serde(rename_all = "camelCase")]
           struct E {
               #[event(renamed(in = 3, from = "type"))]
               #[serde(alias = "sort")]
               kind: u8,
               #[event(added(in = 2, default = 1))]
               #[event(changed(in = 3, from = u8, with = f, name = "gen", serde(alias = "n", with = "m")))]
               #[serde(rename = "theCount", alias = "num")]
               count: u16,
               #[serde(flatten)]
               more: More,
               #[serde(skip, default)]
               a_cache: u32,
           }"#,
    );
    let expected: [&[&str]; 3] = [
        &[
            "1",
            r#"0 r#type `type` u8 [rename = "type"]"#,
            "2 more `more` More [flatten]",
            "3 a_cache `aCache` u32 [skip, default]",
            r#"4 note_len `note-len` u8 [rename = "note-len"]"#,
            r#"5 note_len_ `note_len` u64 [default, rename = "note_len", alias = "len"]"#,
        ],
        &[
            "2",
            r#"0 r#type `type` u8 [rename = "type"]"#,
            r#"1 r#gen `gen` u8 [with = "m", rename = "gen", alias = "n"]"#,
            "2 more `more` More [flatten]",
            "3 a_cache `aCache` u32 [skip, default]",
            r#"5 note_len `note_len` u64 [default, rename = "note_len", alias = "len"]"#,
        ],
        &[
            "3",
            r#"0 kind `kind` u8 [rename = "kind", alias = "sort"]"#,
            r#"1 count `theCount` u16 [rename = "theCount", alias = "num"]"#,
            "2 more `more` More [flatten]",
            "3 a_cache `aCache` u32 [skip, default]",
        ],
    ];
    assert_eq!(seen, expected);
}

#[test]
fn a_field_of_a_tuple_struct_is_its_place() {
    let seen = shapes(
        r"#[event(version = 2)] struct E(#[event(changed(in = 2, from = u8, with = f))] u16, #[serde(default)] u32);",
    );
    let expected: [&[&str]; 2] =
        [&["1", "0 0 `0` u8 []", "1 1 `1` u32 [default]"], &["2", "0 0 `0` u16 []", "1 1 `1` u32 [default]"]];
    assert_eq!(seen, expected);
}

#[test]
fn every_key_has_a_name_in_code() {
    for (key, name) in [
        ("a", "a"),
        ("aB_1", "aB_1"),
        ("type", "r#type"),
        ("gen", "r#gen"),
        ("self", "_self"),
        ("Self", "_Self"),
        ("super", "_super"),
        ("crate", "_crate"),
        ("_", "__"),
        ("__", "__"),
        ("1 x", "_1_x"),
        ("m²", "m_"),
        ("½", "__"),
        (" a", "_a"),
        ("note-len", "note_len"),
        ("größe", "größe"),
    ] {
        let member = member(&LitStr::new(key, Span::call_site()));
        assert_eq!(member.to_token_stream().to_string(), name, "of {key:?}");
    }
}
