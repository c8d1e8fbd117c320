//! The types that fields have.

use serde_json::{Map, Value, json};

use crate::Dice;

/// A type of a field; its structs and enums are in the module `words` of the compiled crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ty {
    /// `bool`
    Bool,
    /// `u32`
    U32,
    /// `i64`
    I64,
    /// `f64`
    F64,
    /// `String`
    Text,
    /// An enum of units: `Eur`, `Usd`, `Gbp`.
    Currency,
    /// A struct around an `i64`.
    Money,
    /// A struct of `city: String` and `zip: Option<String>`.
    Place,
    /// `(i64, String)`
    Pair,
    /// `BTreeMap<String, serde_json::Value>`
    Rest,
    /// `Option`
    Opt(Box<Ty>),
    /// `Vec`
    List(Box<Ty>),
}

/// The keys of a [`Ty::Place`]; no field has such a name.
pub(crate) const PLACE_KEYS: [&str; 2] = ["city", "zip"];

impl Ty {
    pub(crate) fn random(dice: &mut Dice) -> Self {
        match dice.below(16) {
            0 => Self::Bool,
            1 | 2 => Self::U32,
            3 | 4 => Self::I64,
            5 => Self::F64,
            6 | 7 => Self::Text,
            8 => Self::Currency,
            9 => Self::Money,
            10 => Self::Place,
            11 => Self::Pair,
            12 => Self::Rest,
            13 | 14 => Self::Opt(Box::new(Self::scalar(dice))),
            _ => Self::List(Box::new(Self::scalar(dice))),
        }
    }

    fn scalar(dice: &mut Dice) -> Self {
        match dice.below(6) {
            0 => Self::U32,
            1 => Self::I64,
            2 => Self::Currency,
            3 => Self::Money,
            4 => Self::Bool,
            _ => Self::Text,
        }
    }

    /// The type in Rust.
    pub(crate) fn rust(&self) -> String {
        match self {
            Self::Bool => "bool".into(),
            Self::U32 => "u32".into(),
            Self::I64 => "i64".into(),
            Self::F64 => "f64".into(),
            Self::Text => "String".into(),
            Self::Currency => "words::Currency".into(),
            Self::Money => "words::Money".into(),
            Self::Place => "words::Place".into(),
            Self::Pair => "(i64, String)".into(),
            Self::Rest => "std::collections::BTreeMap<String, words::Value>".into(),
            Self::Opt(inner) => format!("Option<{}>", inner.rust()),
            Self::List(inner) => format!("Vec<{}>", inner.rust()),
        }
    }

    /// An expression of `value` in Rust.
    pub(crate) fn literal(&self, value: &Value) -> String {
        match (self, value) {
            (Self::F64, value) => format!("{:?}", value.as_f64().unwrap_or_default()),
            (Self::Text, value) => format!("String::from({:?})", value.as_str().unwrap_or_default()),
            (Self::Currency, Value::String(variant)) => format!("words::Currency::{variant}"),
            (Self::Money, value) => format!("words::Money({value})"),
            (Self::Place, value) => format!(
                "words::Place {{ city: {}, zip: {} }}",
                Self::Text.literal(&value["city"]),
                Self::Opt(Box::new(Self::Text)).literal(&value["zip"])
            ),
            (Self::Pair, value) => format!("({}, {})", value[0], Self::Text.literal(&value[1])),
            (Self::Rest, Value::Object(entries)) if entries.is_empty() => "std::collections::BTreeMap::new()".into(),
            (Self::Rest, Value::Object(entries)) => {
                let entries = entries.iter().map(|(key, value)| {
                    format!("(String::from({}), words::parsed({:?}))", json!(key), value.to_string())
                });
                format!("std::collections::BTreeMap::from([{}])", entries.collect::<Vec<_>>().join(", "))
            }
            (Self::Opt(_), Value::Null) => "None".into(),
            (Self::Opt(inner), value) => format!("Some({})", inner.literal(value)),
            (Self::List(inner), Value::Array(elements)) => {
                let elements = elements.iter().map(|element| inner.literal(element));
                format!("vec![{}]", elements.collect::<Vec<_>>().join(", "))
            }
            (_, value) => value.to_string(),
        }
    }

    /// A random value, as serde writes it.
    pub(crate) fn value(&self, dice: &mut Dice) -> Value {
        match self {
            Self::Bool => json!(dice.one_in(2)),
            Self::U32 if dice.one_in(8) => json!(u32::MAX),
            Self::U32 => json!(dice.below(1000)),
            Self::I64 | Self::Money if dice.one_in(8) => json!(i64::MIN + 1),
            Self::I64 | Self::Money => json!(i64::from(dice.small()) - i64::from(u32::MAX / 2)),
            Self::F64 => json!((f64::from(dice.small()) - 2e9) / 64.0),
            Self::Text => json!(text(dice)),
            Self::Currency => json!(CURRENCIES[dice.below(CURRENCIES.len())]),
            Self::Place => json!({ "city": text(dice), "zip": Self::Opt(Box::new(Self::Text)).value(dice) }),
            Self::Pair => json!([Self::I64.value(dice), text(dice)]),
            Self::Rest => {
                let entries = (0..dice.below(3)).map(|entry| (format!("rest-{entry}"), anything(dice)));
                Value::Object(entries.collect::<Map<_, _>>())
            }
            Self::Opt(_) if dice.one_in(3) => Value::Null,
            Self::Opt(inner) => inner.value(dice),
            Self::List(inner) => (0..dice.below(4)).map(|_| inner.value(dice)).collect(),
        }
    }

