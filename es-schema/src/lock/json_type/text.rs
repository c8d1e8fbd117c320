//! Writes a [`JsonType`] as text.

use std::fmt;

use super::{INTEGER, INTEGERS, JsonType, Object};
use crate::lock::token;

impl JsonType {
    /// The lines of a definition: one for each key or alternative.
    pub(in crate::lock) fn lines(&self) -> Vec<String> {
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

impl fmt::Display for JsonType {
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
            Self::Unseen(traced) => write!(f, "unseen {traced}"),
            Self::With(inner, words) => write!(f, "with {words} {inner}"),
        }
    }
}
