//! Writes the expression that converts one type to another, as far as their texts determine it.

use super::{
    json_type::JsonType,
    rust_type::{self, plain, split},
    types,
};

/// A function from `from` to `to`; `None` if there is none and an application cannot write a `From` for these types.
pub(super) fn convert(from: &str, to: &str) -> Option<String> {
    if plain(from) == plain(to) {
        return Some("::core::convert::identity".to_owned());
    }
    Some(match value("old", from, to)? {
        expression if expression == "From::from(old)" => "From::from".to_owned(),
        expression => format!("|old| {expression}"),
    })
}

/// The expression that converts `of` from the type `from` to the type `to`.
fn value(of: &str, from: &str, to: &str) -> Option<String> {
    if plain(from) == plain(to) {
        return Some(of.to_owned());
    }
    if let (Some(from), Some(to)) = (places(from), places(to)) {
        if from.len() != to.len() {
            return None;
        }
        let place = |(at, (from, to))| value(&format!("{of}.{at}"), from, to);
        let places: Vec<_> = from.into_iter().zip(to).enumerate().map(place).collect::<Option<_>>()?;
        return Some(format!("({},)", places.join(", ")));
    }
    if let (Some((from, count)), Some((to, wanted))) = (array(from), array(to)) {
        return (count == wanted).then(|| Some(format!("{of}.map(|old| {})", value("old", from, to)?)))?;
    }
    let (outer, inner) = rust_type::parts(from);
    let (wanted, parts) = rust_type::parts(to);
    Some(match (outer, inner.as_slice(), wanted, parts.as_slice()) {
        ("Option", [from], "Option", [to]) => format!("{of}.map(|old| {})", value("old", from, to)?),
        ("Box", [from], "Box", [to]) => format!("Box::new({})", value(&format!("(*{of})"), from, to)?),
        ("Box", [from], ..) => value(&format!("(*{of})"), from, to)?,
        (_, _, "Box", [to]) => format!("Box::new({})", value(of, from, to)?),
        (_, _, "Option", [to]) => format!("Some({})", value(of, from, to)?),
        ("HashMap" | "BTreeMap", [key, held, ..], "HashMap" | "BTreeMap", [name, value_of, ..]) => {
            let pair = format!("({}, {})", value("key", key, name)?, value("old", held, value_of)?);
            match pair.as_str() {
                "(key, old)" => format!("{of}.into_iter().collect()"),
                pair => format!("{of}.into_iter().map(|(key, old)| {pair}).collect()"),
            }
        }
        (one, [from, ..], other, [to, ..]) if SEQUENCES.contains(&one) && SEQUENCES.contains(&other) => {
            match value("old", from, to)?.as_str() {
                "old" => format!("{of}.into_iter().collect()"),
                value => format!("{of}.into_iter().map(|old| {value}).collect()"),
            }
        }
        _ if !is_standard(from) || !is_standard(to) || is_from(from, to) => {
            format!("From::from({})", of.strip_prefix('(').and_then(|of| of.strip_suffix(')')).unwrap_or(of))
        }
        _ => return None,
    })
}

/// Collections that are collected from an iterator.
const SEQUENCES: [&str; 6] = ["BTreeSet", "BinaryHeap", "HashSet", "LinkedList", "Vec", "VecDeque"];

/// The types of the places of a tuple.
fn places(ty: &str) -> Option<Vec<&str>> {
    let places = split(ty.trim().strip_prefix('(')?.strip_suffix(')')?);
    (!places.is_empty()).then_some(places)
}

/// The type of the elements of an array, and their number.
fn array(ty: &str) -> Option<(&str, &str)> {
    let (inner, count) = ty.trim().strip_prefix('[')?.strip_suffix(']')?.rsplit_once(';')?;
    Some((inner.trim(), count.trim()))
}

/// Whether the outermost type of `ty` is of the standard library, so that an application cannot write a `From` for it.
fn is_standard(ty: &str) -> bool {
    let (path, _) = ty.trim().split_once('<').unwrap_or((ty.trim(), ""));
    path.starts_with(['(', '[']) || rust_type::is_fully_known(&rust_type::json_type(path)) || types::is_standard(path)
}

/// Whether the standard library has a `From<from> for to` between plain values.
fn is_from(from: &str, to: &str) -> bool {
    let of_size = |ty: &str| matches!(ty, "usize" | "isize");
    match (rust_type::json_type(from), rust_type::json_type(to)) {
        (JsonType::Boolean, JsonType::Integer { .. }) => !to.contains("NonZero"),
        (JsonType::Integer { min, max }, JsonType::Integer { min: least, max: most }) => {
            least <= min && max <= most && !of_size(from) && !of_size(to)
        }
        (JsonType::Integer { .. }, JsonType::Float(64)) => matches!(from, "i8" | "i16" | "i32" | "u8" | "u16" | "u32"),
        (JsonType::Integer { .. }, JsonType::Float(_)) => matches!(from, "i8" | "i16" | "u8" | "u16"),
        (JsonType::Float(32), JsonType::Float(64)) => true,
        _ => matches!((from, to), ("char", "String" | "u32" | "u64" | "u128") | ("Ipv4Addr" | "Ipv6Addr", "IpAddr")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_inside_of_containers_are_converted() {
        for (from, to, with) in [
            ("u8", "u8", "::core::convert::identity"),
            ("u8", "u64", "From::from"),
            ("OldMoney", "Money", "From::from"),
            ("(u8, OldMoney)", "(u8, Money)", "|old| (old.0, From::from(old.1),)"),
            ("[OldMoney; 2]", "[Money; 2]", "|old| old.map(|old| From::from(old))"),
            ("u8", "Option<u16>", "|old| Some(From::from(old))"),
            ("Vec<(OldMoney,)>", "Vec<(Money,)>", "|old| old.into_iter().map(|old| (From::from(old.0),)).collect()"),
        ] {
            assert_eq!(convert(from, to).as_deref(), Some(with), "{from} to {to}");
        }
        for (from, to) in [
            ("u64", "i64"),
            ("i64", "f64"),
            ("String", "u8"),
            ("Option<u8>", "u8"),
            ("Vec<u8>", "Option<u8>"),
            ("HashMap<u64, u8>", "BTreeMap<u32, u8>"),
            ("[u8; 2]", "[u8; 3]"),
            ("(u8, u8)", "(u8,)"),
            ("usize", "u64"),
        ] {
            assert_eq!(convert(from, to), None, "{from} to {to}");
        }
    }
}
