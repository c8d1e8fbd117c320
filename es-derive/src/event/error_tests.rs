//! Tests of what `derive(Event)` refuses and accepts. `es/tests/ui/event/fail` tests the messages.

use proc_macro2::{TokenStream, TokenTree};
use syn::parse_str;

/// The texts of the errors in `code`.
fn errors(code: TokenStream) -> Vec<String> {
    let mut found = Vec::new();
    let mut is_error = false;
    for token in code {
        match token {
            TokenTree::Ident(ident) => is_error = ident == "compile_error",
            TokenTree::Group(group) if is_error => {
                found.push(group.stream().to_string());
                is_error = false;
            }
            TokenTree::Group(group) => found.extend(errors(group.stream())),
            _ => {}
        }
    }
    found
}

/// The source text at the spans of the errors in `code`.
fn places(code: TokenStream) -> Vec<String> {
    let mut found = Vec::new();
    for token in code {
        match token {
            TokenTree::Ident(ident) if ident == "compile_error" => found.extend(ident.span().source_text()),
            TokenTree::Group(group) => found.extend(places(group.stream())),
            _ => {}
        }
    }
    found
}

/// The errors of the event, to which the stored name is added.
fn refused(code: &str) -> Vec<String> {
    match parse_str(&format!("#[event(name = \"a\")] {code}")) {
        Ok(input) => errors(super::derive(&input)),
        Err(error) => vec![error.to_string()],
    }
}

#[track_caller]
fn assert_refused(code: &str, words: &str) {
    let refused = refused(code);
    assert!(refused.len() == 1 && refused[0].contains(words), "{code}: {refused:#?}");
}

#[track_caller]
fn assert_accepted(code: &str) {
    assert_eq!(refused(code), [""; 0], "{code}");
}

#[test]
fn an_attribute_for_one_direction_is_refused() {
    let field = |attribute: &str, words: &str| {
        assert_refused(&format!("struct E {{ #[serde({attribute})] one: u8 }}"), words);
    };
    field("rename(deserialize = \"n\")", "written as `one`");
    field("rename(serialize = \"n\")", "written as `n`");
    field("rename(serialize = \"n\", deserialize = \"m\")", "written as `n`");
    field("rename(serialize = \"n\", deserialize = \"m\"), alias = \"one\"", "written as `n`");
    field("skip_serializing", "`skip_serializing` never writes");
    field("skip_serializing, default", "`skip_serializing` never writes");
    field("skip_deserializing", "`skip_deserializing` never reads");
    field("skip_deserializing, default = \"d\"", "`skip_deserializing` never reads");
    field("serialize_with = \"f\"", "`serialize_with` writes another form");
    field("deserialize_with = \"f\"", "`deserialize_with` reads another form");
    field("skip", "a reader gets a default");
    field("skip_serializing, skip_deserializing", "a reader gets a default");
    field("with = \"m\", skip_serializing_if = \"f\"", "can leave the field out");
    assert_refused("#[serde(rename_all(deserialize = \"camelCase\"))] struct E { one: u8 }", "writes other keys");
    assert_refused("#[serde(rename_all(serialize = \"camelCase\"))] struct E { one: u8 }", "writes other keys");
    assert_refused(
        "#[serde(rename_all = \"camelCase\")] struct E { #[serde(rename(deserialize = \"n\"))] one_two: u8 }",
        "written as `oneTwo`",
    );
    assert_refused("#[serde(into = \"T\")] struct E { one: u8 }", "`from = \\\"T\\\"`");
    assert_refused("#[serde(from = \"T\")] struct E { one: u8 }", "`into = \\\"T\\\"`");
    assert_refused("#[serde(try_from = \"T\")] struct E { one: u8 }", "`into = \\\"T\\\"`");
    assert_refused("#[serde(try_from = \"T\", into = \"S\")] struct E { one: u8 }", "written as `S` and read as `T`");
    assert_refused("#[serde(remote = \"T\")] struct E { one: u8 }", "`remote`");
    assert_refused("#[serde(tag = \"t\", deny_unknown_fields)] struct E { one: u8 }", "`tag`");
    assert_refused("struct E(#[serde(default, skip_serializing_if = \"f\")] u8, u8);", "other places");
}

