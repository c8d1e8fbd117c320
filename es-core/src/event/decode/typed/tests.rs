//! Tests that a type is shown what `serde_json` shows it, whatever it asks for; and by the real types of serde and `std`.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};

use super::*;

/// JSON of every kind, well written and not. Numbers that are no integers of 64 bits have a list of their own.
const TEXTS: &[&str] = &[
    "null",
    "true",
    "false",
    "nul",
    "0",
    "7",
    "-7",
    "255",
    "256",
    "-128",
    "-129",
    "18446744073709551615",
    "-9223372036854775808",
    "01",
    "-",
    r#""""#,
    r#""a""#,
    r#""ab""#,
    r#""\u00e9""#,
    r#""7""#,
    r#""true""#,
    r#""x"#,
    "[]",
    "[1]",
    "[1,2]",
    " [ 1 , 2 , 3 ] ",
    "[1,]",
    "[1",
    r#"[null,true,"x",[2,[]],{"a":{}}]"#,
    "{}",
    r#"{"a":1}"#,
    r#"{"x":1}"#,
    r#"{"x":1,"y":[2]}"#,
    r#"{"x":1,"x":2}"#,
    r#"{"x":1,"z":{"deep":[1,"}"]},"y":[]}"#,
    r#"{"x":256,"y":[]}"#,
    r#"{"a":1,}"#,
    r#"{"a":1"#,
    r#"{"a"}"#,
    r#"{"a":1} 2"#,
    r#"{"a":true,"b":null}"#,
    r#"{"a": false , "b" : true}"#,
    "{1:2}",
    r#""Unit""#,
    r#"{"Unit":null}"#,
    r#"{"Unit":1}"#,
    r#""One""#,
    r#"{"One":1}"#,
    r#"{"\u004fne":1}"#,
    r#"{"One":1,"Unit":null}"#,
    r#"{"Two":[1,2]}"#,
    r#"{"Two":[1]}"#,
    r#"{"Two":[1,2,3]}"#,
    r#"{"Two":{"x":1}}"#,
    r#"{"Named":{"x":1}}"#,
    r#"{"Named":[1]}"#,
    r#"{"Named":1}"#,
    r#"{"Other":1}"#,
];

/// Numbers that `serde_json` shows in another way while [`NUMBERS_ARE_TEXTS`].
const OTHER_NUMBERS: &[&str] = &[
    "-0",
    "1.5",
    "-2.50",
    "1e2",
    "1E-7",
    "0.1",
    "3.4028236e38",
    "1e39",
    "1e400",
    "-1e400",
    "18446744073709551616",
    "-9223372036854775809",
    "340282366920938463463374607431768211455",
    "340282366920938463463374607431768211456",
    "-170141183460469231731687303715884105728",
    "[1.5,{\"a\":0.5}]",
    r#"{"One":1.5}"#,
];

/// Keys, each as the JSON of a text, with bars between them.
const KEYS: &str = concat!(
    r"7|-7|0|-0|01|+7| 7|7 ||-|255|256|-128|-129|1.5|1e2|1e39|1e400|NaN|",
    r"inf|18446744073709551615|18446744073709551616|-9223372036854775808|-9223372036854775809|340282366920938463463374607431768211455|true|false| true|True|null|a|ab|\u0037|\u00e9|Unit|One|Other|[1]",
);

/// Asserts that `T` is read from `text` if and only if `serde_json` reads it, and as the same.
#[track_caller]
fn same<T: DeserializeOwned + fmt::Debug>(text: &str) {
    let shown = |value: Option<T>| value.map(|value| format!("{value:?}"));
    let ours = shown(read(text.as_bytes(), Numbers::Rounded).and_then(Result::ok));
    let theirs = shown(serde_json::from_str(text).ok());
    assert_eq!(ours, theirs, "{} from {text}", std::any::type_name::<T>());
}

#[track_caller]
fn same_values<T: DeserializeOwned + fmt::Debug>() {
    let others = if NUMBERS_ARE_TEXTS { &[] } else { OTHER_NUMBERS };
    for text in TEXTS.iter().chain(others) {
        same::<T>(text);
    }
}

