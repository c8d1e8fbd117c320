//! Decides whether one type reads every value that another could write, with the same meaning.

mod alternatives;

use alternatives::{DEPTH, alternatives_of, keeps_names, overlap};

use super::json_type::{Definitions, JsonType, Object, Property, RootType};

/// Whether `new` reads every value that `old` could write, with the same meaning.
pub(super) fn reads(new: &RootType, old: &RootType) -> bool {
    Comparison::of(old, new).reads(&old.node, &new.node)
}

/// Whether `old`, the release before, can read every value that `new` writes. It may skip keys that it does not know, and its own
/// aliases do not count.
pub(super) fn is_read_before(new: &RootType, old: &RootType) -> bool {
    Comparison { lenient: true, ..Comparison::of(new, old) }.reads(&new.node, &old.node)
}

/// Whether both accept the same values, whatever the names of their definitions.
pub(super) fn same(one: &RootType, other: &RootType) -> bool {
    Comparison::of(one, other).same(&one.node, &other.node)
}

/// A comparison of two types, each with its own definitions.
struct Comparison<'a> {
    old: &'a Definitions,
    new: &'a Definitions,
    /// The pairs that are being compared. A recursive type is readable if the rest of it is.
    in_progress: Vec<(&'a str, JsonType)>,
    /// Whether unknown keys may be skipped.
    lenient: bool,
}

impl<'a> Comparison<'a> {
    fn of(old: &'a RootType, new: &'a RootType) -> Self {
        Self { old: &old.definitions, new: &new.definitions, in_progress: Vec::new(), lenient: false }
    }

    fn reads(&mut self, old: &'a JsonType, new: &'a JsonType) -> bool {
        if let JsonType::Named(name) = old
            && let Some(definition) = self.old.get(name)
        {
            return self.in_progress(name, new, |comparison| comparison.reads(definition, new));
        }
        if let JsonType::Named(name) = new
            && let Some(definition) = self.new.get(name)
        {
            return self.reads(old, definition);
        }
        let (old, new) = (old.variant().0, new.variant().0);
        let (given, refused_before) = JsonType::refusals(old);
        let (taken, refused) = JsonType::refusals(new);
        if !refused.is_empty() || !refused_before.is_empty() {
            let is_written = |json: &String| !refused_before.contains(json) && given.may_hold(json);
            return !refused.iter().any(is_written) && self.reads(given, taken);
        }
        match (old, new) {
            (JsonType::OneOf(several), JsonType::OneOf(wanted)) => {
                let mut alternatives = alternatives_of(several, self.old);
                // No value is written under an alias.
                alternatives.retain(|node| !self.lenient || node.variant().1.is_none());
                let keeps_names = keeps_names(&alternatives, &alternatives_of(wanted, self.new));
                keeps_names
                    && (0..alternatives.len()).all(|at| {
                        // An earlier alternative may have read the value before.
                        let reader = (0..at).find(|&before| {
                            overlap((alternatives[at], self.old), (alternatives[before], self.old), DEPTH)
                        });
                        let stored = alternatives[reader.unwrap_or(at)];
                        self.one_reads(alternatives[at], stored, new)
                    })
            }
            (JsonType::OneOf(several), _) => several.iter().all(|old| self.reads(old, new)),
            (_, JsonType::OneOf(_)) => self.one_reads(old, old, new),
            // A value of any type holds no number of more than 64 bits.
            (JsonType::Integer { min, max }, JsonType::Any) => {
                i64::try_from(*min).is_ok() && u64::try_from(*max).is_ok()
            }
            (_, JsonType::Any)
            | (JsonType::Null, JsonType::Null)
            | (JsonType::Boolean, JsonType::Boolean)
            | (JsonType::Other, JsonType::Other)
            | (JsonType::Text(_), JsonType::Text(None)) => true,
            (JsonType::Integer { min: least, max: most }, JsonType::Integer { min, max }) => {
                min <= least && most <= max
            }
            (JsonType::Integer { min, max }, JsonType::Float(bits)) => {
                let exact = if *bits == 32 { 1_u128 << 24 } else { 1 << 53 };
                min.unsigned_abs() <= exact && *max <= exact
            }
            (JsonType::Float(old), JsonType::Float(new)) => old <= new,
            (JsonType::Text(old), JsonType::Text(new)) => {
                let is_address =
                    |format: &Option<String>, of: &[&str]| format.as_deref().is_some_and(|it| of.contains(&it));
                old == new || is_address(new, &["ip"]) && is_address(old, &["ipv4", "ipv6"])
            }
            // Types that are known by name only are compared by name.
            (JsonType::Constant(old), JsonType::Constant(new)) | (JsonType::Named(old), JsonType::Named(new)) => {
                old == new
            }
            (JsonType::Constant(json), JsonType::Text(None)) => json.starts_with('"'),
            (JsonType::Constant(json), JsonType::Boolean) => matches!(json.as_str(), "true" | "false"),
            (JsonType::Constant(json), JsonType::Integer { .. }) => new.may_hold(json),
            (JsonType::List(old, length), JsonType::List(new, wanted)) => {
                (wanted.is_none() || wanted == length) && (*length == Some(0) || self.reads(old, new))
            }
            (JsonType::List(old, Some(length)), JsonType::Tuple(new)) => {
                usize::try_from(*length).is_ok_and(|length| length == new.len())
                    && new.iter().all(|new| self.reads(old, new))
            }
            (JsonType::Tuple(old), JsonType::List(new, wanted)) => {
                wanted.is_none_or(|wanted| usize::try_from(wanted).is_ok_and(|wanted| wanted == old.len()))
                    && old.iter().all(|old| self.reads(old, new))
            }
            (JsonType::Tuple(old), JsonType::Tuple(new)) => {
                old.len() == new.len() && old.iter().zip(new).all(|(old, new)| self.reads(old, new))
            }
            (JsonType::Object(old), JsonType::Object(new)) => self.object(old, new),
            (JsonType::With(old, before), JsonType::With(new, after)) => before == after && self.reads(old, new),
            (JsonType::With(old, _), new) => self.reads(old, new),
            (JsonType::Unseen(old), JsonType::Unseen(new)) => self.reads(old, new),
            _ => false,
        }
    }