#[test]
fn attributes_for_both_directions_are_accepted() {
    for attribute in [
        "rename = \"n\"",
        "rename(serialize = \"n\", deserialize = \"n\")",
        "rename(serialize = \"n\"), alias = \"n\"",
        "rename(deserialize = \"n\"), alias = \"one\"",
        "with = \"m\"",
        "serialize_with = \"f\", deserialize_with = \"g\"",
        "skip, default",
        "skip_serializing, skip_deserializing, default = \"d\"",
        "skip_serializing_if = \"f\"",
        "default, with = \"m\", skip_serializing_if = \"f\"",
        "bound = \"\"",
    ] {
        assert_accepted(&format!("struct E {{ #[serde({attribute})] one: u8 }}"));
    }
    assert_accepted("#[serde(try_from = \"Vec<T>\", into = \"Vec < T >\")] struct E { #[serde(skip)] one: u8 }");
    assert_accepted("#[serde(default)] struct E { #[serde(skip)] one: u8 }");
    assert_accepted("#[serde(tag = \"t\")] struct E { one: u8 }");
}

#[test]
fn a_key_of_two_fields_is_refused_in_every_schema_version() {
    let two = |more: &str, fields: &str, words: &str| {
        let code = format!(
            "#[event(version = 2)] #[event({more})] #[serde(rename_all = \"camelCase\")] struct E {{ {fields} }}"
        );
        assert_refused(&code, words);
    };
    let note = "removed(in = 2, name = \"theNote\", type = u8)";
    two(
        note,
        "#[serde(alias = \"theNote\")] one: u8",
        "the alias `theNote` is the key of another field in schema version 1",
    );
    two(
        note,
        "#[event(renamed(in = 2, from = \"theNote\"))] one: u8",
        "schema version 1 has two fields stored as `theNote`",
    );
    let aliased = "removed(in = 2, name = \"gone\", type = u8, serde(alias = \"one\"))";
    two(aliased, "one: u8", "the alias `one` is the key of another field in schema version 1");
    let aliased = "removed(in = 2, name = \"gone\", type = u8, serde(alias = \"n\"))";
    two(aliased, "#[serde(alias = \"n\")] one: u8", "the alias `n` belongs to two fields in schema version 1");
    two(
        note,
        "#[event(changed(in = 2, from = u8, with = f, serde(alias = \"theNote\")))] one: u8",
        "the alias `theNote`",
    );
    two(note, "one: u8, #[serde(alias = \"one\")] two: u8", "the alias `one` is the key of another field");
    two(note, "one_two: u8, #[serde(alias = \"oneTwo\")] two: u8", "the alias `oneTwo` is the key of another field");
    two(note, "one_two: u8, #[serde(rename = \"oneTwo\")] two: u8", "has two fields stored as `oneTwo`");
}

#[test]
fn the_error_of_a_shared_key_is_at_the_key_that_the_user_wrote() {
    let at = |fields: &str, place: &str, words: &str| {
        let code =
            format!("#[event(name = \"a\", version = 2)] #[serde(rename_all = \"camelCase\")] struct E {{ {fields} }}");
        let derived = parse_str(&code).map(|input| super::derive(&input));
        let derived = derived.unwrap_or_else(|error| error.to_compile_error());
        let (errors, places) = (errors(derived.clone()), places(derived));
        assert!(errors.len() == 1 && errors[0].contains(words), "{fields}: {errors:#?}");
        assert_eq!(places, [place], "{fields}");
    };
    let (today, before) = ("give one of them another key", "in another version?");
    let since = "#[event(added(in = 2, default = 1))] since: u8";
    at(&format!("#[serde(rename = \"note\")] memo: u8, note: u8, {since}"), "\"note\"", before);
    at(&format!("note: u8, #[serde(rename = \"note\")] memo: u8, {since}"), "\"note\"", before);
    at(&format!("r#type: u8, #[serde(rename = \"type\")] memo: u8, {since}"), "\"type\"", before);
    at("#[event(added(in = 2, default = 1))] #[serde(rename = \"note\")] memo: u8, note: u8", "\"note\"", today);
    at(
        "one: u8, #[event(added(in = 2, default = 1))] #[serde(alias = \"one\")] two: u8",
        "\"one\"",
        "leave the alias out",
    );
    at(&format!("#[serde(rename = \"theNote\")] memo: u8, the_note: u8, {since}"), "\"theNote\"", before);
    at(&format!("#[serde(rename = \"n\")] memo: u8, #[serde(rename = r\"n\")] note: u8, {since}"), "r\"n\"", before);
    at(&format!("#[serde(rename = r\"n\")] memo: u8, #[serde(rename = \"n\")] note: u8, {since}"), "\"n\"", before);
    at(&format!("one_two: u8, oneTwo: u8, {since}"), "oneTwo", before);
    at("#[event(renamed(in = 2, from = \"two\"))] one: u8, two: u8", "\"two\"", before);
    at("two: u8, #[event(renamed(in = 2, from = \"two\"))] one: u8", "\"two\"", before);
}

