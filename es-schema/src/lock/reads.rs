//! Whether what one shape could write is read by another with the same meaning.

use std::collections::BTreeMap;

use super::node::{Definitions, Node, Object, Property, Root};

/// Whether everything that `old` could write is read by `new` as it was.
pub(super) fn reads(new: &Root, old: &Root) -> bool {
    Pair::of(old, new).reads(&old.node, &new.node)
}

/// Whether everything that `new` writes can be read by `old`, the release before: it passes over keys that it does not
/// know, and its own aliases are no matter.
pub(super) fn is_read_before(new: &Root, old: &Root) -> bool {
    Pair { lenient: true, ..Pair::of(new, old) }.reads(&new.node, &old.node)
}

/// Whether both accept the same, whatever their definitions are called.
pub(super) fn same(one: &Root, other: &Root) -> bool {
    Pair::of(one, other).same(&one.node, &other.node)
}

/// Two nodes under way down two trees of definitions.
struct Pair<'a> {
    old: &'a Definitions,
    new: &'a Definitions,
    /// The pairs that are being compared: a type that holds itself is readable when the rest of it is.
    under_way: Vec<(&'a str, Node)>,
    /// Whether keys may be passed over.
    lenient: bool,
}

/// How deep two alternatives are told apart: beyond, they count as overlapping.
const DEPTH: usize = 3;

impl<'a> Pair<'a> {
    fn of(old: &'a Root, new: &'a Root) -> Self {
        Self { old: &old.definitions, new: &new.definitions, under_way: Vec::new(), lenient: false }
    }

    fn reads(&mut self, old: &'a Node, new: &'a Node) -> bool {
        if let Node::Named(name) = old
            && let Some(definition) = self.old.get(name)
        {
            return self.under_way(name, new, |pair| pair.reads(definition, new));
        }
        if let Node::Named(name) = new
            && let Some(definition) = self.new.get(name)
        {
            return self.reads(old, definition);
        }
        let (old, new) = (old.variant().0, new.variant().0);
        let (given, refused_before) = Node::refusals(old);
        let (taken, refused) = Node::refusals(new);
        if !refused.is_empty() || !refused_before.is_empty() {
            let is_written = |json: &String| !refused_before.contains(json) && given.may_hold(json);
            return !refused.iter().any(is_written) && self.reads(given, taken);
        }
        match (old, new) {
            (Node::OneOf(several), Node::OneOf(wanted)) => {
                let mut alternatives = alternatives_of(several, self.old);
                // nothing is written under an alias
                alternatives.retain(|node| !self.lenient || node.variant().1.is_none());
                let keeps_names = keeps_names(&alternatives, &alternatives_of(wanted, self.new));
                keeps_names
                    && (0..alternatives.len()).all(|at| {
                        // who read it before: an earlier alternative may have taken it
                        let reader = (0..at).find(|&before| {
                            overlap((alternatives[at], self.old), (alternatives[before], self.old), DEPTH)
                        });
                        let stored = alternatives[reader.unwrap_or(at)];
                        self.one_reads(alternatives[at], stored, new)
                    })
            }
            (Node::OneOf(several), _) => several.iter().all(|old| self.reads(old, new)),
            (_, Node::OneOf(_)) => self.one_reads(old, old, new),
            // a value of any type holds no number that is longer than 64 bits
            (Node::Integer { min, max }, Node::Any) => i64::try_from(*min).is_ok() && u64::try_from(*max).is_ok(),
            (_, Node::Any)
            | (Node::Null, Node::Null)
            | (Node::Boolean, Node::Boolean)
            | (Node::Other, Node::Other)
            | (Node::Text(_), Node::Text(None)) => true,
            (Node::Integer { min: least, max: most }, Node::Integer { min, max }) => min <= least && most <= max,
            (Node::Integer { min, max }, Node::Float(bits)) => {
                let exact = if *bits == 32 { 1_u128 << 24 } else { 1 << 53 };
                min.unsigned_abs() <= exact && *max <= exact
            }
            (Node::Float(old), Node::Float(new)) => old <= new,
            (Node::Text(old), Node::Text(new)) => {
                let is_address =
                    |format: &Option<String>, of: &[&str]| format.as_deref().is_some_and(|it| of.contains(&it));
                old == new || is_address(new, &["ip"]) && is_address(old, &["ipv4", "ipv6"])
            }
            // a name in place of a type: as it is written
            (Node::Constant(old), Node::Constant(new)) | (Node::Named(old), Node::Named(new)) => old == new,
            (Node::Constant(json), Node::Text(None)) => json.starts_with('"'),
            (Node::Constant(json), Node::Boolean) => matches!(json.as_str(), "true" | "false"),
            (Node::Constant(json), Node::Integer { .. }) => new.may_hold(json),
            (Node::List(old, length), Node::List(new, wanted)) => {
                (wanted.is_none() || wanted == length) && (*length == Some(0) || self.reads(old, new))
            }
            (Node::List(old, Some(length)), Node::Tuple(new)) => {
                usize::try_from(*length).is_ok_and(|length| length == new.len())
                    && new.iter().all(|new| self.reads(old, new))
            }
            (Node::Tuple(old), Node::List(new, wanted)) => {
                wanted.is_none_or(|wanted| usize::try_from(wanted).is_ok_and(|wanted| wanted == old.len()))
                    && old.iter().all(|old| self.reads(old, new))
            }
            (Node::Tuple(old), Node::Tuple(new)) => {
                old.len() == new.len() && old.iter().zip(new).all(|(old, new)| self.reads(old, new))
            }
            (Node::Object(old), Node::Object(new)) => self.object(old, new),
            (Node::With(old, before), Node::With(new, after)) => before == after && self.reads(old, new),
            (Node::With(old, _), new) => self.reads(old, new),
            (Node::Unseen(old), Node::Unseen(new)) => self.reads(old, new),
            _ => false,
        }
    }