#[track_caller]
fn same_keys<T: DeserializeOwned + fmt::Debug>() {
    for key in KEYS.split('|') {
        same::<Keys<T>>(&format!(r#"{{"{key}":1}}"#));
        same::<Keys<T>>(&format!(r#"{{ "{key}" : [] , "{key}":"x"}}"#));
    }
}

/// The entries of an object, also when the keys have no order.
#[derive(Debug)]
#[expect(dead_code, reason = "they are shown")]
struct Keys<K>(Vec<(K, Seen<Any>)>);

impl<'de, K: Deserialize<'de>> Deserialize<'de> for Keys<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<K>(PhantomData<K>);
        impl<'de, K: Deserialize<'de>> Visitor<'de> for Entries<K> {
            type Value = Keys<K>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys<K>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Keys(entries))
            }
        }
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

/// What a type that asks for `A` is shown.
struct Seen<A>(String, PhantomData<A>);

impl<A> fmt::Debug for Seen<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a type can ask for.
trait Ask {
    fn ask<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error>;
}

impl<'de, A: Ask> Deserialize<'de> for Seen<A> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        A::ask(deserializer).map(|seen| Self(seen, PhantomData))
    }
}

macro_rules! asks {
    ($($name:ident $method:ident($($argument:expr),*))+) => {
        $(
            struct $name;
            impl Ask for $name {
                fn ask<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
                    deserializer.$method($($argument,)* Witness)
                }
            }
        )+

        #[test]
        fn every_deserialize_method_visits_as_serde_json_does() {
            $(same_values::<Seen<$name>>();)+
        }
    };
}

asks! {
    Any deserialize_any() Bool deserialize_bool()
    I8 deserialize_i8() I16 deserialize_i16() I32 deserialize_i32() I64 deserialize_i64() I128 deserialize_i128()
    U8 deserialize_u8() U16 deserialize_u16() U32 deserialize_u32() U64 deserialize_u64() U128 deserialize_u128()
    F32 deserialize_f32() F64 deserialize_f64()
    Char deserialize_char() Str deserialize_str() Text deserialize_string() Name deserialize_identifier()
    Bytes deserialize_bytes() Buffer deserialize_byte_buf()
    Maybe deserialize_option() Unit deserialize_unit() UnitStruct deserialize_unit_struct("Unit")
    Newtype deserialize_newtype_struct("Newtype") Sequence deserialize_seq() Tuple deserialize_tuple(2)
    TupleStruct deserialize_tuple_struct("Tuple", 2) Map deserialize_map()
    Struct deserialize_struct("Struct", &["x"]) Enum deserialize_enum("Enum", &["Unit", "One"])
    Ignored deserialize_ignored_any()
}

/// Writes down what it is shown.
struct Witness;

macro_rules! witness {
    ($($method:ident $ty:ty)+) => {$(
        fn $method<E>(self, value: $ty) -> Result<String, E> {
            Ok(format!(concat!(stringify!($method), " {:?}"), value))
        }
    )+};
}

impl<'de> Visitor<'de> for Witness {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("whatever comes")
    }

    witness! {
        visit_bool bool visit_i64 i64 visit_u64 u64 visit_i128 i128 visit_u128 u128 visit_f64 f64
        visit_str &str visit_borrowed_str &'de str visit_bytes &[u8] visit_borrowed_bytes &'de [u8]
    }

    /// `serde_json` has only one way to show a float.
    fn visit_f32<E: serde::de::Error>(self, value: f32) -> Result<String, E> {
        self.visit_f64(value.into())
    }

    fn visit_none<E>(self) -> Result<String, E> {
        Ok("none".into())
    }

    fn visit_unit<E>(self) -> Result<String, E> {
        Ok("unit".into())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        Ok(format!("some {}", Any::ask(deserializer)?))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        Ok(format!("newtype {}", Any::ask(deserializer)?))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<String, A::Error> {
        let mut seen = Vec::<Seen<Any>>::new();
        while let Some(element) = elements.next_element()? {
            seen.push(element);
        }
        Ok(format!("{seen:?}"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<String, A::Error> {
        let mut seen = Vec::<(Seen<Any>, Seen<Any>)>::new();
        while let Some(entry) = entries.next_entry()? {
            seen.push(entry);
        }
        Ok(format!("{seen:?}"))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<String, A::Error> {
        let (name, variant) = data.variant::<String>()?;
        Ok(match &*name {
            "One" => format!("One {:?}", variant.newtype_variant::<Seen<Any>>()?),
            "Two" => format!("Two {}", variant.tuple_variant(2, self)?),
            "Named" => format!("Named {}", variant.struct_variant(&["x"], self)?),
            _ => format!("{name} {:?}", variant.unit_variant()?),
        })
    }
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "they are shown")]
struct Fields {
    x: u8,
    #[serde(default)]
    y: Option<Vec<u8>>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "they are shown")]
struct Pair(u8, Option<u8>);

#[derive(Debug, Deserialize)]
struct Wrapped<T>(T);

#[derive(Debug, Deserialize)]
struct Nothing;

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "they are shown")]
enum Variants {
    Unit,
    One(f64),
    Two(u8, u8),
    Named { x: u8 },
}

