//! The items that the printed source uses: types, conversions, and a view of an event without its serde attributes.

use std::collections::BTreeMap;

use es_core::{DecodeError, Event, SchemaVersion};
use serde::{Deserialize, Serialize};
pub use serde_json::Value;

/// The fields of an event by their Rust names, each as serde writes its type.
pub trait Facts {
    /// The fields.
    fn facts(&self) -> Value;
}

/// The functions that `derive(Event)` wrote for one event.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "only our own tests look at it")]
pub struct Decoder {
    /// The stored name.
    pub name: &'static str,
    /// Reads a payload, and gives the facts.
    pub decode: fn(SchemaVersion, &[u8]) -> Result<Value, DecodeError>,
    /// Reads a payload, writes the event, and reads that again.
    pub again: fn(SchemaVersion, &[u8]) -> Result<Value, DecodeError>,
}

impl Decoder {
    /// The decoder of `E`.
    pub const fn of<E: Event + Facts>() -> Self {
        Self { name: E::NAME, decode: decode::<E>, again: again::<E> }
    }
}

fn decode<E: Event + Facts>(stored: SchemaVersion, payload: &[u8]) -> Result<Value, DecodeError> {
    E::decode(stored, payload).map(|event| event.facts())
}

fn again<E: Event + Facts>(stored: SchemaVersion, payload: &[u8]) -> Result<Value, DecodeError> {
    let mut written = Vec::new();
    match E::decode(stored, payload)?.encode(&mut written) {
        Ok(()) => decode::<E>(E::SCHEMA_VERSION, &written),
        Err(error) => Ok(Value::String(error.to_string())),
    }
}

/// An object of `facts`.
pub fn object<const N: usize>(facts: [(&str, Value); N]) -> Value {
    facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// `value` as serde writes it, or a text with the error.
pub fn value<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or_else(|error| Value::String(error.to_string()))
}

/// A literal of [`Value`].
pub fn parsed(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or(Value::Null)
}

/// `conversion(value)`, for a conversion whose types are annotated.
pub fn convert<A, B>(value: A, conversion: fn(A) -> B) -> B {
    conversion(value)
}

/// `conversion(value)`, with one kind of error.
///
/// # Errors
/// When `conversion` fails.
pub fn try_convert<A, B, E: ToString>(value: A, conversion: fn(A) -> Result<B, E>) -> Result<B, Refused> {
    conversion(value).map_err(|error| Refused(error.to_string()))
}

/// The number of bytes of `text`.
#[expect(clippy::needless_pass_by_value, reason = "it stands in `with`, which gives the value away")]
pub fn length(text: String) -> u32 {
    u32::try_from(text.len()).unwrap_or(u32::MAX)
}

/// A step refused a value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "only our own tests look at it")]
pub struct Refused(pub String);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

/// An enum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_enums, missing_docs, reason = "only our own tests look at it")]
pub enum Currency {
    #[default]
    Eur,
    Usd,
    Gbp,
}

impl Currency {
    /// Reads the name of a currency.
    ///
    /// # Errors
    /// Every other text, which the error quotes.
    pub fn parse(text: String) -> Result<Self, Refused> {
        match text.as_str() {
            "Eur" => Ok(Self::Eur),
            "Usd" => Ok(Self::Usd),
            "Gbp" => Ok(Self::Gbp),
            _ => Err(Refused(text)),
        }
    }
}

/// A number with a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "only our own tests look at it")]
pub struct Money(pub i64);

impl Money {
    /// A hundred to the unit.
    #[expect(clippy::cast_possible_truncation, reason = "the reference does the same")]
    pub fn from_units(units: f64) -> Self {
        Self((units * 100.0).round() as i64)
    }
}

/// A struct, to be flattened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, missing_docs, reason = "only our own tests look at it")]
pub struct Place {
    pub city: String,
    pub zip: Option<String>,
}

/// A value for an absent key other than that of `Default`.
pub trait Usual {
    /// The usual value.
    fn usual() -> Self;
}

/// The usual value.
pub fn usual<T: Usual>() -> T {
    T::usual()
}

macro_rules! usual {
    ($($ty:ty = $value:expr),* $(,)?) => {
        $(impl Usual for $ty {
            fn usual() -> Self {
                $value
            }
        })*
    };
}

usual! {
    bool = true,
    u32 = 7,
    i64 = 7,
    f64 = 7.5,
    String = "usual".into(),
    Currency = Currency::Gbp,
    Money = Money(7),
    Place = Place { city: "usual".into(), zip: Some("7".into()) },
    (i64, String) = (7, "usual".into()),
    BTreeMap<String, Value> = BTreeMap::from([("usual".into(), Value::from(7))]),
}

impl<T: Usual> Usual for Option<T> {
    fn usual() -> Self {
        Some(T::usual())
    }
}

impl<T: Usual> Usual for Vec<T> {
    fn usual() -> Self {
        vec![T::usual()]
    }
}

/// A module for `serde(with = "…")`: writes `$ty` as `$stored`.
macro_rules! codec {
    ($name:ident, $ty:ty as $stored:ty, $doc:literal, $write:expr, $read:expr) => {
        #[doc = $doc]
        #[expect(missing_docs, clippy::missing_errors_doc, reason = "serde fixes the names")]
        pub mod $name {
            use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

            #[allow(unused_imports, reason = "not every codec has a type of ours")]
            use super::{Cents, Money};

            pub fn serialize<S: Serializer>(value: &$ty, serializer: S) -> Result<S::Ok, S::Error> {
                let write: fn(&$ty) -> $stored = $write;
                write(value).serialize(serializer)
            }

            pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<$ty, D::Error> {
                let read: fn($stored) -> Option<$ty> = $read;
                read(<$stored>::deserialize(deserializer)?).ok_or_else(|| D::Error::custom("not of this codec"))
            }
        }
    };
}

/// The form in which [`cents`] stores a value.
#[derive(Debug, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, missing_docs, reason = "only our own tests look at it")]
pub struct Cents {
    pub cents: i64,
}

codec!(digits, i64 as String, "As text.", ToString::to_string, |text| text.parse().ok());
codec!(bit, bool as u8, "As 0 or 1.", |bit| u8::from(*bit), |bit| (bit < 2).then_some(bit == 1));
codec!(cents, Money as Cents, "As a struct.", |money| Cents { cents: money.0 }, |cents| Some(Money(cents.cents)));
codec!(
    dash,
    Option<String> as String,
    "As a dash when there is none.",
    |text| text.clone().unwrap_or_else(|| "-".into()),
    |text| Some((text != "-").then_some(text))
);
codec!(
    commas,
    Vec<u32> as String,
    "As text with commas.",
    |numbers| numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
    |text| if text.is_empty() { Some(vec![]) } else { text.split(',').map(|number| number.parse().ok()).collect() }
);