    /// Whether the alternative of `new` that takes what `written` wrote reads `old`.
    fn one_reads(&mut self, written: &'a Node, old: &'a Node, new: &'a Node) -> bool {
        let alternatives = alternatives_of(std::slice::from_ref(new), self.new);
        let taker = alternatives.into_iter().find(|new| overlap((written, self.old), (new, self.new), DEPTH));
        taker.is_some_and(|taker| self.reads(old, taker))
    }

    fn object(&mut self, old: &'a Object, new: &'a Object) -> bool {
        if new.closed && !old.closed && !self.lenient {
            return false;
        }
        let mut taken: Vec<&str> = Vec::new();
        for (key, before) in &old.fields {
            match field(new, key) {
                Some((name, after)) => {
                    let keeps_aliases =
                        before.aliases.iter().all(|alias| field(new, alias).is_some_and(|(held, _)| held == name));
                    let is_there = after.optional || !before.optional;
                    if taken.contains(&name)
                        || !(keeps_aliases || self.lenient)
                        || !is_there
                        || !self.reads(&before.node, &after.node)
                    {
                        return false;
                    }
                    taken.push(name);
                }
                None => match &new.rest {
                    Some(rest) if before.aliases.is_empty() => {
                        let is_key =
                            new.keys.as_deref().is_none_or(|keys| is_key(key, resolved(keys, self.new), self.new));
                        if !is_key || !self.reads(&before.node, rest) {
                            return false;
                        }
                    }
                    // under its key of before the value is missed, not passed over
                    _ if self.lenient && !new.closed => {
                        if before.aliases.iter().any(|alias| field(new, alias).is_some()) {
                            return false;
                        }
                    }
                    _ => return false,
                },
            }
        }
        let mut came = new.fields.iter().filter(|(key, _)| !taken.contains(&key.as_str()));
        match (&old.rest, &new.rest) {
            (Some(rest), Some(wanted)) => {
                let keys = match (old.keys.as_deref(), new.keys.as_deref()) {
                    (_, None) => true,
                    (None, Some(keys)) => matches!(resolved(keys, self.new), Node::Any | Node::Text(None)),
                    (Some(old), Some(new)) => self.reads(old, new),
                };
                keys && came.next().is_none() && self.reads(rest, wanted)
            }
            (Some(_), None) => self.lenient && !new.closed && came.all(|(_, property)| property.optional),
            (None, _) => came.all(|(_, property)| property.optional),
        }
    }

    fn same(&mut self, one: &'a Node, other: &'a Node) -> bool {
        match (one, other) {
            (Node::Named(name), _) if self.old.contains_key(name) => {
                let definition = &self.old[name];
                self.under_way(name, other, |pair| pair.same(definition, other))
            }
            (_, Node::Named(name)) if self.new.contains_key(name) => self.same(one, &self.new[name]),
            (Node::List(one, length), Node::List(other, wanted)) => length == wanted && self.same(one, other),
            (Node::Tuple(one), Node::Tuple(other)) | (Node::OneOf(one), Node::OneOf(other)) => {
                one.len() == other.len() && one.iter().zip(other).all(|(one, other)| self.same(one, other))
            }
            (Node::With(one, before), Node::With(other, after)) => before == after && self.same(one, other),
            (Node::Unseen(one), Node::Unseen(other)) => self.same(one, other),
            (Node::Object(one), Node::Object(other)) => {
                let rests = match (&one.rest, &other.rest) {
                    (Some(one), Some(other)) => self.same(one, other),
                    (one, other) => one.is_none() && other.is_none(),
                };
                let keys = match (&one.keys, &other.keys) {
                    (Some(one), Some(other)) => self.same(one, other),
                    (one, other) => one.is_none() && other.is_none(),
                };
                rests
                    && keys
                    && one.closed == other.closed
                    && one.fields.len() == other.fields.len()
                    && one.fields.iter().zip(&other.fields).all(|((key, one), (name, other))| {
                        key == name
                            && one.optional == other.optional
                            && one.aliases == other.aliases
                            && self.same(&one.node, &other.node)
                    })
            }
            _ => one == other,
        }
    }

