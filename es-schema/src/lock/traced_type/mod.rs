//! What a type's `Deserialize` asks for, found by running it: the names that it reads, including aliases and `serde(other)`,
//! which a JSON schema does not contain.

mod aliases;

use aliases::{aliases, more};

use super::json_type::{Definitions, JsonType, Object, Property};

/// What the `Deserialize` of a type asks for, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum TracedType {
    /// Not known: the type takes any value and looks at it later, or it is recursive.
    #[default]
    Unknown,
    /// A value with this name in a [`JsonType`], and the samples that were refused, as JSON.
    Value {
        of: String,
        refuses: Vec<String>,
    },
    Option(Box<TracedType>),
    List(Box<TracedType>),
    Map {
        keys: Box<TracedType>,
        of: Box<TracedType>,
    },
    Tuple(Vec<TracedType>),
    /// The keys that are read, in the order of their declaration, each next to its aliases.
    Struct {
        fields: Vec<Field>,
        /// The tagged enum, if the first of two keys selects the type of the second.
        tagged: Option<Box<TracedType>>,
    },
    /// The names of the variants, in the order of their declaration.
    Enum {
        variants: Vec<Variant>,
        other: bool,
    },
    /// An object whose variant is selected by one key.
    Tagged {
        tag: String,
        /// Each variant with the first other key that it asks for, empty if there is none; `None` if it is not known.
        variants: Vec<(String, Option<String>)>,
        other: bool,
    },
}

/// A name of a variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Variant {
    pub(super) name: String,
    pub(super) content: TracedType,
    /// The number of the variant, the same for all of its names, if it is known.
    pub(super) number: Option<u64>,
}

/// A key that is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) traced: TracedType,
    /// Whether the next name is an alias of the same field, if it is known.
    pub(super) is_next: Option<bool>,
    /// Whether the key is required, if it is known.
    pub(super) required: Option<bool>,
}

impl TracedType {
    /// Adds to `node` what its JSON schema does not contain.
    pub(super) fn complete(&self, node: &mut JsonType, definitions: &mut Definitions) {
        self.add(node, definitions, &mut Vec::new());
    }

    fn add(&self, node: &mut JsonType, definitions: &mut Definitions, done: &mut Vec<String>) {
        match (self, node) {
            (Self::Unknown, _) => {}
            (_, JsonType::Named(name)) => {
                if !done.contains(name)
                    && let Some(mut definition) = definitions.get(name.as_str()).cloned()
                {
                    done.push(name.clone());
                    self.add(&mut definition, definitions, done);
                    definitions.insert(name.clone(), definition);
                }
            }
            (Self::Value { of, refuses }, node) => value(of, refuses, node),
            (_, JsonType::With(inner, _)) => self.add(inner, definitions, done),
            (Self::Option(inner), JsonType::OneOf(nodes)) => {
                let count = nodes.len();
                nodes.retain(|node| *node != JsonType::Null);
                let mut rest = JsonType::one_of(std::mem::take(nodes));
                let nullable = matches!(&rest, JsonType::OneOf(rest) if rest.len() == count);
                inner.add(&mut rest, definitions, done);
                *nodes = match rest {
                    JsonType::OneOf(rest) => rest,
                    rest => vec![rest],
                };
                if !nullable {
                    nodes.push(JsonType::Null);
                    nodes.sort();
                }
            }
            (Self::List(inner), JsonType::List(node, _)) => inner.add(node, definitions, done),
            (Self::Map { keys, of }, JsonType::Object(object)) => {
                map(keys, object);
                if let Some(held) = &mut object.rest {
                    of.add(held, definitions, done);
                }
            }
            (Self::Tuple(places), JsonType::Tuple(nodes)) => {
                for (place, node) in places.iter().zip(nodes) {
                    place.add(node, definitions, done);
                }
            }
            (Self::Struct { tagged: Some(tagged), .. }, node @ JsonType::OneOf(_)) => {
                tagged.add(node, definitions, done);
            }
            (Self::Struct { fields, .. }, JsonType::Object(object)) => {
                for Field { name, traced, .. } in fields {
                    if let Some(property) = object.fields.get_mut(name) {
                        traced.add(&mut property.node, definitions, done);
                    }
                }
                structure(fields, object);
            }
            (Self::Enum { variants, other }, node) => {
                let mut nodes = alternatives(node);
                for Variant { name, content, .. } in variants {
                    for node in &mut nodes {
                        if let JsonType::Object(object) = node
                            && let Some(property) = object.fields.get_mut(name)
                        {
                            content.add(&mut property.node, definitions, done);
                        }
                    }
                }
                *node = enumeration(variants, *other, nodes);
            }
            (Self::Tagged { tag, variants, other }, node) => *node = tagged(tag, variants, *other, alternatives(node)),
            _ => {}
        }
    }

