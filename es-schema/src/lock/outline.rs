//! What a type's `Deserialize` asks for, seen by asking it: the names it reads, aliases and `serde(other)` among them,
//! of which a JSON schema says nothing.

use super::node::{Definitions, Node, Object, Property};

/// What a type asks for, as far as it can be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Outline {
    /// It cannot be told: the type takes anything and looks later, or it holds itself.
    #[default]
    Unknown,
    /// A value of this name in a [`Node`], and what of it was refused, as JSON.
    Value {
        of: String,
        refuses: Vec<String>,
    },
    Option(Box<Outline>),
    List(Box<Outline>),
    Map {
        keys: Box<Outline>,
        of: Box<Outline>,
    },
    Tuple(Vec<Outline>),
    /// By the keys that are read, in the order in which they are declared, each beside its aliases.
    Struct {
        fields: Vec<Field>,
        /// What it is if the first of two keys tells what stands under the second.
        tagged: Option<Box<Outline>>,
    },
    /// By the names of variants, in that order.
    Enum {
        variants: Vec<Variant>,
        other: bool,
    },
    /// An object that one key tells what it is.
    Tagged {
        tag: String,
        /// Each with the first key that it asks for besides, empty where there is none, if that can be told.
        variants: Vec<(String, Option<String>)>,
        other: bool,
    },
}

/// A name of a variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Variant {
    pub(super) name: String,
    pub(super) content: Outline,
    /// The same for all names of a variant, if that can be told.
    pub(super) number: Option<u64>,
}

/// A key that is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) outline: Outline,
    /// Whether the next one is another name of this, if that can be told.
    pub(super) is_next: Option<bool>,
    /// Whether it has to be there, if that can be told.
    pub(super) required: Option<bool>,
}

impl Outline {
    /// Adds to `node` what its schema does not say.
    pub(super) fn complete(&self, node: &mut Node, definitions: &mut Definitions) {
        self.add(node, definitions, &mut Vec::new());
    }

