//! An expression that leads from one type to another, as far as their texts tell.

use super::{compare::plain, written};

/// A function from `from` to `to`.
pub(super) fn convert(from: &str, to: &str) -> String {
    if plain(from) == plain(to) {
        return "::core::convert::identity".to_owned();
    }
    match value("old", from, to) {
        expression if expression == "From::from(old)" => "From::from".to_owned(),
        expression => format!("|old| {expression}"),
    }
}

/// `of`, which is a `from`, as a `to`.
fn value(of: &str, from: &str, to: &str) -> String {
    if plain(from) == plain(to) {
        return of.to_owned();
    }
    let (outer, inner) = written::parts(from);
    let (wanted, parts) = written::parts(to);
    match (outer, inner.as_slice(), wanted, parts.as_slice()) {
        ("Option", [from], "Option", [to]) => format!("{of}.map(|old| {})", value("old", from, to)),
        ("Box", [from], "Box", [to]) => format!("Box::new({})", value(&format!("(*{of})"), from, to)),
        ("Box", [from], ..) => value(&format!("(*{of})"), from, to),
        (_, _, "Box", [to]) => format!("Box::new({})", value(of, from, to)),
        ("HashMap" | "BTreeMap", [key, held, ..], "HashMap" | "BTreeMap", [name, value_of, ..]) => {
            let pair = format!("({}, {})", value("key", key, name), value("old", held, value_of));
            match pair.as_str() {
                "(key, old)" => format!("{of}.into_iter().collect()"),
                pair => format!("{of}.into_iter().map(|(key, old)| {pair}).collect()"),
            }
        }
        (one, [from, ..], other, [to, ..]) if SEQUENCES.contains(&one) && SEQUENCES.contains(&other) => {
            match value("old", from, to).as_str() {
                "old" => format!("{of}.into_iter().collect()"),
                value => format!("{of}.into_iter().map(|old| {value}).collect()"),
            }
        }
        _ => format!("From::from({})", of.strip_prefix('(').and_then(|of| of.strip_suffix(')')).unwrap_or(of)),
    }
}

/// What is made of its elements.
const SEQUENCES: [&str; 6] = ["BTreeSet", "BinaryHeap", "HashSet", "LinkedList", "Vec", "VecDeque"];
