//! Reads the JSON schema of a type into a [`JsonType`], which is the same for different releases of schemars.

use std::{collections::BTreeMap, rc::Rc};

use es_core::schema::Probed;
use serde_json::{Map, Value};

use super::{
    json_type::{Definitions, INTEGER, INTEGERS, JsonType, Object, Property, RootType},
    tracer,
};

/// The JSON that the probed type accepts.
pub(super) fn root(probed: &Probed) -> RootType {
    let traced = tracer::trace(probed.follow);
    let asks = traced.node();
    let Some((root, types)) = probed.json_schema.map(|json_schema| json_schema()) else {
        return RootType { node: JsonType::Unseen(Box::new(asks)), definitions: Rc::default(), traced: None };
    };
    let mut definitions: Definitions = types.iter().map(|(name, schema)| (name.clone(), node(schema))).collect();
    let mut node = node(&root);
    traced.complete(&mut node, &mut definitions);
    RootType { node, definitions: Rc::new(definitions), traced: Some(Box::new(asks)) }
}

/// The keywords that do not restrict the payload.
const SILENT: [&str; 13] = [
    "$comment",
    "$defs",
    "$id",
    "$schema",
    "contentEncoding",
    "default",
    "definitions",
    "deprecated",
    "description",
    "examples",
    "readOnly",
    "title",
    "writeOnly",
];

fn node(schema: &Value) -> JsonType {
    let mut words = match schema {
        Value::Object(words) => words.clone(),
        Value::Bool(false) => return JsonType::OneOf(Vec::new()),
        _ => return JsonType::Any,
    };
    words.retain(|word, _| !SILENT.contains(&word.as_str()) && !word.starts_with("x-"));
    let nullable = words.remove("nullable") == Some(Value::Bool(true));
    let node = of_words(words);
    if nullable { JsonType::one_of(vec![node, JsonType::Null]) } else { node }
}

fn of_words(mut words: Map<String, Value>) -> JsonType {
    for several in ["oneOf", "anyOf", "allOf"] {
        let Some(Value::Array(schemas)) = words.get(several).cloned() else { continue };
        if several == "allOf" && schemas.len() != 1 {
            continue;
        }
        words.remove(several);
        // Keywords beside the alternatives hold for each of them.
        let alternatives = schemas.iter().map(|schema| match schema {
            Value::Object(own) if !words.is_empty() => node(&Value::Object(merged(own.clone(), &words))),
            schema => node(schema),
        });
        return JsonType::one_of(alternatives.collect());
    }
    if let Some(Value::Array(values)) = words.get("enum").cloned() {
        words.remove("enum");
        words.remove("type");
        return with(
            JsonType::one_of(values.iter().map(|value| JsonType::Constant(canonical(value))).collect()),
            &words,
        );
    }
    if let Some(constant) = words.remove("const") {
        words.remove("type");
        return with(JsonType::Constant(canonical(&constant)), &words);
    }
    if let Some(Value::String(reference)) = words.remove("$ref") {
        let name = reference.rsplit('/').next().unwrap_or(&reference).replace("~1", "/").replace("~0", "~");
        return with(JsonType::Named(name), &words);
    }
    match words.remove("type") {
        Some(Value::Array(kinds)) => JsonType::one_of(
            kinds
                .into_iter()
                .map(|kind| {
                    let mut words = if kind == "null" { Map::new() } else { words.clone() };
                    words.insert("type".to_owned(), kind);
                    of_words(words)
                })
                .collect(),
        ),
        Some(Value::String(kind)) => of_kind(&kind, words),
        _ if words.contains_key("properties") || words.contains_key("additionalProperties") => of_kind("object", words),
        _ => with(JsonType::Any, &words),
    }
}

/// The keywords of a variant together with those that all variants share.
fn merged(mut own: Map<String, Value>, shared: &Map<String, Value>) -> Map<String, Value> {
    for (word, value) in shared {
        match (own.get_mut(word), value) {
            (Some(Value::Object(own)), Value::Object(shared)) => {
                for (key, value) in shared {
                    own.entry(key.clone()).or_insert_with(|| value.clone());
                }
            }
            (Some(Value::Array(own)), Value::Array(shared)) => own.extend(shared.iter().cloned()),
            (Some(_), _) => {}
            (None, value) => {
                own.insert(word.clone(), value.clone());
            }
        }
    }
    own
}

fn of_kind(kind: &str, mut words: Map<String, Value>) -> JsonType {
    let node = match kind {
        "null" => JsonType::Null,
        "boolean" => JsonType::Boolean,
        "string" => match words.remove("format") {
            Some(Value::String(format)) => JsonType::Text(Some(format)),
            _ => JsonType::Text(None),
        },
        "integer" => integer(&mut words),
        "number" => match words.remove("format") {
            Some(Value::String(format)) if format == "float" => JsonType::Float(32),
            _ => JsonType::Float(64),
        },
        "array" => array(&mut words),
        "object" => object(&mut words),
        _ => JsonType::Any,
    };
    with(node, &words)
}

fn with(node: JsonType, words: &Map<String, Value>) -> JsonType {
    if words.is_empty() { node } else { JsonType::With(Box::new(node), canonical(&Value::Object(words.clone()))) }
}

