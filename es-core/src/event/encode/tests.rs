//! What is refused, and what stands written after it.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::{Value, value::RawValue};

use super::{EncodeError, check_json, json};

fn encoded<T: Serialize + ?Sized>(value: &T) -> Result<String, EncodeError> {
    let mut out = b"before".to_vec();
    let result = json(value, &mut out);
    let written = String::from_utf8(out).unwrap().strip_prefix("before").unwrap().to_owned();
    assert!(result.is_ok() || written.is_empty(), "a refusal leaves the output empty");
    result.map(|()| written)
}

fn nested(depth: usize) -> Value {
    (1..depth).fold(Value::Array(Vec::new()), |inside, level| {
        if level % 2 == 0 { Value::Array(vec![inside]) } else { serde_json::json!({ "in": inside }) }
    })
}

#[derive(Serialize)]
enum Variant {
    Unit,
    New(f64),
    Tuple(u8, f64),
    Struct { x: Option<f64> },
}

#[test]
fn what_json_holds_is_written_as_serde_json_writes_it() {
    let value = (Some(1.5), "a\"\\\n", 'c', [1_u128 << 100], (), BTreeMap::from([(1.5_f32.to_bits(), ["x"])]));
    assert_eq!(encoded(&value).unwrap(), serde_json::to_string(&value).unwrap());
    for variant in [Variant::Unit, Variant::New(0.1), Variant::Tuple(1, 2.0), Variant::Struct { x: None }] {
        assert_eq!(encoded(&variant).unwrap(), serde_json::to_string(&variant).unwrap());
    }
}

#[test]
fn numbers_that_are_none_are_refused_everywhere() {
    let refused = Err(EncodeError::NotFinite { field: None });
    assert_eq!(encoded(&f64::NAN), refused);
    assert_eq!(encoded(&Some(f64::INFINITY)), refused);
    assert_eq!(encoded(&[f32::NEG_INFINITY]), refused);
    assert_eq!(encoded(&BTreeMap::from([(1, f32::NAN)])), refused);
    assert_eq!(encoded(&Variant::New(f64::NAN)), refused);
    assert_eq!(encoded(&Variant::Tuple(1, f64::NAN)), refused);
    assert_eq!(encoded(&Variant::Struct { x: Some(f64::NAN) }), refused);
}

#[test]
fn nul_characters_are_refused_in_texts_and_keys() {
    let refused = Err(EncodeError::Nul { field: None });
    assert_eq!(encoded("a\0"), refused);
    assert_eq!(encoded(&'\0'), refused);
    assert_eq!(encoded(&BTreeMap::from([("\\\0", 1)])), refused);
    assert_eq!(encoded(&RawValue::from_string(r#""\u0000""#.into()).unwrap()), refused);
    assert_eq!(encoded(r"\u0000").unwrap(), r#""\\u0000""#);
}

#[test]
fn a_hundred_levels_are_the_limit() {
    assert!(encoded(&nested(100)).is_ok());
    assert_eq!(encoded(&nested(101)), Err(EncodeError::TooDeep { field: None }));
    assert!(encoded(&(Variant::Struct { x: None }, nested(99))).is_ok());
    let raw = RawValue::from_string(nested(100).to_string()).unwrap();
    assert!(encoded(&raw).is_ok());
    assert_eq!(encoded(&[raw]), Err(EncodeError::TooDeep { field: None }));
}

#[test]
fn keys_without_a_json_form_are_told_apart_from_a_refusing_type() {
    struct Refusing;
    impl Serialize for Refusing {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("canary"))
        }
    }
    assert_eq!(encoded(&BTreeMap::from([((1, 2), 3)])), Err(EncodeError::Key { field: None }));
    assert_eq!(encoded(&[Refusing]), Err(EncodeError::Refused { field: None }));
}

#[test]
fn raw_json_is_taken_if_it_can_be_read_again() {
    for good in ["null", " [1, -2.5e3, true] ", r#"{"a":"\ud83d\ude00"}"#, "12345678901234567890123456789"] {
        assert_eq!(check_json(good.as_bytes()), Ok(()), "{good}");
    }
    assert_eq!(check_json(nested(100).to_string().as_bytes()), Ok(()));
}

#[test]
fn raw_json_that_cannot_be_read_again_is_refused() {
    for bad in ["", "{", "[1,]", "1 2", "NaN", r#""\ud83d""#, r#"{"\ude00":1}"#, "1e999", "\"\n\""] {
        assert!(matches!(check_json(bad.as_bytes()), Err(EncodeError::NotJson { .. })), "{bad}");
    }
    assert_eq!(check_json(b"[\n\"\xff\"]"), Err(EncodeError::NotJson { line: 2, column: 2 }));
    assert_eq!(check_json(nested(101).to_string().as_bytes()), Err(EncodeError::TooDeep { field: None }));
    assert_eq!(check_json(br#"{"a":["\u0000"]}"#), Err(EncodeError::Nul { field: None }));
    assert_eq!(check_json(br#"{"\u0000":1}"#), Err(EncodeError::Nul { field: None }));
}
