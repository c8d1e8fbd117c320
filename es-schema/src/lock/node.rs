//! What a type accepts in JSON, in a form of our own: it names no Rust type but to point at another line of the lock.

use std::{collections::BTreeMap, fmt, rc::Rc};

use super::token;

/// What is accepted where a value stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Node {
    /// Everything.
    Any,
    Null,
    Boolean,
    /// A whole number between two bounds, which belong to it.
    Integer {
        min: i128,
        max: u128,
    },
    /// A number with so many bits, 32 or 64.
    Float(u8),
    /// A text, of a format such as `uuid` if it has one.
    Text(Option<String>),
    /// This value only, as JSON.
    Constant(String),
    /// An array of any length, or of this one.
    List(Box<Node>, Option<u64>),
    /// An array with one value for each place.
    Tuple(Vec<Node>),
    Object(Object),
    /// One of these. The order counts, since the first that fits is taken.
    OneOf(Vec<Node>),
    /// What no variant of an enum is called, read by its `serde(other)`.
    Other,
    /// What a definition says.
    Named(String),
    /// A type that has no JSON schema: what its `Deserialize` asks for, as far as that can be told.
    Unseen(Box<Node>),
    /// Something with words of JSON schema besides that are not understood here.
    With(Box<Node>, String),
}

/// What an object accepts.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Object {
    /// By key.
    pub(super) fields: BTreeMap<String, Property>,
    /// What any other key holds, if its value is kept.
    pub(super) rest: Option<Box<Node>>,
    /// What those keys are, as a value of their own; any text where there is nothing.
    pub(super) keys: Option<Box<Node>>,
    /// Whether a key that is not known is refused.
    pub(super) closed: bool,
}

/// What stands under a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Property {
    pub(super) node: Node,
    pub(super) optional: bool,
    /// Other keys that are read as this one.
    pub(super) aliases: Vec<String>,
}

/// What the names in a [`Node`] stand for.
pub(super) type Definitions = BTreeMap<String, Node>;

/// A node together with its definitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Root {
    pub(super) node: Node,
    pub(super) definitions: Rc<Definitions>,
    /// What the type's `Deserialize` asks for, where that was looked at.
    pub(super) outline: Option<Box<Node>>,
}

/// The whole numbers that have a name of their own.
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

/// The word before values that a type was seen to refuse, though their form is right.
const REFUSES: &str = "refuses";

/// The word before the name of the variant that an alternative is read as.
const READ_AS: &str = "as";

/// Every whole number.
pub(super) const INTEGER: Node = Node::Integer { min: i128::MIN, max: u128::MAX };

impl Node {
    /// The definitions that this names, in the order in which they stand in the text.
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

    /// This with each name of a definition as `rename` gives it.
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

    /// One of `nodes`, flat and without what stands there twice. An order that cannot be told apart by a reader is ours:
    /// constants and objects of one key each stand sorted in front.
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

    /// Whether no value is accepted by both, as far as that can be told without definitions.
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

    /// The kind of JSON value, where that is one.
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

    /// This without what its type was seen to refuse, and that: values as JSON.
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

    /// This, which is read as the variant `name` under an alias.
    #[cfg(feature = "schema")]
    pub(super) fn alias_of(self, name: &str) -> Self {
        Self::With(Box::new(self), serde_json::json!({ READ_AS: name }).to_string())
    }

    /// This without the name of the variant that it is an alias of, and that.
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

    /// How the variant is called that this alternative of an enum reads, if it is one.
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

    /// Whether this or something that stands in it itself refuses values.
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

    /// This, whose type was seen to refuse these values.
    #[cfg(feature = "schema")]
    pub(super) fn refusing(self, values: &[String]) -> Self {
        let words = serde_json::json!({ REFUSES: values }).to_string();
        if values.is_empty() { self } else { Self::With(Box::new(self), words) }
    }

    /// Whether a value of this may be `json`, as far as that can be told.
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

    /// The lines of a definition: one for each key or alternative.
    pub(super) fn lines(&self) -> Vec<String> {
        match self {
            Self::Object(object) if !object.fields.is_empty() || object.rest.is_some() => object.parts(),
            Self::OneOf(nodes) if nodes.len() > 1 => nodes.iter().map(|node| format!("| {node}")).collect(),
            other => vec![format!("= {other}")],
        }
    }
}

impl Object {
    fn parts(&self) -> Vec<String> {
        let mut parts: Vec<_> = self
            .fields
            .iter()
            .map(|(key, property)| {
                let optional = if property.optional { "?" } else { "" };
                let keys: Vec<_> = property.aliases.iter().map(|alias| token::key(alias).to_string()).collect();
                let also = if keys.is_empty() { String::new() } else { format!(" (also {})", keys.join(", ")) };
                format!("{}{optional}{also}: {}", token::key(key), property.node)
            })
            .collect();
        let keys = self.keys.as_ref().map(|keys| format!("({keys})")).unwrap_or_default();
        parts.extend(self.rest.iter().map(|rest| format!("*{keys}: {rest}")));
        parts.extend(self.closed.then(|| "nothing else".to_owned()));
        parts
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::Null => f.write_str("null"),
            Self::Boolean => f.write_str("boolean"),
            Self::Integer { min, max } => match INTEGERS.iter().find(|(_, least, most)| least == min && most == max) {
                Some((name, ..)) => f.write_str(name),
                None if *self == INTEGER => f.write_str("integer"),
                None => write!(f, "integer({min}..={max})"),
            },
            Self::Float(32) => f.write_str("float"),
            Self::Float(_) => f.write_str("double"),
            Self::Text(None) => f.write_str("string"),
            Self::Text(Some(format)) => write!(f, "string({})", token::key(format)),
            Self::Constant(json) => write!(f, "= {json}"),
            Self::List(inner, None) => write!(f, "[{inner}]"),
            Self::List(inner, Some(count)) => write!(f, "[{inner}; {count}]"),
            Self::Tuple(nodes) => {
                f.write_str("(")?;
                nodes.iter().try_for_each(|node| write!(f, "{node}, "))?;
                f.write_str(")")
            }
            Self::Object(object) => write!(f, "{{{}}}", object.parts().join(", ")),
            Self::OneOf(nodes) => {
                f.write_str("<")?;
                for (at, node) in nodes.iter().enumerate() {
                    write!(f, "{}{node}", if at == 0 { "" } else { " | " })?;
                }
                f.write_str(">")
            }
            Self::Other => f.write_str("other"),
            Self::Named(name) => write!(f, "@{}", token::key(name)),
            Self::Unseen(outline) => write!(f, "unseen {outline}"),
            Self::With(inner, words) => write!(f, "with {words} {inner}"),
        }
    }
}
