//! What a type's `Deserialize` asks for, seen by asking it: the names it reads, aliases and `serde(other)` among them,
//! of which a JSON schema says nothing.

use serde::{Deserialize, Serialize};

use super::node::{Definitions, Node, Object, Property};

/// What a type asks for, as far as it can be told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::schema) enum Outline {
    /// It cannot be told: the type takes anything and looks later, or it holds itself.
    #[default]
    Unknown,
    /// A value of this name in a [`Node`].
    Value(String),
    Option(Box<Outline>),
    List(Box<Outline>),
    Map(Box<Outline>),
    Tuple(Vec<Outline>),
    /// By the keys that are read, in the order in which they are declared, each beside its aliases.
    Struct(Vec<(String, Outline)>),
    /// By the names of variants, in that order.
    Enum {
        variants: Vec<(String, Outline)>,
        other: bool,
    },
    /// An object that one key tells what it is.
    Tagged {
        tag: String,
        variants: Vec<String>,
        other: bool,
    },
}

impl Outline {
    /// Adds to `node` what its schema does not say.
    pub(super) fn complete(&self, node: &mut Node, definitions: &mut Definitions) {
        self.add(node, definitions, &mut Vec::new());
    }

    fn add(&self, node: &mut Node, definitions: &mut Definitions, done: &mut Vec<String>) {
        match (self, node) {
            (Self::Unknown | Self::Value(_), _) => {}
            (_, Node::Named(name)) => {
                if !done.contains(name)
                    && let Some(mut definition) = definitions.get(name.as_str()).cloned()
                {
                    done.push(name.clone());
                    self.add(&mut definition, definitions, done);
                    definitions.insert(name.clone(), definition);
                }
            }
            (_, Node::With(inner, _)) => self.add(inner, definitions, done),
            (Self::Option(inner), Node::OneOf(nodes)) => {
                let count = nodes.len();
                nodes.retain(|node| *node != Node::Null);
                let mut rest = Node::one_of(std::mem::take(nodes));
                let nullable = matches!(&rest, Node::OneOf(rest) if rest.len() == count);
                inner.add(&mut rest, definitions, done);
                *nodes = match rest {
                    Node::OneOf(rest) => rest,
                    rest => vec![rest],
                };
                if !nullable {
                    nodes.push(Node::Null);
                    nodes.sort();
                }
            }
            (Self::List(inner), Node::List(node, _))
            | (Self::Map(inner), Node::Object(Object { rest: Some(node), .. })) => inner.add(node, definitions, done),
            (Self::Tuple(places), Node::Tuple(nodes)) => {
                for (place, node) in places.iter().zip(nodes) {
                    place.add(node, definitions, done);
                }
            }
            (Self::Struct(fields), Node::Object(object)) => {
                let names: Vec<_> = fields.iter().map(|(name, _)| name.as_str()).collect();
                let aliases = aliases(&names, |name| object.fields.contains_key(name));
                for (name, outline) in fields {
                    if let Some(property) = object.fields.get_mut(name) {
                        outline.add(&mut property.node, definitions, done);
                    }
                }
                for (alias, name) in aliases {
                    if let Some(property) = object.fields.get_mut(&name) {
                        property.aliases.push(alias);
                        property.aliases.sort();
                    }
                }
            }
            (Self::Enum { variants, other }, node) => {
                let mut nodes = alternatives(node);
                for (name, content) in variants {
                    for node in &mut nodes {
                        if let Node::Object(object) = node
                            && let Some(property) = object.fields.get_mut(name)
                        {
                            content.add(&mut property.node, definitions, done);
                        }
                    }
                }
                let names: Vec<_> = variants.iter().map(|(name, _)| name.as_str()).collect();
                let is_called = |node: &Node, name: &str| match node {
                    Node::Constant(json) => *json == quoted(name),
                    Node::Object(object) => object.fields.len() == 1 && object.fields.contains_key(name),
                    _ => false,
                };
                let also = |node: &Node, alias: &str| match node {
                    Node::Object(object) => {
                        let fields = object.fields.values().map(|property| (alias.to_owned(), property.clone()));
                        Node::Object(Object { fields: fields.collect(), ..object.clone() })
                    }
                    _ => Node::Constant(quoted(alias)),
                };
                more(&mut nodes, &names, *other, is_called, also);
                *node = Node::one_of(nodes);
            }
            (Self::Tagged { tag, variants, other }, node) => {
                let mut nodes = alternatives(node);
                let names: Vec<_> = variants.iter().map(String::as_str).collect();
                let is_called = |node: &Node, name: &str| {
                    matches!(node, Node::Object(object)
                        if object.fields.get(tag).is_some_and(|held| held.node == Node::Constant(quoted(name))))
                };
                let also = |node: &Node, alias: &str| {
                    let mut node = node.clone();
                    if let Node::Object(object) = &mut node
                        && let Some(held) = object.fields.get_mut(tag)
                    {
                        held.node = Node::Constant(quoted(alias));
                    }
                    node
                };
                more(&mut nodes, &names, *other, is_called, also);
                *node = Node::one_of(nodes);
            }
            _ => {}
        }
    }

