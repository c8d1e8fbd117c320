//! Reads the text of a Rust type: the JSON of types of the standard library is known from it.

use super::json_type::{INTEGERS, JsonType, Object};

/// The JSON that the type written as `ty` accepts. A type outside of the standard library is a [`JsonType::Named`] with its text.
pub(super) fn json_type(ty: &str) -> JsonType {
    let ty = ty.trim();
    if let Some(inner) = ty.strip_prefix('[').and_then(|ty| ty.strip_suffix(']')) {
        return match inner.rsplit_once(';') {
            Some((inner, count)) => match count.trim().parse() {
                Ok(count) => JsonType::List(Box::new(json_type(inner)), Some(count)),
                Err(_) => named(ty),
            },
            None => JsonType::List(Box::new(json_type(inner)), None),
        };
    }
    if let Some(inner) = ty.strip_prefix('(').and_then(|ty| ty.strip_suffix(')')) {
        let places = split(inner);
        return if places.is_empty() {
            JsonType::Null
        } else {
            JsonType::Tuple(places.into_iter().map(json_type).collect())
        };
    }
    let (path, parameters) = match ty.split_once('<') {
        Some((path, rest)) => match rest.strip_suffix('>') {
            Some(rest) => (path, split(rest)),
            None => return named(ty),
        },
        None => (ty, Vec::new()),
    };
    let parameters: Vec<_> = parameters.into_iter().filter(|parameter| !parameter.starts_with('\'')).collect();
    let Some(word) = standard(path) else { return named(ty) };
    match (word, parameters.as_slice()) {
        ("Box" | "Rc" | "Arc" | "Cow", [inner]) => json_type(inner),
        ("Option", [inner]) => JsonType::one_of(vec![json_type(inner), JsonType::Null]),
        ("Vec" | "VecDeque" | "LinkedList", [inner]) => JsonType::List(Box::new(json_type(inner)), None),
        ("HashSet" | "BTreeSet", [inner]) | ("HashSet", [inner, _]) => JsonType::With(
            Box::new(JsonType::List(Box::new(json_type(inner)), None)),
            r#"{"uniqueItems":true}"#.to_owned(),
        ),
        ("HashMap" | "BTreeMap", [key, value]) | ("HashMap", [key, value, _]) => {
            let key = json_type(key);
            let keys = (key != JsonType::Text(None)).then(|| Box::new(key));
            JsonType::Object(Object { rest: Some(Box::new(json_type(value))), keys, ..Object::default() })
        }
        ("PhantomData", [_]) => JsonType::Null,
        ("NonZero", [inner]) => not_zero(inner).unwrap_or_else(|| named(ty)),
        (word, []) => primitive(word).unwrap_or_else(|| named(ty)),
        _ => named(ty),
    }
}

/// The outermost type of `ty` if it is of the standard library, otherwise nothing, and its parameters.
pub(super) fn parts(ty: &str) -> (&str, Vec<&str>) {
    let Some((path, rest)) = ty.split_once('<') else { return (standard(ty).unwrap_or(""), Vec::new()) };
    match (standard(path), rest.strip_suffix('>')) {
        (Some(word), Some(rest)) => (word, split(rest)),
        _ => ("", Vec::new()),
    }
}

fn primitive(word: &str) -> Option<JsonType> {
    let integer = |name: &str| {
        let (_, min, max) = INTEGERS.into_iter().find(|(known, ..)| *known == name)?;
        Some(JsonType::Integer { min, max })
    };
    match word {
        "bool" => Some(JsonType::Boolean),
        "String" | "str" | "PathBuf" => Some(JsonType::Text(None)),
        "char" => Some(JsonType::With(Box::new(JsonType::Text(None)), r#"{"maxLength":1,"minLength":1}"#.to_owned())),
        "IpAddr" => Some(JsonType::Text(Some("ip".to_owned()))),
        "Ipv4Addr" => Some(JsonType::Text(Some("ipv4".to_owned()))),
        "Ipv6Addr" => Some(JsonType::Text(Some("ipv6".to_owned()))),
        "f32" => Some(JsonType::Float(32)),
        "f64" => Some(JsonType::Float(64)),
        "usize" => integer("uint64"),
        "isize" => integer("int64"),
        _ if word.starts_with("NonZero") => not_zero(&word["NonZero".len()..].to_lowercase()),
        _ => match word.split_at_checked(1)? {
            ("u", bits) => integer(&format!("uint{bits}")),
            ("i", bits) => integer(&format!("int{bits}")),
            _ => None,
        },
    }
}

/// The non-zero numbers of the type `word`.
fn not_zero(word: &str) -> Option<JsonType> {
    match primitive(word)? {
        JsonType::Integer { min: 0, max } => Some(JsonType::Integer { min: 1, max }),
        signed @ JsonType::Integer { .. } => {
            Some(JsonType::With(Box::new(signed), r#"{"not":{"const":0}}"#.to_owned()))
        }
        _ => None,
    }
}

/// The name of the standard library type at `path`, if it looks like one.
fn standard(path: &str) -> Option<&str> {
    let rooted = path.strip_prefix("::").unwrap_or(path);
    match rooted.rsplit_once("::") {
        None => Some(rooted),
        Some((before, word)) => {
            let root = before.split("::").next().unwrap_or(before);
            matches!(root, "std" | "core" | "alloc").then_some(word)
        }
    }
}

/// A type that is known by its text only.
fn named(ty: &str) -> JsonType {
    JsonType::Named(plain(ty))
}

/// `ty` without the paths of standard library types.
pub(super) fn plain(ty: &str) -> String {
    let mut plain = String::new();
    let mut word = String::new();
    let flush = |word: &mut String, plain: &mut String| {
        let rooted = word.strip_prefix("::").unwrap_or(word);
        let standard = ["std::", "core::", "alloc::"].iter().any(|root| rooted.starts_with(root));
        plain.push_str(if standard { rooted.rsplit("::").next().unwrap_or(rooted) } else { word });
        word.clear();
    };
    for letter in ty.chars() {
        if letter.is_alphanumeric() || matches!(letter, '_' | ':') {
            word.push(letter);
        } else {
            flush(&mut word, &mut plain);
            plain.push(letter);
        }
    }
    flush(&mut word, &mut plain);
    plain
}

/// The parts of `text` between commas outside of brackets.
pub(super) fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.trim().is_empty() {
        let end = super::token::end(rest, &[","]);
        let (part, behind) = rest.split_at(end);
        parts.push(part.trim());
        rest = behind.strip_prefix(',').unwrap_or("");
    }
    parts
}

/// Whether the text of the type determines all of it.
pub(super) fn is_fully_known(node: &JsonType) -> bool {
    match node {
        JsonType::Named(_) => false,
        JsonType::With(inner, _) | JsonType::List(inner, _) => is_fully_known(inner),
        JsonType::Tuple(nodes) | JsonType::OneOf(nodes) => nodes.iter().all(is_fully_known),
        JsonType::Object(object) => object.rest.iter().chain(&object.keys).all(|node| is_fully_known(node)),
        _ => true,
    }
}
