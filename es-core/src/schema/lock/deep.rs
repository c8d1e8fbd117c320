//! Writes the JSON schema of a type so that a diff of it reads well: a line for each key, or for each alternative.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{token, types};

/// What the probe of a field's type says.
#[derive(Deserialize)]
struct JsonSchema {
    root: Value,
    types: BTreeMap<String, Value>,
}

/// The named types in `json`, which is the schema of what is written `ty`, each with its lines. Also that of `ty`
/// itself, where its text does not tell: an alias, a generic type.
pub(super) fn bodies(ty: &str, json: &str) -> Result<Vec<(String, Vec<String>)>, serde_json::Error> {
    let JsonSchema { root, types } = serde_json::from_str(json)?;
    let told = types::own(ty).all(|word| types.contains_key(word));
    let root = (!told).then(|| (ty.to_owned(), lines(&root)));
    Ok(types.iter().map(|(name, schema)| (name.clone(), lines(schema))).chain(root).collect())
}

/// What says nothing about the payload.
const SILENT: [&str; 9] =
    ["$comment", "$schema", "default", "deprecated", "description", "examples", "readOnly", "title", "writeOnly"];

fn lines(schema: &Value) -> Vec<String> {
    let words = words(schema);
    if is_object(&words) && !words.contains_key("oneOf") && !words.contains_key("anyOf") {
        return object(words);
    }
    match <[String; 1]>::try_from(alternatives(schema)) {
        Ok(only) => only.into(),
        Err(several) => several.into_iter().map(|alternative| format!("| {alternative}")).collect(),
    }
}

fn expression(schema: &Value) -> String {
    alternatives(schema).join(" | ")
}

/// What the schema accepts, sorted: the order of an enum's variants is stored nowhere.
fn alternatives(schema: &Value) -> Vec<String> {
    let mut words = words(schema);
    let mut alternatives = Vec::new();
    for several in ["oneOf", "anyOf"] {
        if words.len() == 1
            && let Some(Value::Array(schemas)) = words.get(several)
        {
            alternatives.extend(schemas.iter().flat_map(self::alternatives));
            words.clear();
        }
    }
    if let Some(Value::Array(values)) = words.remove("enum") {
        words.remove("type");
        alternatives.extend(values.iter().map(canonical));
    }
    if let Some(Value::Array(kinds)) = words.get("type").cloned() {
        for kind in kinds {
            let mut words = if kind == "null" { Map::new() } else { words.clone() };
            words.insert("type".into(), kind);
            alternatives.push(single(words));
        }
    } else if !words.is_empty() || alternatives.is_empty() {
        alternatives.push(if *schema == Value::Bool(false) { "nothing".to_owned() } else { single(words) });
    }
    alternatives.sort();
    alternatives.dedup();
    alternatives
}

/// One alternative.
fn single(mut words: Map<String, Value>) -> String {
    let text = if let Some(constant) = words.remove("const") {
        words.remove("type");
        canonical(&constant)
    } else if let Some(Value::String(reference)) = words.remove("$ref") {
        reference.rsplit('/').next().unwrap_or(&reference).to_owned()
    } else if is_object(&words) {
        return format!("{{{}}}", object(words).join(", "));
    } else if let Some(Value::String(kind)) = words.remove("type") {
        match kind.as_str() {
            "array" => array(&mut words),
            "integer" | "number" => number(&kind, &mut words),
            _ => match words.remove("format") {
                Some(Value::String(format)) => format!("{kind} {format}"),
                _ => kind,
            },
        }
    } else {
        "any".to_owned()
    };
    rest(text, words)
}

fn is_object(words: &Map<String, Value>) -> bool {
    words.get("type").is_some_and(|kind| kind == "object") || words.contains_key("properties")
}

fn object(mut words: Map<String, Value>) -> Vec<String> {
    words.remove("type");
    let required = words.remove("required").unwrap_or_default();
    let is_required = |key: &str| required.as_array().is_some_and(|keys| keys.iter().any(|required| required == key));
    let mut lines = Vec::new();
    if let Some(Value::Object(properties)) = words.remove("properties") {
        lines.extend(properties.iter().map(|(key, schema)| {
            let optional = if is_required(key) { "" } else { "?" };
            format!("{}{optional}: {}", token::key(key), expression(schema))
        }));
    }
    lines.sort();
    match words.remove("additionalProperties") {
        Some(Value::Bool(false)) => lines.push("nothing else".to_owned()),
        Some(schema) => lines.push(format!("*: {}", expression(&schema))),
        None => {}
    }
    if !words.is_empty() {
        lines.push(canonical(&Value::Object(words)));
    }
    if lines.is_empty() {
        lines.push("object".to_owned());
    }
    lines
}

fn array(words: &mut Map<String, Value>) -> String {
    let (least, most) = (words.get("minItems").cloned(), words.get("maxItems").cloned());
    let fixed = least.filter(|least| Some(least) == most.as_ref());
    if fixed.is_some() {
        words.remove("minItems");
        words.remove("maxItems");
    }
    if let Some(Value::Array(items)) = words.remove("prefixItems") {
        let items: Vec<_> = items.iter().map(expression).collect();
        return format!("({})", items.join(", "));
    }
    let item = words.remove("items").map_or("any".to_owned(), |items| expression(&items));
    fixed.map_or_else(|| format!("[{item}]"), |count| format!("[{item}; {count}]"))
}

fn number(kind: &str, words: &mut Map<String, Value>) -> String {
    let Some(Value::String(format)) = words.remove("format") else { return kind.to_owned() };
    if format.contains("int") {
        // the format says so
        words.remove("maximum");
        if words.get("minimum").and_then(Value::as_f64).is_some_and(|least| least <= 0.0) {
            words.remove("minimum");
        }
    }
    format
}

fn rest(text: String, words: Map<String, Value>) -> String {
    if words.is_empty() { text } else { format!("{text} {}", canonical(&Value::Object(words))) }
}

/// The words of `schema` that say something about the payload.
fn words(schema: &Value) -> Map<String, Value> {
    let words = schema.as_object().into_iter().flatten();
    let says = |word: &str| !SILENT.contains(&word) && !word.starts_with("x-");
    words.filter(|(word, _)| says(word)).map(|(word, value)| (word.clone(), value.clone())).collect()
}

/// `value` as JSON with its keys sorted, whatever features `serde_json` has here.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(entries) => {
            let entries: BTreeMap<_, _> = entries.iter().filter(|(word, _)| !SILENT.contains(&word.as_str())).collect();
            let entries = entries
                .into_iter()
                .map(|(key, value)| format!("{}:{}", canonical(&key.as_str().into()), canonical(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        plain => plain.to_string(),
    }
}
