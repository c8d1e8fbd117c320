//! The serde attributes of a field, which change how it is stored.

use serde_json::{Value, json};

use crate::{Dice, Ty};

/// The serde attributes of a field, except those for its key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredForm {
    /// `with` or `deserialize_with`.
    pub codec: Option<Codec>,
    /// Whether it is `deserialize_with`.
    pub deserialize_with: bool,
    /// The value for an absent key.
    pub absent: Option<Absent>,
    /// `flatten`
    pub flatten: bool,
    /// `skip`
    pub skip: bool,
}

/// The value for an absent key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "only our own tests look at it")]
pub enum Absent {
    /// `default`
    Default,
    /// `default = "words::usual"`
    Usual,
}

/// A module of the compiled crate's `words` that reads and writes a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "only our own tests look at it")]
pub enum Codec {
    /// An `i64` as text.
    Digits,
    /// An `Option<String>`, where `-` is none.
    Dash,
    /// A `bool` as 0 or 1.
    Bit,
    /// A `Vec<u32>` as text with commas.
    Commas,
    /// A `Money` as `{"cents": …}`.
    Cents,
}

impl StoredForm {
    pub(crate) fn random(dice: &mut Dice, ty: &Ty) -> Self {
        let mut stored_form = Self::default();
        if dice.one_in(3) {
            stored_form.codec = Codec::of(ty);
            stored_form.deserialize_with = dice.one_in(2);
        }
        if dice.one_in(5) {
            stored_form.absent = Some(if dice.one_in(2) { Absent::Default } else { Absent::Usual });
        } else if matches!(ty, Ty::Place | Ty::Rest) && !dice.one_in(3) {
            stored_form.flatten = true;
        }
        stored_form
    }

    /// The arguments of the attribute, one by one.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        match self.codec {
            Some(codec) if self.deserialize_with => {
                arguments.push(format!("deserialize_with = \"{}::deserialize\"", codec.rust()));
            }
            Some(codec) => arguments.push(format!("with = \"{}\"", codec.rust())),
            None => {}
        }
        match self.absent {
            Some(Absent::Default) => arguments.push("default".into()),
            Some(Absent::Usual) => arguments.push("default = \"words::usual\"".into()),
            None => {}
        }
        if self.flatten {
            arguments.push("flatten".into());
        }
        if self.skip {
            arguments.push("skip".into());
            if self.absent.is_none() {
                arguments.push("default".into()); // a default that nobody named is refused
            }
        }
        arguments
    }

    /// The value for an absent key; `None` if the key is required.
    pub(crate) fn absent(&self, ty: &Ty) -> Option<Value> {
        match self.absent {
            Some(Absent::Default) => Some(ty.default()),
            Some(Absent::Usual) => Some(ty.usual()),
            None if self.codec.is_none() && matches!(ty, Ty::Opt(_)) => Some(Value::Null),
            None => None,
        }
    }

    /// `value` as it is stored.
    pub(crate) fn store(&self, value: &Value) -> Value {
        self.codec.map_or_else(|| value.clone(), |codec| codec.store(value))
    }

    /// The value of `stored`; `None` if it does not fit.
    pub(crate) fn read(&self, ty: &Ty, stored: &Value) -> Option<Value> {
        self.codec.map_or_else(|| ty.read(stored), |codec| codec.read(stored))
    }
}

impl Codec {
    fn of(ty: &Ty) -> Option<Self> {
        match ty {
            Ty::I64 => Some(Self::Digits),
            Ty::Opt(inner) if **inner == Ty::Text => Some(Self::Dash),
            Ty::Bool => Some(Self::Bit),
            Ty::List(inner) if **inner == Ty::U32 => Some(Self::Commas),
            Ty::Money => Some(Self::Cents),
            _ => None,
        }
    }

    /// The module.
    pub(crate) fn rust(self) -> &'static str {
        match self {
            Self::Digits => "words::digits",
            Self::Dash => "words::dash",
            Self::Bit => "words::bit",
            Self::Commas => "words::commas",
            Self::Cents => "words::cents",
        }
    }

    fn store(self, value: &Value) -> Value {
        match self {
            Self::Digits => json!(value.to_string()),
            Self::Dash => json!(value.as_str().unwrap_or("-")),
            Self::Bit => json!(u8::from(*value == Value::Bool(true))),
            Self::Commas => {
                let numbers = value.as_array().into_iter().flatten().map(Value::to_string);
                json!(numbers.collect::<Vec<_>>().join(","))
            }
            Self::Cents => json!({ "cents": value }),
        }
    }

    fn read(self, stored: &Value) -> Option<Value> {
        match self {
            Self::Digits => stored.as_str()?.parse::<i64>().ok().map(Value::from),
            Self::Dash => stored.as_str().map(|text| if text == "-" { Value::Null } else { json!(text) }),
            Self::Bit => match stored.as_u64()? {
                0 => Some(json!(false)),
                1 => Some(json!(true)),
                _ => None,
            },
            Self::Commas => match stored.as_str()? {
                "" => Some(json!([])),
                text => text.split(',').map(|number| number.parse::<u32>().ok().map(Value::from)).collect(),
            },
            Self::Cents => stored.as_object()?.get("cents")?.as_i64().map(Value::from),
        }
    }

    /// A JSON value that is not accepted.
    pub(crate) fn wrong_value(self) -> Value {
        match self {
            Self::Digits | Self::Commas => json!("1x"),
            Self::Dash | Self::Cents => json!(5),
            Self::Bit => json!(2),
        }
    }
}
