//! The conversions of `changed` and of a typed step: as Rust source, and computed here on JSON.

use serde_json::{Value, json};

use crate::{Dice, Ty};

/// A conversion from one type to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversion {
    kind: Kind,
    /// The type that it converts from.
    pub from: Ty,
    /// The type that it converts to.
    pub to: Ty,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Widen,
    Narrow,
    Print,
    PrintLarge,
    Parse,
    ParseCurrency,
    Cents,
    Units,
    Uncents,
    Length,
    Some,
    Unwrap,
    Require,
    Single,
    Sum,
    City,
    ToPlace,
    Second,
    Upper,
}

impl Conversion {
    /// A random conversion from `from`, if there is one.
    pub(crate) fn random(dice: &mut Dice, from: &Ty) -> Option<Self> {
        let (kind, to) = dice.pick(&kinds(from))?.clone();
        Some(Self { kind, from: from.clone(), to })
    }

    /// A random conversion from `from` to `to`, if there is one.
    pub(crate) fn between(dice: &mut Dice, from: &Ty, to: &Ty) -> Option<Self> {
        let fitting: Vec<_> = kinds(from).into_iter().filter(|(_, gives)| gives == to).collect();
        let (kind, to) = dice.pick(&fitting)?.clone();
        Some(Self { kind, from: from.clone(), to })
    }

    /// Whether it can refuse a value.
    pub fn may_fail(&self) -> bool {
        matches!(self.kind, Kind::Narrow | Kind::Parse | Kind::ParseCurrency | Kind::Require)
    }

    /// A function in Rust: of `from` to `to`, or to a `Result` of it.
    pub(crate) fn rust(&self) -> String {
        let from = self.from.rust();
        match self.kind {
            Kind::Widen => "i64::from".into(),
            Kind::Narrow => "u32::try_from".into(),
            Kind::Print => format!("|number: {from}| number.to_string()"),
            Kind::PrintLarge => "|number| { let text = format!(\"{number}\"); text }".into(),
            Kind::Parse => "|text: String| text.parse::<i64>()".into(),
            Kind::ParseCurrency => "words::Currency::parse".into(),
            Kind::Cents => "words::Money".into(),
            Kind::Units => "words::Money::from_units".into(),
            Kind::Uncents => "|money: words::Money| money.0".into(),
            Kind::Length => "words::length".into(),
            Kind::Some => "Some".into(),
            Kind::Unwrap => "Option::unwrap_or_default".into(),
            Kind::Require => format!("|value: {from}| value.ok_or(words::Refused(String::from(\"nothing\")))"),
            Kind::Single => "|one| vec![one]".into(),
            Kind::Sum => format!("|numbers: {from}| numbers.into_iter().fold(0, u32::wrapping_add)"),
            Kind::City => "|place| words::Place::from(place).city".into(),
            Kind::ToPlace => "|city: String| words::Place { city, zip: None }".into(),
            Kind::Second => "|(_, second): (i64, String)| second".into(),
            Kind::Upper => "|text: String| text.to_ascii_uppercase()".into(),
        }
    }

    /// Converts `value`; `None` if it refuses it.
    pub(crate) fn apply(&self, value: &Value) -> Option<Value> {
        Some(match self.kind {
            Kind::Narrow => json!(u32::try_from(value.as_i64()?).ok()?),
            Kind::Print | Kind::PrintLarge => json!(value.to_string()),
            Kind::Parse => json!(value.as_str()?.parse::<i64>().ok()?),
            Kind::ParseCurrency => Ty::Currency.read(value)?,
            Kind::Units => json!(units(value.as_f64()?)),
            Kind::Length => json!(value.as_str()?.len()),
            Kind::Unwrap if value.is_null() => self.to.default(),
            Kind::Require if value.is_null() => return None,
            Kind::Widen | Kind::Some | Kind::Cents | Kind::Uncents | Kind::Unwrap | Kind::Require => value.clone(),
            Kind::Single => json!([value]),
            Kind::Sum => {
                let numbers = value.as_array()?.iter().filter_map(Value::as_u64);
                json!(numbers.sum::<u64>() % (1 << 32))
            }
            Kind::City => value["city"].clone(),
            Kind::ToPlace => json!({ "city": value, "zip": null }),
            Kind::Second => value[1].clone(),
            Kind::Upper => json!(value.as_str()?.to_ascii_uppercase()),
        })
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the compiled crate does the same")]
fn units(units: f64) -> i64 {
    (units * 100.0).round() as i64
}

fn kinds(from: &Ty) -> Vec<(Kind, Ty)> {
    let mut kinds = match from {
        Ty::U32 => vec![(Kind::Widen, Ty::I64), (Kind::Print, Ty::Text)],
        Ty::I64 => vec![(Kind::Narrow, Ty::U32), (Kind::PrintLarge, Ty::Text), (Kind::Cents, Ty::Money)],
        Ty::F64 => vec![(Kind::Units, Ty::Money)],
        Ty::Text => vec![
            (Kind::Parse, Ty::I64),
            (Kind::ParseCurrency, Ty::Currency),
            (Kind::Length, Ty::U32),
            (Kind::ToPlace, Ty::Place),
            (Kind::Upper, Ty::Text),
        ],
        Ty::Money => vec![(Kind::Uncents, Ty::I64)],
        Ty::Place => vec![(Kind::City, Ty::Text)],
        Ty::Pair => vec![(Kind::Second, Ty::Text)],
        Ty::List(inner) if **inner == Ty::U32 => vec![(Kind::Sum, Ty::U32)],
        Ty::Opt(inner) => vec![(Kind::Unwrap, (**inner).clone()), (Kind::Require, (**inner).clone())],
        Ty::Bool | Ty::Currency | Ty::Rest | Ty::List(_) => vec![],
    };
    if matches!(from, Ty::Bool | Ty::U32 | Ty::I64 | Ty::Text | Ty::Currency | Ty::Money) {
        kinds.push((Kind::Some, Ty::Opt(Box::new(from.clone()))));
        kinds.push((Kind::Single, Ty::List(Box::new(from.clone()))));
    }
    kinds
}
