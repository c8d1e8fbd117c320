//! Finds the aliases among the names that a `Deserialize` reads.

use crate::lock::json_type::JsonType;

/// Adds to `nodes` the alternatives that are read under an alias, and the one for unknown names.
pub(super) fn more(
    nodes: &mut Vec<JsonType>,
    names: &[&str],
    other: bool,
    is_next: impl Fn(usize) -> Option<bool>,
    is_called: impl Fn(&JsonType, &str) -> bool,
    also: impl Fn(&JsonType, &str) -> JsonType,
) {
    let aliases = aliases(names, |name| nodes.iter().any(|node| is_called(node, name)), is_next);
    for (alias, name) in aliases {
        if let Some(node) = nodes.iter().find(|node| is_called(node, &name)) {
            nodes.push(also(node, &alias).alias_of(&name));
        }
    }
    if other {
        nodes.push(JsonType::Other);
    }
}

/// The unknown names of `names`, each with the known name that it is an alias of. serde lists each name together with its
/// aliases, sorted. Where an alias could belong to two names, `is_next` may know whether a name and the next one belong
/// together.
pub(super) fn aliases(
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
