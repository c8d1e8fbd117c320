//! Compares the alternatives of enums: which values two of them share, and the names of their variants.

use std::collections::BTreeMap;

use super::{field, resolved};
use crate::lock::json_type::{Definitions, JsonType, Property};

/// The depth up to which two alternatives are told apart. Beyond it they count as overlapping.
pub(super) const DEPTH: usize = 3;

/// Whether `new` reads each variant name in `old` as the variant that it means in `old`.
pub(super) fn keeps_names(old: &[&JsonType], new: &[&JsonType]) -> bool {
    let names = |nodes: &[&JsonType]| -> BTreeMap<String, String> {
        let name = |node: &&JsonType| {
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

/// The alternatives in `nodes`, including those in named definitions.
pub(super) fn alternatives_of<'a>(nodes: &'a [JsonType], definitions: &'a Definitions) -> Vec<&'a JsonType> {
    let mut alternatives = Vec::new();
    for node in nodes {
        match resolved(node, definitions) {
            JsonType::OneOf(inner) => alternatives.extend(alternatives_of(inner, definitions)),
            _ => alternatives.push(node),
        }
    }
    alternatives
}

/// Whether a value of the first type could be accepted by the second.
pub(super) fn overlap(
    (one, of_one): (&JsonType, &Definitions),
    (other, of_other): (&JsonType, &Definitions),
    depth: usize,
) -> bool {
    if depth == 0 {
        return true;
    }
    let (one, other) = (resolved(one, of_one), resolved(other, of_other));
    match (one, other) {
        (JsonType::OneOf(nodes), _) => nodes.iter().any(|one| overlap((one, of_one), (other, of_other), depth - 1)),
        (_, JsonType::OneOf(nodes)) => nodes.iter().any(|other| overlap((one, of_one), (other, of_other), depth - 1)),
        (JsonType::Other, _) | (_, JsonType::Other) => one == other,
        (JsonType::With(one, _), _) => overlap((one, of_one), (other, of_other), depth),
        (_, JsonType::With(other, _)) => overlap((one, of_one), (other, of_other), depth),
        (JsonType::Constant(one), JsonType::Constant(other)) | (JsonType::Named(one), JsonType::Named(other)) => {
            one == other
        }
        (JsonType::Object(written), JsonType::Object(reader)) => {
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