    fn add(&self, node: &mut Node, definitions: &mut Definitions, done: &mut Vec<String>) {
        match (self, node) {
            (Self::Unknown, _) => {}
            (_, Node::Named(name)) => {
                if !done.contains(name)
                    && let Some(mut definition) = definitions.get(name.as_str()).cloned()
                {
                    done.push(name.clone());
                    self.add(&mut definition, definitions, done);
                    definitions.insert(name.clone(), definition);
                }
            }
            (Self::Value { of, refuses }, node) => value(of, refuses, node),
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
            (Self::List(inner), Node::List(node, _)) => inner.add(node, definitions, done),
            (Self::Map { keys, of }, Node::Object(object)) => {
                map(keys, object);
                if let Some(held) = &mut object.rest {
                    of.add(held, definitions, done);
                }
            }
            (Self::Tuple(places), Node::Tuple(nodes)) => {
                for (place, node) in places.iter().zip(nodes) {
                    place.add(node, definitions, done);
                }
            }
            (Self::Struct { tagged: Some(tagged), .. }, node @ Node::OneOf(_)) => tagged.add(node, definitions, done),
            (Self::Struct { fields, .. }, Node::Object(object)) => {
                for Field { name, outline, .. } in fields {
                    if let Some(property) = object.fields.get_mut(name) {
                        outline.add(&mut property.node, definitions, done);
                    }
                }
                structure(fields, object);
            }
            (Self::Enum { variants, other }, node) => {
                let mut nodes = alternatives(node);
                for Variant { name, content, .. } in variants {
                    for node in &mut nodes {
                        if let Node::Object(object) = node
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

    /// What keys of this are, if they are not just any text.
    fn keys(&self) -> Option<Box<Node>> {
        let node = match self {
            Self::Value { of, refuses } if of == "string" => self.node().refusing(refuses),
            _ => self.node(),
        };
        (!matches!(node, Node::Any | Node::Text(None))).then(|| Box::new(node))
    }

    /// What is known of a type without a JSON schema.
    pub(super) fn node(&self) -> Node {
        match self {
            Self::Unknown => Node::Any,
            Self::Value { of, .. } => super::node_read::node(of).unwrap_or(Node::Any),
            Self::Option(inner) => Node::one_of(vec![inner.node(), Node::Null]),
            Self::List(inner) => Node::List(Box::new(inner.node()), None),
            Self::Map { keys, of } => {
                Node::Object(Object { rest: Some(Box::new(of.node())), keys: keys.keys(), ..Object::default() })
            }
            Self::Tuple(places) => Node::Tuple(places.iter().map(Self::node).collect()),
            Self::Struct { fields, .. } => object(fields),
            Self::Enum { variants, other } => {
                let variant = |Variant { name, content, .. }: &Variant| match content {
                    Self::Value { of, .. } if of == "null" => Node::Constant(quoted(name)),
                    content => Node::Object(Object { closed: true, ..one(name, content.node()) }),
                };
                Node::one_of(variants.iter().map(variant).chain(other.then_some(Node::Other)).collect())
            }
            Self::Tagged { tag, variants, other } => {
                let variant = |(name, _): &(String, _)| Node::Object(one(tag, Node::Constant(quoted(name))));
                Node::one_of(variants.iter().map(variant).chain(other.then_some(Node::Other)).collect())
            }
        }
    }
}

/// Adds what is asked for where `node` is a plain value.
fn value(of: &str, refuses: &[String], node: &mut Node) {
    let asked = super::node_read::node(of).unwrap_or(Node::Any);
    let is_other = |node: &Node| matches!((asked.kind(), node.kind()), (Some(asked), Some(said)) if asked != said);
    let others = match &*node {
        Node::OneOf(nodes) => !nodes.is_empty() && nodes.iter().all(is_other),
        node => is_other(node),
    };
    // who reads it knows better than the words of its schema, which somebody may have written by hand
    if others && of != "string(bytes)" {
        *node = asked;
    }
    // a format, or another word, says enough
    if matches!(node, Node::Text(None) | Node::Integer { .. }) {
        let held: Vec<_> = refuses.iter().filter(|json| node.may_hold(json)).cloned().collect();
        *node = node.clone().refusing(&held);
    }
}

/// Adds what the keys of a map are.
fn map(keys: &Outline, object: &mut Object) {
    // an object with a key for each variant is a map whose keys are an enum
    let is_of_variants = matches!(keys, Outline::Enum { .. }) && object.rest.is_none();
    if is_of_variants && let Some((_, held)) = object.fields.pop_first() {
        *object = Object { rest: Some(Box::new(held.node)), ..Object::default() };
    }
    if object.rest.is_some() && !matches!(object.keys.as_deref(), Some(Node::With(..))) {
        object.keys = keys.keys();
    }
}

/// Adds the aliases of an object's keys, and which of them have to be there.
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

/// The alternatives of an enum in `nodes`, with those that are read under an alias.
fn enumeration(variants: &[Variant], other: bool, mut nodes: Vec<Node>) -> Node {
    let names: Vec<_> = variants.iter().map(|variant| variant.name.as_str()).collect();
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
    let is_next = |at: usize| match (variants[at].number, variants[at + 1].number) {
        (Some(one), Some(other)) => Some(one == other),
        _ => (variants[at].content != variants[at + 1].content).then_some(false),
    };
    more(&mut nodes, &names, other, is_next, is_called, also);
    Node::one_of(nodes)
}

/// The same of an enum that a key tells apart.
fn tagged(tag: &str, variants: &[(String, Option<String>)], other: bool, mut nodes: Vec<Node>) -> Node {
    let names: Vec<_> = variants.iter().map(|(name, _)| name.as_str()).collect();
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
    let is_next = |at: usize| match (&variants[at].1, &variants[at + 1].1) {
        (Some(one), Some(other)) if one != other => Some(false),
        (Some(one), Some(_)) if one.starts_with('#') => Some(true),
        _ => None,
    };
    more(&mut nodes, &names, other, is_next, is_called, also);
    Node::one_of(nodes)
}

fn object(fields: &[Field]) -> Node {
    let property = |field: &Field| Property {
        node: field.outline.node(),
        optional: field.required.map_or(matches!(field.outline, Outline::Option(_)), |required| !required),
        aliases: Vec::new(),
    };
    let fields = fields.iter().map(|field| (field.name.clone(), property(field))).collect();
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
    is_next: impl Fn(usize) -> Option<bool>,
    is_called: impl Fn(&Node, &str) -> bool,
    also: impl Fn(&Node, &str) -> Node,
) {
    let aliases = aliases(names, |name| nodes.iter().any(|node| is_called(node, name)), is_next);
    for (alias, name) in aliases {
        if let Some(node) = nodes.iter().find(|node| is_called(node, &name)) {
            nodes.push(also(node, &alias).alias_of(&name));
        }
    }
    if other {
        nodes.push(Node::Other);
    }
}

/// The names of `names` that are not known, each with the known one that it stands for. serde lists each name together
/// with its aliases, sorted; where two could have the alias, `is_next` may tell whether a name and the next belong
/// together.
fn aliases(
    names: &[&str],
    known: impl Fn(&str) -> bool,
    is_next: impl Fn(usize) -> Option<bool>,
) -> Vec<(String, String)> {
    let mut aliases = Vec::new();
    for (at, alias) in names.iter().enumerate().filter(|(_, name)| !known(name)) {
        let before = (0..at).rev().find(|at| known(names[*at]));
        let behind = (at + 1..names.len()).find(|at| known(names[*at]));
        let before = before
            .map(|other| (other, other..at))
            .filter(|(_, range)| range.clone().all(|at| is_next(at) != Some(false)));
        let behind = behind
            .map(|other| (other, at..other))
            .filter(|(_, range)| range.clone().all(|at| is_next(at) != Some(false)));
        let is_sure = |(_, range): &(usize, std::ops::Range<usize>)| range.clone().all(|at| is_next(at) == Some(true));
        let sorted_before = before.clone().filter(|(other, _)| names[*other] < *alias);
        let sorted_behind = behind.clone().filter(|(other, _)| *alias < names[*other]);
        let sure = before.clone().filter(is_sure).or(behind.clone().filter(is_sure));
        let of = sure.or(sorted_before).or(sorted_behind).or(before).or(behind);
        aliases.extend(of.map(|(of, _)| ((*alias).to_owned(), names[of].to_owned())));
    }
    aliases
}
