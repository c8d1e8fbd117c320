//! Computes the value that a payload must decode to, without a macro: the steps one by one, on JSON values.

use std::collections::{BTreeMap, btree_map::Entry};

use serde_json::{Map, Value};

use crate::{Form, Generation, History, Origin, ShapeField, Ty, payload::Payload, ty};

/// Why a payload does not decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "only our own tests look at it")]
pub enum Refusal {
    /// It does not have the shape of its schema version.
    Payload,
    /// A step refused a value.
    Step {
        /// The schema version that the step converts from.
        from: u32,
        /// The schema version that the step converts to.
        to: u32,
    },
}

/// The fields of a shape by their numbers, as serde would write them without any attribute.
type Fields = BTreeMap<usize, Value>;

/// The current value of `payload`, which was stored with `version`: each field by its Rust name.
///
/// # Errors
/// [`Refusal`].
pub fn decode(history: &History, version: u32, payload: &Payload) -> Result<Value, Refusal> {
    let first = history.generation(version);
    let generation = &history.generations[first];
    let fields = read(generation, version, payload).ok_or(Refusal::Payload)?;
    let mut fields = climb(generation, version, fields)?;
    for (before, after) in history.generations.iter().zip(&history.generations[1..]).skip(first) {
        let refused = Refusal::Step { from: before.newest, to: after.newest };
        fields = cross(after, &fields).ok_or(refused)?;
    }
    let today = history.today();
    let named = fields.into_iter().map(|(number, value)| (today.lives[number].ident.clone(), value));
    Ok(Value::Object(named.collect()))
}

/// The fields of the payload in its own version.
fn read(generation: &Generation, version: u32, payload: &Payload) -> Option<Fields> {
    let shape = generation.shape(version);
    match (generation.form, payload) {
        (Form::Named, Payload::Object(entries)) => named(generation, &shape, entries),
        (Form::Tuple, Payload::Other(value)) => tuple(&shape, value),
        _ => None,
    }
}

fn tuple(shape: &[ShapeField<'_>], value: &Value) -> Option<Fields> {
    let elements = match (shape, value) {
        ([_], only) => std::slice::from_ref(only),
        (_, Value::Array(elements)) if elements.len() == shape.len() => elements,
        _ => return None,
    };
    let fields = shape.iter().zip(elements);
    fields.map(|(field, stored)| Some((field.number, field.era.stored_form.read(&field.era.ty, stored)?))).collect()
}

fn named(generation: &Generation, shape: &[ShapeField<'_>], entries: &[(String, Value)]) -> Option<Fields> {
    let mut fields = Fields::new();
    let mut left = Vec::new();
    for (key, stored) in entries {
        let own = |field: &&ShapeField<'_>| {
            let stands_alone = !field.era.stored_form.flatten && !field.era.stored_form.skip;
            stands_alone && (generation.key(**field) == *key || field.aliases().contains(key))
        };
        match shape.iter().find(own) {
            Some(field) => {
                let value = field.era.stored_form.read(&field.era.ty, stored)?;
                if fields.insert(field.number, value).is_some() {
                    return None;
                }
            }
            None if generation.deny_unknown => return None,
            None => left.push((key.clone(), stored.clone())),
        }
    }
    for field in shape {
        let ty = &field.era.ty;
        if field.era.stored_form.flatten {
            fields.insert(field.number, flattened(ty, &left)?);
        } else if field.era.stored_form.skip {
            fields.insert(field.number, ty.default());
        } else if let Entry::Vacant(vacant) = fields.entry(field.number) {
            vacant.insert(field.era.stored_form.absent(ty)?);
        }
    }
    Some(fields)
}

fn flattened(ty: &Ty, left: &[(String, Value)]) -> Option<Value> {
    let map: Map<_, _> = left.iter().cloned().collect();
    if *ty == Ty::Place { ty::place(&map) } else { Some(Value::Object(map)) }
}

/// The steps that a type declares, from `version` to its newest.
fn climb(generation: &Generation, version: u32, mut fields: Fields) -> Result<Fields, Refusal> {
    for to in version + 1..=generation.newest {
        let refused = Refusal::Step { from: to - 1, to };
        let step = |field: ShapeField<'_>| {
            let value = match (&field.life.added, &field.era.conversion) {
                (Some((added, default)), _) if *added == to => default.apply(|number| &fields[&number]),
                (_, Some(conversion)) if field.era.since == to => conversion.apply(&fields[&field.number])?,
                _ => fields[&field.number].clone(),
            };
            Some((field.number, value))
        };
        fields = generation.shape(to).into_iter().map(step).collect::<Option<_>>().ok_or(refused)?;
    }
    Ok(fields)
}

/// Converts from the type before to `after`.
fn cross(after: &Generation, old: &Fields) -> Option<Fields> {
    let origins = after.link.iter().flat_map(|link| &link.origins);
    let value = |origin: &Origin| match origin {
        Origin::Same(number) => Some(old[number].clone()),
        Origin::Converted(number, conversion) => conversion.apply(&old[number]),
        Origin::Value(value) => Some(value.clone()),
    };
    origins.map(|(number, origin)| Some((*number, value(origin)?))).collect()
}