    /// The type of map keys of this type, unless any text is accepted.
    fn keys(&self) -> Option<Box<JsonType>> {
        let node = match self {
            Self::Value { of, refuses } if of == "string" => self.node().refusing(refuses),
            _ => self.node(),
        };
        (!matches!(node, JsonType::Any | JsonType::Text(None))).then(|| Box::new(node))
    }

    /// The JSON type that is known without a JSON schema.
    pub(super) fn node(&self) -> JsonType {
        match self {
            Self::Unknown => JsonType::Any,
            Self::Value { of, .. } => super::json_type_parser::node(of).unwrap_or(JsonType::Any),
            Self::Option(inner) => JsonType::one_of(vec![inner.node(), JsonType::Null]),
            Self::List(inner) => JsonType::List(Box::new(inner.node()), None),
            Self::Map { keys, of } => {
                JsonType::Object(Object { rest: Some(Box::new(of.node())), keys: keys.keys(), ..Object::default() })
            }
            Self::Tuple(places) => JsonType::Tuple(places.iter().map(Self::node).collect()),
            Self::Struct { fields, .. } => object(fields),
            Self::Enum { variants, other } => {
                let variant = |Variant { name, content, .. }: &Variant| match content {
                    Self::Value { of, .. } if of == "null" => JsonType::Constant(quoted(name)),
                    content => JsonType::Object(Object { closed: true, ..one(name, content.node()) }),
                };
                JsonType::one_of(variants.iter().map(variant).chain(other.then_some(JsonType::Other)).collect())
            }
            Self::Tagged { tag, variants, other } => {
                let variant = |(name, _): &(String, _)| JsonType::Object(one(tag, JsonType::Constant(quoted(name))));
                JsonType::one_of(variants.iter().map(variant).chain(other.then_some(JsonType::Other)).collect())
            }
        }
    }
}

/// Adds what is asked for if `node` is a plain value.
fn value(of: &str, refuses: &[String], node: &mut JsonType) {
    let asked = super::json_type_parser::node(of).unwrap_or(JsonType::Any);
    let is_other = |node: &JsonType| matches!((asked.kind(), node.kind()), (Some(asked), Some(kind)) if asked != kind);
    let others = match &*node {
        JsonType::OneOf(nodes) => !nodes.is_empty() && nodes.iter().all(is_other),
        node => is_other(node),
    };
    // The `Deserialize` is right where the schema, which may be written by hand, disagrees.
    if others && of != "string(bytes)" {
        *node = asked;
    }
    // A format or another keyword already restricts the value.
    if matches!(node, JsonType::Text(None) | JsonType::Integer { .. }) {
        let held: Vec<_> = refuses.iter().filter(|json| node.may_hold(json)).cloned().collect();
        *node = node.clone().refusing(&held);
    }
}

/// Adds the type of the keys of a map.
fn map(keys: &TracedType, object: &mut Object) {
    // An object with a key for each variant is a map whose keys are an enum.
    let is_of_variants = matches!(keys, TracedType::Enum { .. }) && object.rest.is_none();
    if is_of_variants && let Some((_, held)) = object.fields.pop_first() {
        *object = Object { rest: Some(Box::new(held.node)), ..Object::default() };
    }
    if object.rest.is_some() && !matches!(object.keys.as_deref(), Some(JsonType::With(..))) {
        object.keys = keys.keys();
    }
}