#[test]
fn types_are_read_as_serde_json_reads_them() {
    same_values::<Fields>();
    same_values::<Vec<Fields>>();
    same_values::<Pair>();
    same_values::<(u8, u8)>();
    same_values::<[u8; 2]>();
    same_values::<Wrapped<u8>>();
    same_values::<Nothing>();
    same_values::<()>();
    same_values::<Variants>();
    same_values::<Option<Variants>>();
    same_values::<BTreeMap<String, Vec<u8>>>();
    same_values::<Option<BTreeMap<char, Option<bool>>>>();
    same_values::<IgnoredAny>();
    same_values::<serde_json::Value>();
    same_values::<Box<serde_json::value::RawValue>>();
    same_values::<Vec<Box<serde_json::value::RawValue>>>();
    same_values::<(u8, i8, f32)>();
    same_values::<char>();
    same_values::<String>();
    same_values::<bool>();
    same_values::<f32>();
    same_values::<f64>();
    same_values::<i128>();
    same_values::<u128>();
}

#[test]
fn keys_are_read_as_serde_json_reads_them() {
    same_keys::<i8>();
    same_keys::<i16>();
    same_keys::<i32>();
    same_keys::<i64>();
    same_keys::<i128>();
    same_keys::<u8>();
    same_keys::<u16>();
    same_keys::<u32>();
    same_keys::<u64>();
    same_keys::<u128>();
    same_keys::<f32>();
    same_keys::<f64>();
    same_keys::<bool>();
    same_keys::<char>();
    same_keys::<String>();
    same_keys::<Variants>();
    same_keys::<Nothing>();
    same_keys::<Pair>();
    same_keys::<Wrapped<u8>>();
    same_keys::<Option<i64>>();
    same_keys::<Wrapped<Option<bool>>>();
    same_keys::<Seen<Any>>();
    same_keys::<Seen<Bytes>>();
    same_keys::<Seen<Buffer>>();
    same_keys::<Seen<Maybe>>();
    same_keys::<Seen<Newtype>>();
    same_keys::<Seen<Enum>>();
    same_keys::<Seen<Ignored>>();
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(untagged)]
enum Later {
    Float(f64),
    Map(BTreeMap<String, String>),
}

#[test]
fn a_float_is_rounded_or_given_as_text_to_serde_json_types() {
    for (text, float, as_written) in [("1.5", 1.5, true), ("1.50", 1.5, false), ("-0", -0.0, false), ("7", 7.0, true)] {
        let seen = |numbers| read::<Seen<Any>>(text.as_bytes(), numbers).expect("UTF-8").expect("a number").0;
        let later = |numbers| read::<Later>(text.as_bytes(), numbers).expect("UTF-8").expect("a number");
        let shown = if text == "7" { "visit_u64 7".into() } else { format!("visit_f64 {float:?}") };
        assert_eq!((seen(Numbers::Rounded), later(Numbers::Rounded)), (shown.clone(), Later::Float(float)));
        if NUMBERS_ARE_TEXTS && text != "7" {
            assert_eq!(seen(Numbers::Kept), format!("[(visit_str {NUMBER:?}, visit_str {text:?})]"));
        } else {
            assert_eq!(seen(Numbers::Kept), shown);
        }
        let kept = BTreeMap::from([(NUMBER.to_owned(), text.to_owned())]);
        let texts = NUMBERS_ARE_TEXTS && !as_written;
        assert_eq!(later(Numbers::Kept), if texts { Later::Map(kept) } else { Later::Float(float) });
    }
}

#[test]
fn payloads_that_are_not_utf_8_are_refused() {
    assert!(read::<String>(b"\"\xff\"", Numbers::Rounded).is_none());
}