#[test]
fn a_key_that_is_free_is_accepted() {
    let two = |fields: &str| {
        let note = "removed(in = 2, name = \"note\", type = u8, serde(alias = \"n\"))";
        assert_accepted(&format!("#[event(version = 2)] #[event({note})] struct E {{ {fields} }}"));
    };
    two("#[event(added(in = 2, default = 1))] #[serde(alias = \"note\", alias = \"n\")] one: u8");
    two("#[event(renamed(in = 2, from = \"old\"))] #[serde(alias = \"note\")] one: u8");
    two("#[serde(alias = \"one\", alias = \"two\", alias = \"two\")] one: u8");
    two("#[serde(skip, default, alias = \"note\")] one: u8");
}

#[test]
fn an_older_key_that_equals_the_newer_one_is_refused() {
    assert_refused(
        "#[event(version = 2)] struct E { #[event(renamed(in = 2, from = \"one\"))] one: u8 }",
        "`from` is the key",
    );
    assert_refused(
        "#[event(version = 2)] struct E { #[serde(rename = \"n\")] #[event(renamed(in = 2, from = \"n\"))] one: u8 }",
        "`from` is the key",
    );
    assert_refused(
        "#[event(version = 2)] struct E { #[event(changed(in = 2, from = u8, with = f, name = \"one\"))] one: u8 }",
        "`name` is the key",
    );
    assert_accepted(
        "#[event(version = 2)] struct E { #[serde(rename = \"n\")] #[event(renamed(in = 2, from = \"one\"))] one: u8 }",
    );
}

#[test]
fn a_reference_in_an_event_is_refused() {
    for (ty, owned) in [
        ("&'static str", "`String` instead of `&'static str`"),
        ("Option<&'static [u8]>", "`Vec<u8>` instead of"),
        ("&'static std::path::Path", "`PathBuf` instead of"),
        ("Vec<(u8, &'static Money)>", "`Money` instead of"),
        ("&'static mut u8", "`u8` instead of"),
    ] {
        assert_refused(&format!("struct E {{ one: {ty} }}"), owned);
        let before = format!("#[event(changed(in = 2, from = {ty}, with = f))]");
        assert_refused(&format!("#[event(version = 2)] struct E {{ {before} one: u8 }}"), owned);
        let gone = format!("#[event(removed(in = 2, name = \"gone\", type = {ty}))]");
        assert_refused(&format!("#[event(version = 2)] {gone} struct E {{ one: u8 }}"), owned);
    }
    assert_accepted("struct E { one: std::borrow::Cow<'static, str> }");
}

#[test]
fn a_value_that_is_no_literal_is_refused() {
    let event = |arguments: &str, words: &str| match parse_str(&format!("#[event({arguments})] struct E {{}}")) {
        Ok(input) => {
            let errors = errors(super::derive(&input));
            assert!(errors.len() == 1 && errors[0].contains(words), "{arguments}: {errors:#?}");
        }
        Err(error) => panic!("{error}"),
    };
    event("name = concat!(\"a\", \"b\")", "read before `concat!` is expanded");
    event("name = std::concat!(\"a\", \"b\")", "read before `std::concat!` is expanded");
    event("name = NAME", "cannot have this value");
    event("name = \"a\" + \"b\"", "cannot have this value");
    event("name = \"a\", version = 1 + 1", "cannot have this value");
    event("name = \"a\", version = version!()", "cannot have this value");
    event("name = \"a\\tb\"", "the character `\\\\t`");
    assert_refused(
        "#[event(version = 2)] struct E { #[event(changed(in = 2, from = u8, with = f, serde(with = m)))] one: u8 }",
        "`with` takes a text",
    );
}