    fn under_way(&mut self, name: &'a str, other: &Node, run: impl FnOnce(&mut Self) -> bool) -> bool {
        if self.under_way.iter().any(|(before, node)| *before == name && node == other) {
            return true;
        }
        self.under_way.push((name, other.clone()));
        let result = run(self);
        self.under_way.pop();
        result
    }
}

/// Whether each name in `old` is read in `new` as what the variant is that it stands for.
fn keeps_names(old: &[&Node], new: &[&Node]) -> bool {
    let names = |nodes: &[&Node]| -> BTreeMap<String, String> {
        let name = |node: &&Node| {
            let called = node.called()?;
            Some((called.clone(), node.variant().1.unwrap_or(called)))
        };
        nodes.iter().filter_map(name).collect()
    };
    let (old, new) = (names(old), names(new));
    old.iter().all(|(name, variant)| match (new.get(name), new.get(variant)) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    })
}

/// The alternatives in `nodes`, also those behind names.
fn alternatives_of<'a>(nodes: &'a [Node], definitions: &'a Definitions) -> Vec<&'a Node> {
    let mut alternatives = Vec::new();
    for node in nodes {
        match resolved(node, definitions) {
            Node::OneOf(inner) => alternatives.extend(alternatives_of(inner, definitions)),
            _ => alternatives.push(node),
        }
    }
    alternatives
}

/// Whether some value of the first could be taken for one of the second.
fn overlap((one, of_one): (&Node, &Definitions), (other, of_other): (&Node, &Definitions), depth: usize) -> bool {
    if depth == 0 {
        return true;
    }
    let (one, other) = (resolved(one, of_one), resolved(other, of_other));
    match (one, other) {
        (Node::OneOf(nodes), _) => nodes.iter().any(|one| overlap((one, of_one), (other, of_other), depth - 1)),
        (_, Node::OneOf(nodes)) => nodes.iter().any(|other| overlap((one, of_one), (other, of_other), depth - 1)),
        (Node::Other, _) | (_, Node::Other) => one == other,
        (Node::With(one, _), _) => overlap((one, of_one), (other, of_other), depth),
        (_, Node::With(other, _)) => overlap((one, of_one), (other, of_other), depth),
        (Node::Constant(one), Node::Constant(other)) | (Node::Named(one), Node::Named(other)) => one == other,
        (Node::Object(written), Node::Object(reader)) => {
            let lacks = |(key, property): (&String, &Property)| {
                !property.optional
                    && written.rest.is_none()
                    && !written.fields.contains_key(key)
                    && !property.aliases.iter().any(|alias| written.fields.contains_key(alias))
            };
            let differs = |(key, property): (&String, &Property)| {
                written.fields.get(key).is_some_and(|held| {
                    !held.optional && !overlap((&held.node, of_one), (&property.node, of_other), depth - 1)
                })
            };
            let refused = |(key, property): (&String, &Property)| {
                !property.optional && reader.closed && field(reader, key).is_none()
            };
            !reader.fields.iter().any(lacks)
                && !reader.fields.iter().any(differs)
                && !written.fields.iter().any(refused)
        }
        _ => match (one.kind(), other.kind()) {
            (Some(one), Some(other)) => one == other,
            _ => true,
        },
    }
}

/// The field that reads `key`.
fn field<'a>(object: &'a Object, key: &str) -> Option<(&'a str, &'a Property)> {
    let found = object.fields.get_key_value(key);
    let found =
        found.or_else(|| object.fields.iter().find(|(_, property)| property.aliases.iter().any(|alias| alias == key)));
    found.map(|(name, property)| (name.as_str(), property))
}

/// Whether `keys` can be the key `key`.
fn is_key(key: &str, keys: &Node, definitions: &Definitions) -> bool {
    match keys {
        Node::Any | Node::Text(None) => true,
        Node::Constant(json) => serde_json::from_str::<String>(json).is_ok_and(|constant| constant == key),
        Node::OneOf(several) => several.iter().any(|keys| is_key(key, resolved(keys, definitions), definitions)),
        Node::Integer { .. } => keys.may_hold(key),
        _ => false,
    }
}

/// What `node` says, if it is a name.
fn resolved<'a>(node: &'a Node, definitions: &'a Definitions) -> &'a Node {
    let mut node = node;
    for _ in 0..definitions.len() {
        match node {
            Node::Named(name) => match definitions.get(name) {
                Some(definition) => node = definition,
                None => break,
            },
            _ => break,
        }
    }
    node
}
