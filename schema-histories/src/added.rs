//! The default of an added field: as Rust source, and computed here on JSON.

use serde_json::{Value, json};

use crate::{Dice, Ty};

/// The `default` of an `added` step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    kind: Kind,
    /// The type of its value.
    pub ty: Ty,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// An expression.
    Value(Value),
    /// A closure that ignores its argument.
    Constant(Value),
    /// A closure over a field of the shape before.
    Over(Over, usize),
    /// A closure over two.
    Both(usize, usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    Clone,
    Length,
    IsSome,
    Twice,
    Count,
}

impl Added {
    /// A random default, which may use the fields of the shape `before`, given by their numbers and types.
    pub(crate) fn random(dice: &mut Dice, before: &[(usize, Ty)]) -> Self {
        if !dice.one_in(2)
            && let Some((field, ty)) = dice.pick(before)
        {
            let texts: Vec<_> = before.iter().filter(|(_, ty)| *ty == Ty::Text).map(|(field, _)| *field).collect();
            let (kind, ty) = match ty {
                Ty::Text if dice.one_in(2) => (Kind::Both(*field, texts[dice.below(texts.len())]), Ty::Text),
                Ty::Text if dice.one_in(2) => (Kind::Over(Over::Length, *field), Ty::U32),
                Ty::Opt(_) if dice.one_in(2) => (Kind::Over(Over::IsSome, *field), Ty::Bool),
                Ty::I64 if dice.one_in(2) => (Kind::Over(Over::Twice, *field), Ty::I64),
                Ty::List(_) if dice.one_in(2) => (Kind::Over(Over::Count, *field), Ty::U32),
                ty => (Kind::Over(Over::Clone, *field), ty.clone()),
            };
            return Self { kind, ty };
        }
        let ty = Ty::random(dice);
        let value = ty.value(dice);
        Self { kind: if dice.one_in(6) { Kind::Constant(value) } else { Kind::Value(value) }, ty }
    }

    /// Whether it is a closure.
    pub fn is_closure(&self) -> bool {
        !matches!(self.kind, Kind::Value(_))
    }

    /// The expression in Rust; `name` gives the identifier of a field in the shape before.
    pub(crate) fn rust(&self, name: impl Fn(usize) -> String) -> String {
        match &self.kind {
            Kind::Value(value) => self.ty.literal(value),
            Kind::Constant(value) => format!("|_| {}", self.ty.literal(value)),
            Kind::Over(over, field) => {
                let field = name(*field);
                match over {
                    Over::Clone => format!("|old| old.{field}.clone()"),
                    Over::Length => format!("|old| {{ let text = &old.{field}; words::length(text.clone()) }}"),
                    Over::IsSome => format!("|before| before.{field}.is_some()"),
                    Over::Twice => format!("|old| old.{field}.wrapping_mul(2)"),
                    Over::Count => format!("|old| u32::try_from(old.{field}.len()).unwrap_or(u32::MAX)"),
                }
            }
            Kind::Both(first, second) => {
                format!("|old| format!(\"{{}}/{{}}\", old.{}, old.{})", name(*first), name(*second))
            }
        }
    }

    /// The fields that it uses.
    pub(crate) fn over(&self) -> Vec<usize> {
        match &self.kind {
            Kind::Value(_) | Kind::Constant(_) => vec![],
            Kind::Over(_, field) => vec![*field],
            Kind::Both(first, second) => vec![*first, *second],
        }
    }

    /// Computes the default; `value` gives the value of a field in the shape before.
    pub(crate) fn apply<'a>(&self, value: impl Fn(usize) -> &'a Value) -> Value {
        match &self.kind {
            Kind::Value(value) | Kind::Constant(value) => value.clone(),
            Kind::Over(over, field) => {
                let value = value(*field);
                match over {
                    Over::Clone => value.clone(),
                    Over::Length => json!(value.as_str().map_or(0, str::len)),
                    Over::IsSome => json!(!value.is_null()),
                    Over::Twice => json!(value.as_i64().unwrap_or(0).wrapping_mul(2)),
                    Over::Count => json!(value.as_array().map_or(0, Vec::len)),
                }
            }
            Kind::Both(first, second) => {
                json!(format!("{}/{}", value(*first).as_str().unwrap_or(""), value(*second).as_str().unwrap_or("")))
            }
        }
    }
}
