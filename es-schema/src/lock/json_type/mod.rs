//! The JSON that a type accepts, in the form that the lock stores. It names a Rust type only to refer to another section of the
//! lock.

mod text;

use std::{collections::BTreeMap, rc::Rc};

/// The JSON values that a type accepts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum JsonType {
    /// Any value.
    Any,
    Null,
    Boolean,
    /// A whole number between two bounds, including both.
    Integer {
        min: i128,
        max: u128,
    },
    /// A float of 32 or 64 bits.
    Float(u8),
    /// A text, with its format, such as `uuid`, if it has one.
    Text(Option<String>),
    /// Exactly this value, as JSON.
    Constant(String),
    /// An array of any length, or of exactly this one.
    List(Box<JsonType>, Option<u64>),
    /// An array with one type for each place.
    Tuple(Vec<JsonType>),
    Object(Object),
    /// One of these. The order matters: serde takes the first alternative that fits.
    OneOf(Vec<JsonType>),
    /// A variant name that is not known, read by `serde(other)`.
    Other,
    /// The type of a definition, by its name.
    Named(String),
    /// A type without a JSON schema: what its `Deserialize` asks for, as far as it is known.
    Unseen(Box<JsonType>),
    /// A type together with keywords of its JSON schema that are not understood here.
    With(Box<JsonType>, String),
}

/// The JSON objects that a type accepts.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Object {
    /// By key.
    pub(super) fields: BTreeMap<String, Property>,
    /// The type of the values of all other keys, if they are kept.
    pub(super) rest: Option<Box<JsonType>>,
    /// The type of those keys; `None` for any text.
    pub(super) keys: Option<Box<JsonType>>,
    /// Whether unknown keys are refused.
    pub(super) closed: bool,
}

/// The value of a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Property {
    pub(super) node: JsonType,
    pub(super) optional: bool,
    /// Other keys that are read as this one.
    pub(super) aliases: Vec<String>,
}

/// The definitions of the names in a [`JsonType`].
pub(super) type Definitions = BTreeMap<String, JsonType>;

/// A type together with its definitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RootType {
    pub(super) node: JsonType,
    pub(super) definitions: Rc<Definitions>,
    /// What the type's `Deserialize` asks for, if it was traced.
    pub(super) traced: Option<Box<JsonType>>,
}

/// The ranges of whole numbers that have a name.
pub(super) const INTEGERS: [(&str, i128, u128); 10] = [
    ("uint8", 0, u8::MAX as u128),
    ("uint16", 0, u16::MAX as u128),
    ("uint32", 0, u32::MAX as u128),
    ("uint64", 0, u64::MAX as u128),
    ("uint128", 0, u128::MAX),
    ("int8", i8::MIN as i128, i8::MAX as u128),
    ("int16", i16::MIN as i128, i16::MAX as u128),
    ("int32", i32::MIN as i128, i32::MAX as u128),
    ("int64", i64::MIN as i128, i64::MAX as u128),
    ("int128", i128::MIN, i128::MAX as u128),
];

/// The keyword for values of the right form that a type was seen to refuse.
const REFUSES: &str = "refuses";

/// The keyword for the variant that an alternative is an alias of.
const READ_AS: &str = "as";

/// Every whole number.
pub(super) const INTEGER: JsonType = JsonType::Integer { min: i128::MIN, max: u128::MAX };

impl JsonType {
    /// Calls `each` with the names of definitions in this type, in the order of the text.
    pub(super) fn names(&self, each: &mut impl FnMut(&str)) {
        match self {
            Self::Named(name) => each(name),
            Self::List(inner, _) | Self::Unseen(inner) | Self::With(inner, _) => inner.names(each),
            Self::Tuple(nodes) | Self::OneOf(nodes) => nodes.iter().for_each(|node| node.names(each)),
            Self::Object(object) => {
                object.fields.values().for_each(|property| property.node.names(each));
                object.keys.iter().chain(&object.rest).for_each(|node| node.names(each));
            }
            _ => {}
        }
    }

    /// This type with each name of a definition replaced by that of `rename`.
    pub(super) fn renamed(&self, rename: &impl Fn(&str) -> String) -> Self {
        let boxed = |inner: &Self| Box::new(inner.renamed(rename));
        match self {
            Self::Named(name) => Self::Named(rename(name)),
            Self::List(inner, count) => Self::List(boxed(inner), *count),
            Self::Unseen(inner) => Self::Unseen(boxed(inner)),
            Self::With(inner, words) => Self::With(boxed(inner), words.clone()),
            Self::Tuple(nodes) => Self::Tuple(nodes.iter().map(|node| node.renamed(rename)).collect()),
            Self::OneOf(nodes) => Self::OneOf(nodes.iter().map(|node| node.renamed(rename)).collect()),
            Self::Object(object) => {
                let property =
                    |property: &Property| Property { node: property.node.renamed(rename), ..property.clone() };
                Self::Object(Object {
                    fields: object.fields.iter().map(|(key, value)| (key.clone(), property(value))).collect(),
                    rest: object.rest.as_deref().map(boxed),
                    keys: object.keys.as_deref().map(boxed),
                    closed: object.closed,
                })
            }
            other => other.clone(),
        }
    }