    /// The value of `Default`, as serde writes it.
    pub(crate) fn default(&self) -> Value {
        match self {
            Self::Bool => json!(false),
            Self::U32 | Self::I64 | Self::Money => json!(0),
            Self::F64 => json!(0.0),
            Self::Text => json!(""),
            Self::Currency => json!("Eur"),
            Self::Place => json!({ "city": "", "zip": null }),
            Self::Pair => json!([0, ""]),
            Self::Rest => json!({}),
            Self::Opt(_) => Value::Null,
            Self::List(_) => json!([]),
        }
    }

    /// The value of `words::usual`, as serde writes it.
    pub(crate) fn usual(&self) -> Value {
        match self {
            Self::Bool => json!(true),
            Self::U32 | Self::I64 | Self::Money => json!(7),
            Self::F64 => json!(7.5),
            Self::Text => json!("usual"),
            Self::Currency => json!("Gbp"),
            Self::Place => json!({ "city": "usual", "zip": "7" }),
            Self::Pair => json!([7, "usual"]),
            Self::Rest => json!({ "usual": 7 }),
            Self::Opt(inner) => inner.usual(),
            Self::List(inner) => json!([inner.usual()]),
        }
    }

    /// A JSON value that is not a value of this type.
    pub(crate) fn wrong_value(&self, dice: &mut Dice) -> Value {
        match self {
            Self::Bool | Self::U32 | Self::I64 | Self::Money | Self::F64 | Self::Text | Self::Rest => json!([[]]),
            Self::Currency if dice.one_in(2) => json!("Chf"),
            Self::Currency | Self::Place | Self::List(_) => json!(12),
            Self::Pair => json!([1]),
            Self::Opt(inner) => inner.wrong_value(dice),
        }
    }

    /// `stored` after this type has read it and serde has written it again; `None` if it does not fit.
    pub(crate) fn read(&self, stored: &Value) -> Option<Value> {
        match (self, stored) {
            (Self::Bool, Value::Bool(_)) | (Self::Text, Value::String(_)) | (Self::Rest, Value::Object(_)) => {
                Some(stored.clone())
            }
            (Self::U32, _) => u32::try_from(stored.as_u64()?).ok().map(Value::from),
            (Self::I64 | Self::Money, _) => stored.as_i64().map(Value::from),
            (Self::F64, Value::Number(_)) => stored.as_f64().map(Value::from),
            (Self::Currency, Value::String(variant)) => CURRENCIES.contains(&variant.as_str()).then(|| stored.clone()),
            (Self::Place, Value::Object(entries)) => place(entries),
            (Self::Pair, Value::Array(pair)) => match pair.as_slice() {
                [number, text] => Some(json!([Self::I64.read(number)?, Self::Text.read(text)?])),
                _ => None,
            },
            (Self::Opt(_), Value::Null) => Some(Value::Null),
            (Self::Opt(inner), _) => inner.read(stored),
            (Self::List(inner), Value::Array(elements)) => elements.iter().map(|element| inner.read(element)).collect(),
            _ => None,
        }
    }
}

/// A [`Ty::Place`] with these entries.
pub(crate) fn place(entries: &Map<String, Value>) -> Option<Value> {
    let city = Ty::Text.read(entries.get("city")?)?;
    let zip = match entries.get("zip") {
        None | Some(Value::Null) => Value::Null,
        Some(zip) => Ty::Text.read(zip)?,
    };
    Some(json!({ "city": city, "zip": zip }))
}

const CURRENCIES: [&str; 3] = ["Eur", "Usd", "Gbp"];

/// A text: one that a conversion recognises, one that JSON escapes, or letters.
fn text(dice: &mut Dice) -> String {
    match dice.below(8) {
        0 => String::new(),
        1 | 2 => dice.below(100_000).to_string(),
        3 => CURRENCIES[dice.below(CURRENCIES.len())].into(),
        4 => "a \"quoted\" \\ line\nand\tmore \u{1}".into(),
        5 => "żółw 🐢".into(),
        _ => (0..=dice.below(12)).map(|_| char::from(b'a' + u8::try_from(dice.below(26)).unwrap_or(0))).collect(),
    }
}

fn anything(dice: &mut Dice) -> Value {
    match dice.below(5) {
        0 => Value::Null,
        1 => json!(dice.below(100)),
        2 => json!(text(dice)),
        3 => json!([text(dice), { "deep": [1, 2.5, false] }]),
        _ => json!({ "city": "not that one" }),
    }
}
