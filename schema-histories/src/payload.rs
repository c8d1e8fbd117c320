//! Random payloads of any schema version, some of them wrong.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::{Dice, Form, Generation, History, ShapeField};

const NEVER_KNOWN: &str = "never known";

/// A payload.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "only our own tests look at it")]
pub enum Payload {
    /// An object with its entries in order; a key may occur twice.
    Object(Vec<(String, Value)>),
    /// Any other value.
    Other(Value),
}

/// A random payload of `version`; one in six is wrong somewhere.
pub fn random(dice: &mut Dice, history: &History, version: u32) -> Payload {
    let generation = &history.generations[history.generation(version)];
    let shape = generation.shape(version);
    if generation.form == Form::Tuple {
        return tuple(dice, &shape);
    }
    let mut entries = Vec::new();
    let stored = shape.iter().filter(|field| !field.era.stored_form.skip);
    for field in stored.clone() {
        let value = field.era.ty.value(dice);
        if field.era.stored_form.flatten {
            entries.extend(value.as_object().cloned().unwrap_or_default());
            continue;
        }
        let absent_for_none = field.era.stored_form.codec.is_none() && value.is_null();
        if (field.era.stored_form.absent.is_some() || absent_for_none) && dice.one_in(3) {
            continue;
        }
        let key = match dice.pick(field.aliases()) {
            Some(alias) if dice.one_in(2) => alias.clone(),
            _ => generation.key(*field),
        };
        entries.push((key, field.era.stored_form.store(&value)));
    }
    if dice.one_in(3)
        && let Some(key) = foreign(dice, generation, version)
        && !(generation.deny_unknown && dice.one_in(2))
    {
        entries.push((key, json!({ "of": [null, "nobody"] })));
    }
    dice.shuffle(&mut entries);
    if dice.one_in(6) {
        spoil(dice, &mut entries, &stored.copied().collect::<Vec<_>>(), |field| generation.key(field));
    }
    Payload::Object(entries)
}

/// A key that this version does not know, preferably one that another version knows.
fn foreign(dice: &mut Dice, generation: &Generation, version: u32) -> Option<String> {
    let keys = |version| {
        let stored = generation
            .shape(version)
            .into_iter()
            .filter(|field| !field.era.stored_form.flatten && !field.era.stored_form.skip);
        let keys = stored.flat_map(|field| std::iter::once(generation.key(field)).chain(field.aliases().to_vec()));
        keys.collect::<HashSet<_>>()
    };
    let known = keys(version);
    let mut foreign: Vec<_> = (generation.lowest..=generation.newest).flat_map(keys).collect();
    foreign.push(NEVER_KNOWN.into());
    // A flattened map would keep the key, and could write it beside the field that has it today.
    let keeps = generation.shape(version).iter().any(|field| field.era.stored_form.flatten);
    foreign.retain(|key| !known.contains(key) && (!keeps || key == NEVER_KNOWN));
    foreign.sort();
    dice.pick(&foreign).cloned()
}

fn tuple(dice: &mut Dice, shape: &[ShapeField<'_>]) -> Payload {
    let mut elements: Vec<_> =
        shape.iter().map(|field| field.era.stored_form.store(&field.era.ty.value(dice))).collect();
    if dice.one_in(6) {
        match dice.below(3) {
            0 => elements.push(json!(1)),
            1 => {
                elements.pop();
            }
            _ => {
                let spoilt = dice.below(elements.len());
                elements[spoilt] = wrong_value(dice, shape[spoilt]);
            }
        }
    }
    // A tuple struct of one field is stored as that field alone.
    Payload::Other(match elements.as_slice() {
        [only] if shape.len() == 1 => only.clone(),
        _ => Value::Array(elements),
    })
}

fn spoil(
    dice: &mut Dice,
    entries: &mut Vec<(String, Value)>,
    shape: &[ShapeField<'_>],
    key: impl Fn(ShapeField<'_>) -> String,
) {
    let Some(field) = dice.pick(shape).copied() else { return };
    let keys: Vec<_> = std::iter::once(key(field)).chain(field.aliases().iter().cloned()).collect();
    let at = entries.iter().position(|(key, _)| keys.contains(key));
    match (at, dice.below(4)) {
        (Some(at), 0) => {
            entries.remove(at);
        }
        (Some(at), 1) => {
            let (_, value) = entries[at].clone();
            entries.push((keys[dice.below(keys.len())].clone(), value));
        }
        (Some(at), _) => entries[at].1 = wrong_value(dice, field),
        (None, _) => entries.push(("nobody".into(), json!("knows"))),
    }
}

fn wrong_value(dice: &mut Dice, field: ShapeField<'_>) -> Value {
    field.era.stored_form.codec.map_or_else(|| field.era.ty.wrong_value(dice), crate::Codec::wrong_value)
}

impl Payload {
    /// The payload as JSON, with or without blanks.
    pub fn json(&self, dice: &mut Dice) -> String {
        let blank = if dice.one_in(3) { "\n  " } else { "" };
        match self {
            Self::Object(entries) => {
                let entries = entries.iter().map(|(key, value)| format!("{blank}{}:{blank}{value}", json!(key)));
                format!("{{{}{blank}}}", entries.collect::<Vec<_>>().join(","))
            }
            Self::Other(value) => value.to_string(),
        }
    }
}