    /// What is known of a type without a JSON schema.
    pub(super) fn node(&self) -> Node {
        match self {
            Self::Unknown => Node::Any,
            Self::Value(value) => super::node_read::node(value).unwrap_or(Node::Any),
            Self::Option(inner) => Node::one_of(vec![inner.node(), Node::Null]),
            Self::List(inner) => Node::List(Box::new(inner.node()), None),
            Self::Map(inner) => Node::Object(Object { rest: Some(Box::new(inner.node())), ..Object::default() }),
            Self::Tuple(places) => Node::Tuple(places.iter().map(Self::node).collect()),
            Self::Struct(fields) => object(fields),
            Self::Enum { variants, other } => {
                let variant = |(name, content): &(String, Self)| match content {
                    Self::Value(unit) if unit == "null" => Node::Constant(quoted(name)),
                    content => Node::Object(Object { closed: true, ..one(name, content.node()) }),
                };
                Node::one_of(variants.iter().map(variant).chain(other.then_some(Node::Other)).collect())
            }
            Self::Tagged { tag, variants, other } => {
                let variant = |name: &String| Node::Object(one(tag, Node::Constant(quoted(name))));
                Node::one_of(variants.iter().map(variant).chain(other.then_some(Node::Other)).collect())
            }
        }
    }
}

fn object(fields: &[(String, Outline)]) -> Node {
    let property = |outline: &Outline| Property {
        node: outline.node(),
        optional: matches!(outline, Outline::Option(_)),
        aliases: Vec::new(),
    };
    let fields = fields.iter().map(|(name, outline)| (name.clone(), property(outline))).collect();
    Node::Object(Object { fields, ..Object::default() })
}

fn one(key: &str, node: Node) -> Object {
    let property = Property { node, optional: false, aliases: Vec::new() };
    Object { fields: [(key.to_owned(), property)].into(), ..Object::default() }
}

fn quoted(name: &str) -> String {
    serde_json::Value::from(name).to_string()
}

fn alternatives(node: &mut Node) -> Vec<Node> {
    match std::mem::replace(node, Node::Any) {
        Node::OneOf(nodes) => nodes,
        only => vec![only],
    }
}

/// Adds to the alternatives in `nodes` those that are read under an alias, and the one for all others.
fn more(
    nodes: &mut Vec<Node>,
    names: &[&str],
    other: bool,
    is_called: impl Fn(&Node, &str) -> bool,
    also: impl Fn(&Node, &str) -> Node,
) {
    let aliases = aliases(names, |name| nodes.iter().any(|node| is_called(node, name)));
    for (alias, name) in aliases {
        if let Some(node) = nodes.iter().find(|node| is_called(node, &name)) {
            nodes.push(also(node, &alias));
        }
    }
    if other {
        nodes.push(Node::Other);
    }
}

/// The names of `names` that are not known, each with the known one that it stands for. serde lists each name together
/// with its aliases, sorted.
fn aliases(names: &[&str], known: impl Fn(&str) -> bool) -> Vec<(String, String)> {
    let mut aliases = Vec::new();
    for (at, alias) in names.iter().enumerate().filter(|(_, name)| !known(name)) {
        let before = names[..at].iter().rev().find(|name| known(name));
        let behind = names[at + 1..].iter().find(|name| known(name));
        let sorted_before = before.filter(|before| *before < alias);
        let sorted_behind = behind.filter(|behind| alias < *behind);
        let of = sorted_before.or(sorted_behind).or(before).or(behind);
        aliases.extend(of.map(|of| ((*alias).to_owned(), (*of).to_owned())));
    }
    aliases
}