    /// One of `nodes`, flattened and without duplicates. Where the order makes no difference to a reader, the alternatives are
    /// sorted.
    pub(super) fn one_of(nodes: Vec<Self>) -> Self {
        let mut flat: Vec<Self> = Vec::new();
        for node in nodes {
            let parts = if let Self::OneOf(parts) = node { parts } else { vec![node] };
            for part in parts {
                if !flat.contains(&part) {
                    flat.push(part);
                }
            }
        }
        if flat.iter().enumerate().all(|(at, node)| flat[..at].iter().all(|before| before.is_apart_from(node))) {
            flat.sort();
        }
        if flat.len() == 1 { flat.remove(0) } else { Self::OneOf(flat) }
    }

    /// Whether no value is accepted by both, as far as it is known without definitions.
    fn is_apart_from(&self, other: &Self) -> bool {
        match (self.variant().0, other.variant().0) {
            (Self::Object(one), Self::Object(other)) => {
                let lacks = |one: &Object, other: &Object| {
                    one.closed && other.fields.iter().any(|(key, held)| !held.optional && !one.fields.contains_key(key))
                };
                let tag = |(key, held): (&String, &Property)| {
                    matches!((&held.node, other.fields.get(key).map(|held| &held.node)),
                        (Self::Constant(one), Some(Self::Constant(other))) if one != other)
                };
                lacks(one, other) || lacks(other, one) || one.fields.iter().any(tag)
            }
            (Self::Constant(one), Self::Constant(other)) => one != other,
            _ => match (self.kind(), other.kind()) {
                (Some(one), Some(other)) => one != other,
                _ => matches!((self, other), (Self::Null, Self::Named(_)) | (Self::Named(_), Self::Null)),
            },
        }
    }

    /// The kind of JSON value, if there is only one.
    pub(super) fn kind(&self) -> Option<&'static str> {
        match self {
            Self::Null => Some("null"),
            Self::Boolean => Some("boolean"),
            Self::Integer { .. } | Self::Float(_) => Some("number"),
            Self::Text(_) => Some("text"),
            Self::List(..) | Self::Tuple(_) => Some("list"),
            Self::Object(_) => Some("object"),
            Self::Constant(json) => Some(match json.as_bytes().first() {
                Some(b'"') => "text",
                Some(b't' | b'f') => "boolean",
                Some(b'n') => "null",
                Some(b'{') => "object",
                Some(b'[') => "list",
                _ => "number",
            }),
            Self::With(inner, _) => inner.kind(),
            Self::Any | Self::OneOf(_) | Self::Other | Self::Named(_) | Self::Unseen(_) => None,
        }
    }

    /// This type without its refused values, and those values as JSON.
    pub(super) fn refusals(&self) -> (&Self, Vec<String>) {
        let refused = |words: &str| serde_json::from_str::<BTreeMap<String, Vec<String>>>(words).ok()?.remove(REFUSES);
        match self {
            Self::With(inner, words) => match refused(words) {
                Some(refused) => (inner, refused),
                None => (self, Vec::new()),
            },
            _ => (self, Vec::new()),
        }
    }

    /// This type as an alias of the variant `name`.
    #[cfg(feature = "schema")]
    pub(super) fn alias_of(self, name: &str) -> Self {
        Self::With(Box::new(self), serde_json::json!({ READ_AS: name }).to_string())
    }

    /// This type without the variant that it is an alias of, and the name of that variant.
    pub(super) fn variant(&self) -> (&Self, Option<String>) {
        let name = |words: &str| serde_json::from_str::<BTreeMap<String, String>>(words).ok()?.remove(READ_AS);
        match self {
            Self::With(inner, words) => match name(words) {
                Some(name) => (inner, Some(name)),
                None => (self, None),
            },
            _ => (self, None),
        }
    }

    /// The name of the variant that this alternative of an enum reads, if it is one.
    pub(super) fn called(&self) -> Option<String> {
        let text = |node: &Self| match node {
            Self::Constant(json) => serde_json::from_str(json).ok(),
            _ => None,
        };
        match self.variant().0 {
            Self::Object(object) if object.closed && object.fields.len() == 1 => object.fields.keys().next().cloned(),
            Self::Object(object) => object.fields.values().find_map(|property| text(&property.node)),
            node => text(node),
        }
    }

    /// Whether this type or a type inside it refuses values.
    pub(super) fn holds_refusals(&self) -> bool {
        match self {
            Self::With(inner, _) => !self.refusals().1.is_empty() || inner.holds_refusals(),
            Self::List(inner, _) | Self::Unseen(inner) => inner.holds_refusals(),
            Self::Tuple(nodes) | Self::OneOf(nodes) => nodes.iter().any(Self::holds_refusals),
            Self::Object(object) => {
                let held = object.fields.values().map(|property| &property.node);
                held.chain(object.rest.as_deref()).chain(object.keys.as_deref()).any(Self::holds_refusals)
            }
            _ => false,
        }
    }

    /// This type with values that it was seen to refuse.
    #[cfg(feature = "schema")]
    pub(super) fn refusing(self, values: &[String]) -> Self {
        let words = serde_json::json!({ REFUSES: values }).to_string();
        if values.is_empty() { self } else { Self::With(Box::new(self), words) }
    }

    /// Whether a value of this type may be `json`, as far as it is known.
    pub(super) fn may_hold(&self, json: &str) -> bool {
        match self {
            Self::Integer { min, max } => match json.parse::<i128>() {
                Ok(number) => *min <= number && !u128::try_from(number).is_ok_and(|number| number > *max),
                Err(_) => json.parse::<u128>().is_ok_and(|number| number <= *max),
            },
            Self::Constant(constant) => constant == json,
            _ => true,
        }
    }
}