    /// Whether the alternative of `new` that accepts a value of `written` reads `old`.
    fn one_reads(&mut self, written: &'a JsonType, old: &'a JsonType, new: &'a JsonType) -> bool {
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
                    // A value under an alias would be missing, not skipped.
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
                    (None, Some(keys)) => matches!(resolved(keys, self.new), JsonType::Any | JsonType::Text(None)),
                    (Some(old), Some(new)) => self.reads(old, new),
                };
                keys && came.next().is_none() && self.reads(rest, wanted)
            }
            (Some(_), None) => self.lenient && !new.closed && came.all(|(_, property)| property.optional),
            (None, _) => came.all(|(_, property)| property.optional),
        }
    }

    fn same(&mut self, one: &'a JsonType, other: &'a JsonType) -> bool {
        match (one, other) {
            (JsonType::Named(name), _) if self.old.contains_key(name) => {
                let definition = &self.old[name];
                self.in_progress(name, other, |comparison| comparison.same(definition, other))
            }
            (_, JsonType::Named(name)) if self.new.contains_key(name) => self.same(one, &self.new[name]),
            (JsonType::List(one, length), JsonType::List(other, wanted)) => length == wanted && self.same(one, other),
            (JsonType::Tuple(one), JsonType::Tuple(other)) | (JsonType::OneOf(one), JsonType::OneOf(other)) => {
                one.len() == other.len() && one.iter().zip(other).all(|(one, other)| self.same(one, other))
            }
            (JsonType::With(one, before), JsonType::With(other, after)) => before == after && self.same(one, other),
            (JsonType::Unseen(one), JsonType::Unseen(other)) => self.same(one, other),
            (JsonType::Object(one), JsonType::Object(other)) => {
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

    fn in_progress(&mut self, name: &'a str, other: &JsonType, run: impl FnOnce(&mut Self) -> bool) -> bool {
        if self.in_progress.iter().any(|(before, node)| *before == name && node == other) {
            return true;
        }
        self.in_progress.push((name, other.clone()));
        let result = run(self);
        self.in_progress.pop();
        result
    }
}

/// The field that reads `key`.
fn field<'a>(object: &'a Object, key: &str) -> Option<(&'a str, &'a Property)> {
    let found = object.fields.get_key_value(key);
    let found =
        found.or_else(|| object.fields.iter().find(|(_, property)| property.aliases.iter().any(|alias| alias == key)));
    found.map(|(name, property)| (name.as_str(), property))
}

/// Whether the type `keys` accepts the key `key`.
fn is_key(key: &str, keys: &JsonType, definitions: &Definitions) -> bool {
    match keys {
        JsonType::Any | JsonType::Text(None) => true,
        JsonType::Constant(json) => serde_json::from_str::<String>(json).is_ok_and(|constant| constant == key),
        JsonType::OneOf(several) => several.iter().any(|keys| is_key(key, resolved(keys, definitions), definitions)),
        JsonType::Integer { .. } => keys.may_hold(key),
        _ => false,
    }
}

/// The definition of `node`, if it is a name; otherwise `node`.
fn resolved<'a>(node: &'a JsonType, definitions: &'a Definitions) -> &'a JsonType {
    let mut node = node;
    for _ in 0..definitions.len() {
        match node {
            JsonType::Named(name) => match definitions.get(name) {
                Some(definition) => node = definition,
                None => break,
            },
            _ => break,
        }
    }
    node
}
