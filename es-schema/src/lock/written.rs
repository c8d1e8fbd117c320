//! What can be told of a type from how it is written: that of the standard library's own types is known.

use super::node::{INTEGERS, Node, Object};

/// What the type that is written `ty` accepts. A type that is not the standard library's is [`Node::Named`] by its text.
pub(super) fn node(ty: &str) -> Node {
    let ty = ty.trim();
    if let Some(inner) = ty.strip_prefix('[').and_then(|ty| ty.strip_suffix(']')) {
        return match inner.rsplit_once(';') {
            Some((inner, count)) => match count.trim().parse() {
                Ok(count) => Node::List(Box::new(node(inner)), Some(count)),
                Err(_) => named(ty),
            },
            None => Node::List(Box::new(node(inner)), None),
        };
    }
    if let Some(inner) = ty.strip_prefix('(').and_then(|ty| ty.strip_suffix(')')) {
        let places = split(inner);
        return if places.is_empty() { Node::Null } else { Node::Tuple(places.into_iter().map(node).collect()) };
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
        ("Box" | "Rc" | "Arc" | "Cow", [inner]) => node(inner),
        ("Option", [inner]) => Node::one_of(vec![node(inner), Node::Null]),
        ("Vec" | "VecDeque" | "LinkedList", [inner]) => Node::List(Box::new(node(inner)), None),
        ("HashSet" | "BTreeSet", [inner]) | ("HashSet", [inner, _]) => {
            Node::With(Box::new(Node::List(Box::new(node(inner)), None)), r#"{"uniqueItems":true}"#.to_owned())
        }
        ("HashMap" | "BTreeMap", [key, value]) | ("HashMap", [key, value, _]) => {
            let key = node(key);
            let keys = (key != Node::Text(None)).then(|| Box::new(key));
            Node::Object(Object { rest: Some(Box::new(node(value))), keys, ..Object::default() })
        }
        ("PhantomData", [_]) => Node::Null,
        ("NonZero", [inner]) => not_zero(inner).unwrap_or_else(|| named(ty)),
        (word, []) => primitive(word).unwrap_or_else(|| named(ty)),
        _ => named(ty),
    }
}

/// The standard library's type that `ty` begins with, or nothing, and its parameters.
pub(super) fn parts(ty: &str) -> (&str, Vec<&str>) {
    let Some((path, rest)) = ty.split_once('<') else { return (standard(ty).unwrap_or(""), Vec::new()) };
    match (standard(path), rest.strip_suffix('>')) {
        (Some(word), Some(rest)) => (word, split(rest)),
        _ => ("", Vec::new()),
    }
}

fn primitive(word: &str) -> Option<Node> {
    let integer = |name: &str| {
        let (_, min, max) = INTEGERS.into_iter().find(|(known, ..)| *known == name)?;
        Some(Node::Integer { min, max })
    };
    match word {
        "bool" => Some(Node::Boolean),
        "String" | "str" | "PathBuf" => Some(Node::Text(None)),
        "char" => Some(Node::With(Box::new(Node::Text(None)), r#"{"maxLength":1,"minLength":1}"#.to_owned())),
        "IpAddr" => Some(Node::Text(Some("ip".to_owned()))),
        "Ipv4Addr" => Some(Node::Text(Some("ipv4".to_owned()))),
        "Ipv6Addr" => Some(Node::Text(Some("ipv6".to_owned()))),
        "f32" => Some(Node::Float(32)),
        "f64" => Some(Node::Float(64)),
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

/// A whole number that is not zero, of the type `word`.
fn not_zero(word: &str) -> Option<Node> {
    match primitive(word)? {
        Node::Integer { min: 0, max } => Some(Node::Integer { min: 1, max }),
        signed @ Node::Integer { .. } => Some(Node::With(Box::new(signed), r#"{"not":{"const":0}}"#.to_owned())),
        _ => None,
    }
}

/// The type of the standard library that `path` leads to, if it looks like one.
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
fn named(ty: &str) -> Node {
    Node::Named(plain(ty))
}

/// `ty` without the paths that lead to the standard library's own types.
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

/// The parts between commas that no bracket encloses.
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

/// Whether the text tells everything.
pub(super) fn tells_all(node: &Node) -> bool {
    match node {
        Node::Named(_) => false,
        Node::With(inner, _) | Node::List(inner, _) => tells_all(inner),
        Node::Tuple(nodes) | Node::OneOf(nodes) => nodes.iter().all(tells_all),
        Node::Object(object) => object.rest.iter().chain(&object.keys).all(|node| tells_all(node)),
        _ => true,
    }
}