fn integer(words: &mut Map<String, Value>) -> JsonType {
    let format = match words.remove("format") {
        Some(Value::String(format)) => format,
        _ => String::new(),
    };
    let format = match format.as_str() {
        "uint" => "uint64",
        "int" => "int64",
        other => other,
    };
    let known = INTEGERS.iter().find(|(name, ..)| *name == format);
    let (mut min, mut max) = match (known, &INTEGER) {
        (Some((_, min, max)), _) | (None, JsonType::Integer { min, max }) => (*min, *max),
        _ => (i128::MIN, u128::MAX),
    };
    let least = words.remove("minimum");
    if let Some(least) = least.as_ref().and_then(Value::as_i64) {
        min = min.max(i128::from(least));
    }
    let most = words.remove("maximum");
    if let (None, Some(most)) = (known, most.as_ref().and_then(Value::as_u64)) {
        max = u128::from(most);
    }
    JsonType::Integer { min, max }
}

fn object(words: &mut Map<String, Value>) -> JsonType {
    let required = words.remove("required").unwrap_or_default();
    let is_required = |key: &str| required.as_array().is_some_and(|keys| keys.iter().any(|required| required == key));
    let mut object = Object::default();
    if let Some(Value::Object(properties)) = words.remove("properties") {
        object.fields.extend(properties.iter().map(|(key, schema)| {
            (key.clone(), Property { node: node(schema), optional: !is_required(key), aliases: Vec::new() })
        }));
    }
    // The keys of a map that does not accept every text.
    if let Some(Value::Object(patterns)) = words.get("patternProperties").cloned()
        && let [(pattern, schema)] = patterns.iter().collect::<Vec<_>>().as_slice()
        && object.fields.is_empty()
    {
        words.remove("patternProperties");
        words.remove("additionalProperties");
        object.keys = Some(Box::new(match pattern.as_str() {
            r"^\d+$" => JsonType::Integer { min: 0, max: u128::MAX },
            r"^-?\d+$" => INTEGER,
            _ => JsonType::With(Box::new(JsonType::Text(None)), canonical(&serde_json::json!({ "pattern": pattern }))),
        }));
        object.rest = Some(Box::new(node(schema)));
        return JsonType::Object(object);
    }
    match words.remove("additionalProperties") {
        Some(Value::Bool(false)) => object.closed = true,
        Some(schema) => object.rest = Some(Box::new(node(&schema))),
        None => {}
    }
    if words.remove("unevaluatedProperties") == Some(Value::Bool(false)) {
        object.closed = true;
    }
    JsonType::Object(object)
}

fn array(words: &mut Map<String, Value>) -> JsonType {
    let (least, most) = (words.get("minItems").cloned(), words.get("maxItems").cloned());
    let none = (least.is_none() && most == Some(0.into())).then(|| 0.into());
    let fixed = least.filter(|least| Some(least) == most.as_ref()).or(none);
    if fixed.is_some() {
        words.remove("minItems");
        words.remove("maxItems");
    }
    let items = words.remove("items");
    let places = words.remove("prefixItems").or_else(|| items.clone().filter(Value::is_array));
    if let Some(Value::Array(places)) = places {
        words.remove("additionalItems");
        return JsonType::Tuple(places.iter().map(node).collect());
    }
    let item = Box::new(items.as_ref().map_or(JsonType::Any, node));
    JsonType::List(item, fixed.as_ref().and_then(Value::as_u64))
}

/// `value` as JSON with sorted keys, whatever the features of `serde_json`.
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Each list has one schema as different releases of schemars write it.
    #[test]
    fn schemas_of_different_schemars_releases_are_equal() {
        for same in [
            vec![
                json!({ "$ref": "#/$defs/Money" }),
                json!({ "$ref": "#/definitions/Money" }),
                json!({ "$ref": "#/components/schemas/Money", "description": "What it costs.", "title": "Money" }),
                json!({ "allOf": [{ "$ref": "#/definitions/Money" }], "default": null }),
            ],
            vec![
                json!({ "type": ["string", "null"] }),
                json!({ "anyOf": [{ "type": "string" }, { "type": "null" }] }),
                json!({ "oneOf": [{ "type": "null" }, { "type": "string" }] }),
                json!({ "type": "string", "nullable": true, "x-note": 1 }),
            ],
            vec![
                json!({ "type": "integer", "format": "uint8", "minimum": 0, "maximum": 255 }),
                json!({ "type": "integer", "format": "uint8", "minimum": 0.0 }),
                json!({ "format": "uint8", "type": "integer" }),
                json!({ "type": "integer", "minimum": 0, "maximum": 255 }),
            ],
            vec![
                json!({ "type": "string", "enum": ["Eur", "Usd"] }),
                json!({ "enum": ["Usd", "Eur"] }),
                json!({ "oneOf": [{ "const": "Eur", "description": "Green." }, { "type": "string", "const": "Usd" }] }),
                json!({ "anyOf": [{ "type": "string", "enum": ["Usd"] }, { "const": "Eur" }] }),
            ],
            vec![
                json!({ "type": "array", "prefixItems": [{ "type": "boolean" }, true], "minItems": 2, "maxItems": 2 }),
                json!({ "type": "array", "items": [{ "type": "boolean" }, {}], "minItems": 2, "maxItems": 2 }),
                json!({ "type": "array", "prefixItems": [{ "type": "boolean" }, true], "items": false,
                        "minItems": 2, "maxItems": 2 }),
            ],
            vec![
                json!({ "type": "object", "properties": { "a": { "type": "number", "format": "double" } },
                        "required": ["a"], "additionalProperties": false }),
                json!({ "properties": { "a": { "type": "number" } }, "unevaluatedProperties": false, "required": ["a"],
                        "type": "object", "examples": [] }),
            ],
        ] {
            for other in &same[1..] {
                assert_eq!(node(other), node(&same[0]), "{other}");
            }
        }
        assert_ne!(node(&json!({ "type": "string", "pattern": "a" })), node(&json!({ "type": "string" })));
    }
}
