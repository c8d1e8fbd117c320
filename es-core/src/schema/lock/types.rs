//! Compares the deep schemas of the types inside payloads.

use std::collections::BTreeSet;

use super::{
    advice,
    compare::{Bodies, Broken, Difference, Use},
    contents::{Contents, Entry, Layout},
};

/// Adds to `difference` what `current` sees in the types that are locked. Only a lock that was written with deep
/// schemas is compared, and only by a program that sees them: turning them on in one crate breaks no other.
pub(super) fn compare(locked: &Contents, current: &Contents, difference: &mut Difference) {
    if locked.types.is_empty() || !cfg!(feature = "schema") {
        return;
    }
    for (name, before) in &locked.types {
        let after = current.types.get(name).cloned().unwrap_or_default();
        if has_more_alternatives(before, &after) {
            difference.news.push(format!("type `{name}` has more alternatives than before"));
        } else if *before != after {
            let used_by = uses(name, current);
            difference.broken.push(Broken::Type { name: name.clone(), before: before.clone(), after, used_by });
        }
    }
    let new = current.types.keys().filter(|name| !locked.types.contains_key(*name));
    difference.news.extend(new.map(|name| format!("type `{name}`")));
}

/// Whether `after` is an enum like `before` with variants besides: what is stored reads as it did.
fn has_more_alternatives(before: &Bodies, after: &Bodies) -> bool {
    let (Some(before), Some(after)) = (only(before), only(after)) else { return false };
    let alternative = |line: &String| line.strip_prefix("| ").map(str::to_owned);
    let Some(after) = after.iter().map(alternative).collect::<Option<BTreeSet<_>>>() else { return false };
    let before: BTreeSet<_> = before.iter().map(|line| alternative(line).unwrap_or_else(|| line.clone())).collect();
    before.len() < after.len() && before.is_subset(&after)
}

fn only(bodies: &Bodies) -> Option<&Vec<String>> {
    bodies.first().filter(|_| bodies.len() == 1)
}

/// The contents that are to be written in place of `locked`: those of a program that sees no deep schemas keep the ones
/// that are there.
pub(super) fn keep(locked: &Contents, mut current: Contents) -> Contents {
    if !cfg!(feature = "schema") {
        current.types.clone_from(&locked.types);
    }
    current
}

/// The fields through which `name` is stored today.
fn uses(name: &str, current: &Contents) -> Vec<Use> {
    let names = holders(name, current);
    let mut uses = Vec::new();
    for (event, history) in &current.events {
        let newest = history.newest();
        let Some(layout) = history.layouts.get(&newest) else { continue };
        let holds =
            |(_, entry): &(String, &Entry)| entry.with.is_none() && words(&entry.ty).any(|word| names.contains(word));
        uses.extend(fields(layout).into_iter().filter(holds).map(|(field, entry)| Use {
            event: event.clone(),
            newest,
            serde: advice::serde_of(entry, field.starts_with("..")),
            field,
            from: old(&entry.ty, &names),
        }));
    }
    uses
}

/// `ty` with `Old` before each of `names`.
fn old(ty: &str, names: &BTreeSet<String>) -> String {
    let mut old = String::new();
    let mut rest = ty;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|letter| is_of_word(letter) != is_of_word(first)).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        if names.contains(word) {
            old.push_str("Old");
        }
        old.push_str(word);
        rest = behind;
    }
    old
}

/// `name`, and every type that holds it.
fn holders(name: &str, current: &Contents) -> BTreeSet<String> {
    let mut names = BTreeSet::from([name.to_owned()]);
    loop {
        let holds = |body: &Vec<String>| body.iter().flat_map(|line| words(line)).any(|word| names.contains(word));
        let holders = current.types.iter().filter(|(_, bodies)| bodies.iter().any(holds));
        let more: Vec<_> = holders.map(|(holder, _)| holder.clone()).filter(|holder| !names.contains(holder)).collect();
        if more.is_empty() {
            return names;
        }
        names.extend(more);
    }
}

fn fields(layout: &Layout) -> Vec<(String, &Entry)> {
    match layout {
        Layout::Named(named) => {
            let keyed = named.keyed.iter().map(|(key, entry)| (key.clone(), entry));
            keyed.chain(named.flattened.iter().map(|entry| (format!("..{}", entry.ty), entry))).collect()
        }
        Layout::Tuple(entries) => entries.iter().enumerate().map(|(place, entry)| (place.to_string(), entry)).collect(),
        Layout::Newtype(entry) => vec![("0".to_owned(), entry)],
        Layout::As(_) | Layout::Unit | Layout::NotDescribed => Vec::new(),
    }
}

/// The words of a type or of a line.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter| !is_of_word(letter)).filter(|word| !word.is_empty())
}

fn is_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// The types in the text of a type that are not the standard library's.
pub(super) fn own(ty: &str) -> impl Iterator<Item = &str> {
    words(ty).filter(|word| word.starts_with(char::is_uppercase) && !STANDARD.contains(word))
}

/// Types of the standard library, which nobody of ours changes.
const STANDARD: [&str; 25] = [
    "Arc",
    "BTreeMap",
    "BTreeSet",
    "BinaryHeap",
    "Box",
    "Cow",
    "Duration",
    "HashMap",
    "HashSet",
    "IpAddr",
    "Ipv4Addr",
    "Ipv6Addr",
    "LinkedList",
    "NonZero",
    "NonZeroU32",
    "NonZeroU64",
    "Option",
    "PathBuf",
    "PhantomData",
    "Rc",
    "Result",
    "String",
    "SystemTime",
    "Vec",
    "VecDeque",
];
