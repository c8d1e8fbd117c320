//! The errors of payloads that do not fit: what they tell, and that they never quote the payload.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::{collections::BTreeMap, error::Error};

use es_core::{
    DecodeError, EncodeError, Event, PayloadErrorKind, SchemaVersion,
    schema::{Field, Form, Presence, Schema, Shape},
};
use serde::{Deserialize, Deserializer, Serialize};

const CANARY: &str = "c4n4ry";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Currency {
    Eur,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Refusing;

impl<'de> Deserialize<'de> for Refusing {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Err(serde::de::Error::custom(format!("what is {text}?")))
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Inner {
    x: u8,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Deposited {
    amount: f64,
    #[serde(alias = "money")]
    currency: Currency,
    inner: Inner,
    #[serde(default)]
    pair: (u8, u8),
    #[serde(default)]
    refusing: Option<Refusing>,
    #[serde(default)]
    map: BTreeMap<String, f64>,
    #[serde(default)]
    any: serde_json::Value,
}

const fn field(name: &'static str, ty: &'static str) -> Field {
    Field { name, aliases: &[], ty, presence: Presence::Required, with: None }
}

impl Event for Deposited {
    const NAME: &'static str = "account.deposited";
    const SCHEMA_VERSION: SchemaVersion = SchemaVersion::FIRST;
    const SCHEMA: &'static Schema = &Schema {
        name: Self::NAME,
        schema_version: Self::SCHEMA_VERSION,
        aliases: &[],
        shapes: &[Shape {
            schema_version: SchemaVersion::FIRST,
            form: Form::Named,
            fields: &[
                field("amount", "f64"),
                Field { aliases: &["money"], ..field("currency", "Currency") },
                field("inner", "Inner"),
                field("pair", "(u8, u8)"),
                field("refusing", "Option<Refusing>"),
                field("map", "BTreeMap<String, f64>"),
                field("any", "Value"),
            ],
        }],
        previous: None,
        types: |_| {},
    };

    fn decode(stored: SchemaVersion, payload: &[u8]) -> Result<Self, DecodeError> {
        es_core::decode_single(stored, payload)
    }
}

#[track_caller]
fn says(payload: &str, expected: &str) {
    let error = Deposited::decode(SchemaVersion::FIRST, payload.as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), expected, "{payload}");
    assert!(error.source().is_none());
    assert!(!format!("{error:?}").contains(CANARY), "{error:?}");
    assert!(!format!("{error}").contains(CANARY), "{error}");
}

#[test]
fn each_payload_error_names_the_field_and_its_declared_type() {
    let fine = r#""amount":1,"inner":{"x":1}"#;
    says(
        r#"{"amount":"c4n4ry","currency":"Eur"}"#,
        "field `amount`, declared as `f64`, has a value of another type (line 1, column 18)",
    );
    says(
        &format!("{{{fine},\n  \"currency\":\"c4n4ry\"}}"),
        "field `currency`, declared as `Currency`, has an unknown variant; known: `Eur` (line 2, column 21)",
    );
    says(
        &format!("{{{fine},\n  \"money\":7}}"),
        "field `currency`, declared as `Currency`, has a value of another type (line 2, column 11)",
    );
    says(r#"{"currency":"Eur","inner":{"x":1}}"#, "field `amount`, declared as `f64`, is missing (line 1, column 34)");
    says(r#"{"inner":{},"amount":1}"#, "field `inner`, declared as `Inner`, lacks the key `x` (line 1, column 11)");
    says(
        r#"{"inner":{"c4n4ry":1}}"#,
        "field `inner`, declared as `Inner`, has an unknown key; known: `x` (line 1, column 18)",
    );
    says(
        r#"{"inner":{"x":256}}"#,
        "field `inner`, declared as `Inner`, has a value that the type cannot hold (line 1, column 17)",
    );
    says(r#"{"inner":{"x":1,"x":1}}"#, "field `inner`, declared as `Inner`, has the key `x` twice (line 1, column 19)");
    says(r#"{"pair":[1]}"#, "field `pair`, declared as `(u8, u8)`, has another length (line 1, column 11)");
    says(
        r#"{"refusing":"c4n4ry"}"#,
        "field `refusing`, declared as `Option<Refusing>`, was refused by its own `Deserialize` (line 1, column 21)",
    );
    says(
        r#"{"refusing":"c4n4ry" ,"amount":"c4n4ry"}"#,
        "field `refusing`, declared as `Option<Refusing>`, was refused by its own `Deserialize` (line 1, column 21)",
    );
    says(
        r#"{"map":{"c4n4ry":1e999}}"#,
        "field `map`, declared as `BTreeMap<String, f64>`, has a value that the type cannot hold (line 1, column 22)",
    );
    says(
        r#"{"c4n4ry":1}"#,
        "the payload has an unknown key; known: `amount`, `currency`, `money`, `inner`, `pair`, `refusing`, `map`, `any` \
         (line 1, column 9)",
    );
    says(
        r#"{"amount":1,"amount":2}"#,
        "field `amount`, declared as `f64`, has the key `amount` twice (line 1, column 20)",
    );
    says(r#""c4n4ry""#, "the payload has a value of another type (line 1, column 8)");
    says(r#"{"amount":1,"inner":{"x":c4n4ry}}"#, "field `inner`, declared as `Inner`, is not JSON (line 1, column 26)");
    says(r#"{"amount":1,"inner":{"x":"#, "field `inner`, declared as `Inner`, ends too early (line 1, column 25)");
    says("", "the payload ends too early (line 1, column 0)");
}

/// Enums in every representation, and structs, below the fields of the event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Deep {
    lines: Vec<Line>,
    #[serde(flatten)]
    head: Head,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Head {
    by: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Line {
    #[serde(default)]
    held: Option<bool>,
    #[serde(rename = "st")]
    state: State,
    tagged: Option<Tagged>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    InStock { at: u8 },
    SoldOut,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Tagged {
    A { x: u8 },
    B,
}

impl Event for Deep {
    const NAME: &'static str = "deep";
    const SCHEMA_VERSION: SchemaVersion = SchemaVersion::FIRST;
    const SCHEMA: &'static Schema = &Schema {
        name: Self::NAME,
        schema_version: Self::SCHEMA_VERSION,
        aliases: &[],
        shapes: &[Shape {
            schema_version: SchemaVersion::FIRST,
            form: Form::Named,
            fields: &[field("lines", "Vec<Line>"), Field { presence: Presence::Flatten, ..field("head", "Head") }],
        }],
        previous: None,
        types: |_| {},
    };

    fn decode(stored: SchemaVersion, payload: &[u8]) -> Result<Self, DecodeError> {
        es_core::decode_single(stored, payload)
    }
}

#[test]
fn nested_errors_name_the_missing_key_and_the_known_names() {
    for (payload, expected) in [
        (r#"{"by":"x","lines":[{"st":"c4n4ry"}]}"#, "has an unknown variant; known: `in_stock`, `sold_out` ("),
        (r#"{"by":"x","lines":[{"st":{"c4n4ry":1}}]}"#, "has an unknown variant; known: `in_stock`, `sold_out` ("),
        (r#"{"by":"x","lines":[{"st":{"in_stock":{}}}]}"#, "lacks the key `at` ("),
        (r#"{"by":"x","lines":[{}]}"#, "lacks the key `st` ("),
        (r#"{"by":"x","lines":[{"held":null}]}"#, "lacks the key `st` ("),
        (r#"{"by":"x","lines":[{"held":true}]}"#, "lacks the key `st` ("),
        (
            r#"{"by":"x","lines":[{"st":"sold_out","tagged":{"kind":"c4n4ry"}}]}"#,
            "has an unknown variant; known: `A`, `B` (",
        ),
        (r#"{"by":"x","lines":[{"st":"sold_out","tagged":{"kind":"A"}}]}"#, "lacks the key `x` ("),
        (r#"{"by":"x","lines":[{"st":"sold_out","tagged":{"x":1}}]}"#, "lacks the key `kind` ("),
        (r#"{"lines":[]}"#, "the payload lacks the key `by` ("),
        (r#"{"by":"c4n4ry"}"#, "field `lines`, declared as `Vec<Line>`, is missing ("),
    ] {
        let error = Deep::decode(SchemaVersion::FIRST, payload.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(expected), "{payload}: {error}");
        assert!(!error.contains(CANARY), "{error}");
    }
}

/// Its error begins as one of serde's, and quotes the payload.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Imitating;

impl<'de> Deserialize<'de> for Imitating {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Err(serde::de::Error::custom(text))
    }
}

impl Event for Imitating {
    const NAME: &'static str = "imitating";
    const SCHEMA_VERSION: SchemaVersion = SchemaVersion::FIRST;
    const SCHEMA: &'static Schema = &Schema {
        name: Self::NAME,
        schema_version: Self::SCHEMA_VERSION,
        aliases: &[],
        shapes: &[],
        previous: None,
        types: |_| {},
    };

    fn decode(stored: SchemaVersion, payload: &[u8]) -> Result<Self, DecodeError> {
        es_core::decode_single(stored, payload)
    }
}

#[test]
fn custom_errors_that_imitate_serde_leak_nothing() {
    for words in [
        "missing field `c4n4ry`",
        "duplicate field `c4n4ry`",
        "unknown field `x`, expected `c4n4ry`",
        "unknown variant `x`, expected one of `c4n4ry`, `c4n4ry`",
    ] {
        let error = Imitating::decode(SchemaVersion::FIRST, format!("{words:?}").as_bytes()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(CANARY), "{error:?}");
        let DecodeError::Payload(error) = error else { panic!("{error:?}") };
        assert_eq!((error.kind, error.key, error.known), (PayloadErrorKind::Refused, None, &[][..]), "{words}");
    }
}

#[test]
fn nesting_that_would_exhaust_the_stack_is_a_payload_error() {
    let payload = format!(r#"{{"any":{}"#, "[".repeat(500));
    let error = Deposited::decode(SchemaVersion::FIRST, payload.as_bytes()).unwrap_err();
    let DecodeError::Payload(error) = error else { panic!("{error:?}") };
    assert_eq!((error.kind, error.field), (PayloadErrorKind::Depth, Some("any")));
}

#[test]
fn truncated_payloads_and_single_wrong_bytes_are_errors_or_events_but_never_panics() {
    let mut payload = Vec::new();
    let event = Deposited {
        amount: 1.5,
        currency: Currency::Eur,
        inner: Inner { x: 1 },
        pair: (1, 2),
        refusing: None,
        map: BTreeMap::from([("a\u{fc}\"\\".into(), 1.0)]),
        any: serde_json::Value::Null,
    };
    event.encode(&mut payload).unwrap();
    assert_eq!(Deposited::decode(SchemaVersion::FIRST, &payload).unwrap(), event);
    for end in 0..payload.len() {
        let error = Deposited::decode(SchemaVersion::FIRST, &payload[..end]).unwrap_err();
        let DecodeError::Payload(error) = error else { panic!("{error:?}") };
        assert_eq!(error.kind, PayloadErrorKind::Truncated);
    }
    for at in 0..payload.len() {
        for byte in 0..=u8::MAX {
            let mut wrong = payload.clone();
            wrong[at] = byte;
            if let Err(error) = Deposited::decode(SchemaVersion::FIRST, &wrong) {
                assert!(matches!(error, DecodeError::Payload(_)), "{error:?}");
            }
        }
    }
}

#[test]
fn an_encode_error_names_the_field() {
    let event = Deposited {
        amount: 1.5,
        currency: Currency::Eur,
        inner: Inner { x: 1 },
        pair: (1, 2),
        refusing: None,
        map: BTreeMap::new(),
        any: serde_json::Value::Null,
    };
    let refused = |event: &Deposited| event.encode(&mut Vec::new()).unwrap_err();
    let error = refused(&Deposited { amount: f64::NAN, ..event.clone() });
    assert_eq!(error, EncodeError::NotFinite { field: Some("amount") });
    let error = refused(&Deposited { map: BTreeMap::from([(format!("{CANARY}\0"), 1.0)]), ..event.clone() });
    assert_eq!(error, EncodeError::Nul { field: Some("map") });
    let error = refused(&Deposited { map: BTreeMap::from([(CANARY.into(), f64::INFINITY)]), ..event });
    assert_eq!(error, EncodeError::NotFinite { field: Some("map") });
    assert!(!format!("{error:?} {error}").contains(CANARY));
}