/// Adds the aliases of the keys of an object, and whether each key is required.
fn structure(fields: &[Field], object: &mut Object) {
    let names: Vec<_> = fields.iter().map(|field| field.name.as_str()).collect();
    let is_known = |name: &str| object.fields.contains_key(name);
    let aliases = aliases(&names, is_known, |at| fields.get(at).and_then(|field| field.is_next));
    for Field { name, required, .. } in fields {
        if let Some(property) = object.fields.get_mut(name) {
            property.optional = required.map_or(property.optional, |required| !required);
        }
    }
    for (alias, name) in aliases {
        if let Some(property) = object.fields.get_mut(&name) {
            property.aliases.push(alias);
            property.aliases.sort();
        }
    }
}

/// The alternatives of an enum in `nodes`, and those that are read under an alias.
fn enumeration(variants: &[Variant], other: bool, mut nodes: Vec<JsonType>) -> JsonType {
    let names: Vec<_> = variants.iter().map(|variant| variant.name.as_str()).collect();
    let is_called = |node: &JsonType, name: &str| match node {
        JsonType::Constant(json) => *json == quoted(name),
        JsonType::Object(object) => object.fields.len() == 1 && object.fields.contains_key(name),
        _ => false,
    };
    let also = |node: &JsonType, alias: &str| match node {
        JsonType::Object(object) => {
            let fields = object.fields.values().map(|property| (alias.to_owned(), property.clone()));
            JsonType::Object(Object { fields: fields.collect(), ..object.clone() })
        }
        _ => JsonType::Constant(quoted(alias)),
    };
    let is_next = |at: usize| match (variants[at].number, variants[at + 1].number) {
        (Some(one), Some(other)) => Some(one == other),
        _ => (variants[at].content != variants[at + 1].content).then_some(false),
    };
    more(&mut nodes, &names, other, is_next, is_called, also);
    JsonType::one_of(nodes)
}

/// The alternatives of a tagged enum in `nodes`, and those that are read under an alias.
fn tagged(tag: &str, variants: &[(String, Option<String>)], other: bool, mut nodes: Vec<JsonType>) -> JsonType {
    let names: Vec<_> = variants.iter().map(|(name, _)| name.as_str()).collect();
    let is_called = |node: &JsonType, name: &str| {
        matches!(node, JsonType::Object(object)
                if object.fields.get(tag).is_some_and(|held| held.node == JsonType::Constant(quoted(name))))
    };
    let also = |node: &JsonType, alias: &str| {
        let mut node = node.clone();
        if let JsonType::Object(object) = &mut node
            && let Some(held) = object.fields.get_mut(tag)
        {
            held.node = JsonType::Constant(quoted(alias));
        }
        node
    };
    let is_next = |at: usize| match (&variants[at].1, &variants[at + 1].1) {
        (Some(one), Some(other)) if one != other => Some(false),
        (Some(one), Some(_)) if one.starts_with('#') => Some(true),
        _ => None,
    };
    more(&mut nodes, &names, other, is_next, is_called, also);
    JsonType::one_of(nodes)
}

fn object(fields: &[Field]) -> JsonType {
    let property = |field: &Field| Property {
        node: field.traced.node(),
        optional: field.required.map_or(matches!(field.traced, TracedType::Option(_)), |required| !required),
        aliases: Vec::new(),
    };
    let fields = fields.iter().map(|field| (field.name.clone(), property(field))).collect();
    JsonType::Object(Object { fields, ..Object::default() })
}

fn one(key: &str, node: JsonType) -> Object {
    let property = Property { node, optional: false, aliases: Vec::new() };
    Object { fields: [(key.to_owned(), property)].into(), ..Object::default() }
}

fn quoted(name: &str) -> String {
    serde_json::Value::from(name).to_string()
}

fn alternatives(node: &mut JsonType) -> Vec<JsonType> {
    match std::mem::replace(node, JsonType::Any) {
        JsonType::OneOf(nodes) => nodes,
        only => vec![only],
    }
}
