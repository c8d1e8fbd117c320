//! Payloads round trip whichever features of `serde_json` another crate of the program enables.
//!
//! `./test` runs this crate's tests with each feature. The tests of floats would fail if decoding did not handle
//! `arbitrary_precision`, with which `serde_json` gives a float as a map to types that buffer a value.

#![cfg(feature = "derive")]
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::collections::BTreeMap;

use es_core::{DecodeError, EncodeError, Event, EventName, Metadata, NewEvent, SchemaVersion, limits::JSON_DEPTH};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Internal {
    Rate { rate: f64, small: f32, many: Vec<f64>, maybe: Option<f64> },
    Whole { number: u64, negative: i64 },
    Any { value: Value },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "of")]
enum Adjacent {
    Rate(f64),
    Pair(f64, f32),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Whole(u64),
    Float(f64),
    Text(String),
    Map(BTreeMap<String, String>),
    Any(Value),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Rates {
    rate: f64,
    by_name: BTreeMap<String, f32>,
    by_number: BTreeMap<i32, f64>,
    #[serde(flatten)]
    others: BTreeMap<String, f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Numbered {
    rate: f64,
    by_name: BTreeMap<String, f32>,
    by_number: BTreeMap<i32, f64>,
}

const FLOATS: [f64; 14] = [
    0.0,
    -0.0,
    1.0,
    -1.5,
    0.1,
    1e23,
    1e-7,
    5e-324,
    f64::MAX,
    f64::MIN,
    1e300,
    123_456_789.125,
    9.007_199_254_740_993e15,
    2.5e-310,
];

#[track_caller]
fn comes_back<T: Event + PartialEq + std::fmt::Debug>(event: &T) -> String {
    let mut payload = Vec::new();
    event.encode(&mut payload).unwrap();
    let shown = String::from_utf8(payload.clone()).unwrap();
    assert_eq!(T::decode(SchemaVersion::FIRST, &payload).as_ref(), Ok(event), "{shown}");
    shown
}

macro_rules! event {
    ($name:ident, $of:ty) => {
        #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[event(name = "held")]
        struct $name {
            held: $of,
        }
    };
}

event!(HeldInternal, Internal);
event!(HeldAdjacent, Adjacent);
event!(HeldUntagged, Vec<Untagged>);
event!(HeldRates, Rates);
event!(HeldValue, Value);
event!(HeldNumbered, Numbered);

#[test]
fn floats_round_trip_exactly_in_every_representation() {
    for float in FLOATS {
        #[expect(clippy::cast_possible_truncation, reason = "some float of its own")]
        let small = if float.abs() < 1e38 { float as f32 } else { 1.5e38 };
        comes_back(&HeldInternal {
            held: Internal::Rate { rate: float, small, many: vec![float, 1.0], maybe: Some(float) },
        });
        comes_back(&HeldAdjacent { held: Adjacent::Rate(float) });
        comes_back(&HeldAdjacent { held: Adjacent::Pair(float, small) });
        comes_back(&HeldUntagged {
            held: vec![Untagged::Float(float), Untagged::Whole(7), Untagged::Text("1.5".into())],
        });
        comes_back(&HeldRates {
            held: Rates {
                rate: float,
                by_name: BTreeMap::from([("a".into(), small)]),
                by_number: BTreeMap::from([(-1, float)]),
                others: BTreeMap::from([("x".into(), float), ("y".into(), 0.1)]),
            },
        });
        let read = HeldRates::decode(
            SchemaVersion::FIRST,
            format!(r#"{{"held":{{"rate":1,"by_name":{{}},"by_number":{{}},"x":{}}}}}"#, json!(float)).as_bytes(),
        );
        assert_eq!(read.unwrap().held.others["x"].to_bits(), float.to_bits());
    }
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "flagged")]
struct Flagged {
    flag: Option<bool>,
    by_rate: BTreeMap<i8, Option<bool>>,
    held: Internal,
}

#[test]
fn a_float_round_trips_next_to_optional_flags() {
    for flag in [None, Some(false), Some(true)] {
        let held = Internal::Rate { rate: 0.5, small: 1.5, many: vec![], maybe: None };
        comes_back(&Flagged { flag, by_rate: BTreeMap::from([(-1, flag)]), held });
    }
}

/// `serde_json` alone refuses these keys, too.
#[test]
fn a_key_that_is_not_a_number_is_refused() {
    for (by_name, by_number) in
        [("", r#""-0":0.5"#), ("", r#""1.5":0.5"#), ("", r#""\u0037":0.5"#), (r#""a":1e39"#, "")]
    {
        let payload = format!(r#"{{"held":{{"rate":0.5,"by_name":{{{by_name}}},"by_number":{{{by_number}}}}}}}"#);
        let error = HeldNumbered::decode(SchemaVersion::FIRST, payload.as_bytes()).unwrap_err();
        assert!(matches!(error, DecodeError::Payload(_)), "{payload}: {error:?}");
    }
}

#[test]
fn other_numbers_round_trip_through_buffered_values() {
    comes_back(&HeldInternal { held: Internal::Whole { number: u64::MAX, negative: i64::MIN } });
    comes_back(&HeldInternal { held: Internal::Any { value: json!({ "a": [1, -2, 0.5, "1.5", null, u64::MAX] }) } });
    comes_back(&HeldUntagged { held: vec![Untagged::Map(BTreeMap::from([("a".into(), "1.5".into())]))] });
    comes_back(&HeldUntagged { held: vec![Untagged::Any(json!([0.5, { "a": 1.25 }]))] });
    comes_back(&HeldValue { held: json!({ "a": [1, -2, 0.5, 1e300, { "b": -0.0 }] }) });
}

/// A program that enables `arbitrary_precision` on purpose keeps the digits.
#[test]
fn a_number_kept_as_text_by_serde_json_keeps_every_digit() {
    for text in ["0.12345678901234567890123", "1.50", "123456789012345678901234567890", "-1E2", "7"] {
        let value: Value = serde_json::from_str(text).unwrap();
        comes_back(&HeldValue { held: json!({ "a": [value.clone()] }) });
        comes_back(&HeldInternal { held: Internal::Any { value } });
    }
}

/// A type that accepts a number or a string, as is often written by hand.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
struct Lenient(f64);

impl<'de> Deserialize<'de> for Lenient {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl serde::de::Visitor<'_> for Either {
            type Value = Lenient;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a number or a text")
            }
            fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Lenient, E> {
                Ok(Lenient(number))
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Lenient, E> {
                text.parse().map(Lenient).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

event!(HeldLenient, Vec<Lenient>);

#[test]
fn a_type_that_accepts_any_value_receives_a_float() {
    comes_back(&HeldLenient { held: FLOATS.map(Lenient).to_vec() });
    let read = HeldLenient::decode(SchemaVersion::FIRST, br#"{"held":["1.5",1.50,0.25]}"#);
    assert_eq!(read, Ok(HeldLenient { held: [1.5, 1.5, 0.25].map(Lenient).to_vec() }));
}

/// Other programs may write floats in other notations.
#[test]
fn floats_in_other_notations_are_read() {
    for (text, float) in [("1.50", 1.5), ("15e-1", 1.5), ("0.10000000000000000555", 0.1), ("1E2", 100.0), ("1", 1.0)] {
        let payload = format!(r#"{{"held":{{"kind":"Rate","of":{text}}}}}"#);
        let read = HeldAdjacent::decode(SchemaVersion::FIRST, payload.as_bytes());
        assert_eq!(read, Ok(HeldAdjacent { held: Adjacent::Rate(float) }), "{payload}");
        let payload = format!(r#"{{"held":{{"of":{text},"kind":"Rate"}}}}"#);
        let read = HeldAdjacent::decode(SchemaVersion::FIRST, payload.as_bytes());
        assert_eq!(read, Ok(HeldAdjacent { held: Adjacent::Rate(float) }), "{payload}");
    }
}

#[test]
fn a_number_does_not_count_as_nesting() {
    let nested = |depth: usize, inside: Value| (0..depth).fold(inside, |inside, _| Value::Array(vec![inside]));
    for number in [json!(1), json!(0.5), json!(-1e300)] {
        let deepest = nested(JSON_DEPTH - 1, number.clone());
        let json = comes_back(&HeldValue { held: deepest });
        assert!(from_json(&json).is_ok(), "{json:.80}");
        let mut refused = Vec::new();
        let error = HeldValue { held: nested(JSON_DEPTH, number.clone()) }.encode(&mut refused).unwrap_err();
        assert_eq!(error, EncodeError::TooDeep { field: Some("held") });
        let deeper = nested(JSON_DEPTH + 1, number).to_string();
        assert_eq!(from_json(&deeper), Err(EncodeError::TooDeep { field: None }));
    }
}

#[test]
fn a_number_out_of_range_is_refused_when_written_and_when_read() {
    for bad in ["1e400", "-1e400", "[1e309]", r#"{"a":{"b":[0.5,1e400]}}"#, "123456789e999"] {
        assert!(matches!(from_json(bad), Err(EncodeError::NotJson { .. })), "{bad}");
    }
    for good in ["1e308", "-1e-400", "[0.5]", "123456789012345678901234567890", r#"{"a":{"b":[0.5]}}"#] {
        assert_eq!(from_json(good), Ok(()), "{good}");
    }
    // Such a value does not exist without `arbitrary_precision`.
    if let Ok(value) = serde_json::from_str::<Value>("[1e400]") {
        let error = HeldValue { held: value.clone() }.encode(&mut Vec::new()).unwrap_err();
        assert!(matches!(error, EncodeError::NotJson { .. }), "{error:?}");
        let metadata = Metadata::new().with_extra("x", value);
        let event = NewEvent::from_json(Uuid::nil(), EventName::new("x").unwrap(), SchemaVersion::FIRST, "1").unwrap();
        assert!(event.with_metadata(&metadata).is_err());
    }
    let stored = br#"{"held":{"kind":"Rate","of":1e400}}"#;
    let error = HeldAdjacent::decode(SchemaVersion::FIRST, stored).unwrap_err();
    assert!(matches!(error, DecodeError::Payload(_)), "{error:?}");
}

#[test]
fn metadata_round_trips() {
    let extra = json!({ "z": 0.1, "a": [1, 1e300], "m": { "y": -1.5, "x": null } });
    let metadata = Metadata::new().with_actor("ada").with_extra("extra", extra);
    let event = NewEvent::from_json(Uuid::nil(), EventName::new("x").unwrap(), SchemaVersion::FIRST, "1").unwrap();
    let event = event.with_metadata(&metadata).unwrap();
    let read: Metadata = serde_json::from_slice(event.metadata().unwrap()).unwrap();
    assert_eq!(read, metadata);
}

fn from_json(payload: &str) -> Result<(), EncodeError> {
    let name = EventName::new("x").unwrap();
    NewEvent::from_json(Uuid::nil(), name, SchemaVersion::FIRST, payload.to_owned()).map(drop)
}
