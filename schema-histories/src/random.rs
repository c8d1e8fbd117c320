//! Draws histories, version by version, from the oldest to today's.

use std::collections::HashSet;

use crate::{
    Added, Alias, Conversion, Dice, Era, Form, Generation, History, Life, Link, Origin, ShapeField, StoredForm, Ty,
    history::CASES, ty::PLACE_KEYS,
};

const NEWEST: usize = 6;

/// `count` histories.
pub fn histories(seed: u64, count: usize) -> Vec<History> {
    let mut dice = Dice::new(seed);
    (0..count).map(|number| history(&mut dice, number)).collect()
}

fn history(dice: &mut Dice, number: usize) -> History {
    let newest = u32::try_from(2 + dice.below(NEWEST - 1)).unwrap_or(2);
    let mut generations: Vec<Generation> = Vec::new();
    let mut lowest = 1;
    while lowest <= newest {
        let left = newest - lowest;
        let last = if dice.one_in(3) { lowest + below(dice, left + 1) } else { newest };
        let mut generation = valid_generation(dice, lowest, last);
        generation.link = generations.last().map(|before| link(dice, before, &generation));
        generations.push(generation);
        lowest = last + 1;
    }
    let mut aliases = Vec::new();
    for before in 0..if dice.one_in(3) { 1 + dice.below(2) } else { 0 } {
        aliases.push(Alias { name: format!("event_{number:03}_{before}"), up_to: 1 + below(dice, newest - 1) });
    }
    History { module: format!("e{number:03}"), name: format!("event.{number:03}"), aliases, generations }
}

fn below(dice: &mut Dice, n: u32) -> u32 {
    u32::try_from(dice.below(n as usize)).unwrap_or_default()
}

fn valid_generation(dice: &mut Dice, lowest: u32, newest: u32) -> Generation {
    loop {
        let generation = if dice.one_in(6) { tuple(dice, lowest, newest) } else { named(dice, lowest, newest) };
        if let Some(generation) = generation.filter(is_valid) {
            return generation;
        }
    }
}

/// A tuple struct knows `changed` only.
fn tuple(dice: &mut Dice, lowest: u32, newest: u32) -> Option<Generation> {
    let mut lives: Vec<_> = (0..=dice.below(3)).map(|number| born(dice, number.to_string(), lowest, None)).collect();
    for version in lowest + 1..=newest {
        let life = dice.below(lives.len());
        change(dice, &mut lives[life], version, None)?;
    }
    for era in lives.iter_mut().flat_map(|life| &mut life.eras) {
        era.stored_form.flatten = false;
        era.stored_form.absent = None;
    }
    Some(Generation { lowest, newest, form: Form::Tuple, rename_all: None, deny_unknown: false, lives, link: None })
}

fn named(dice: &mut Dice, lowest: u32, newest: u32) -> Option<Generation> {
    let mut names = Names::default();
    let mut lives = Vec::new();
    for _ in 0..=dice.below(5) {
        let name = names.draw(dice);
        lives.push(born(dice, name, lowest, None));
    }
    for version in lowest + 1..=newest {
        let before = generation(lives.clone(), lowest, newest);
        let mut stepped = HashSet::new();
        for _ in 0..=dice.below(3) {
            if dice.one_in(3) {
                let shape = before.shape(version - 1);
                let fields: Vec<_> = shape.iter().map(|field| (field.number, field.era.ty.clone())).collect();
                let added = Added::random(dice, &fields);
                let name = names.draw(dice);
                stepped.insert(lives.len());
                lives.push(born(dice, name, version, Some(added)));
                continue;
            }
            let number = dice.below(lives.len());
            let life = &mut lives[number];
            if life.removed.is_some() || !stepped.insert(number) {
                continue;
            }
            match dice.below(5) {
                0 | 1 => change(dice, life, version, Some(&mut names))?,
                2 | 3 => rename(dice, life, version, &mut names),
                _ => life.removed = Some(version),
            }
        }
    }
    if dice.one_in(8) {
        let name = names.draw(dice);
        let mut life = born(dice, name, lowest, None);
        life.eras[0].stored_form = StoredForm { skip: true, ..StoredForm::default() };
        lives.push(life);
    }
    for life in lives.iter_mut().filter(|life| !life.last().stored_form.flatten && !life.last().stored_form.skip) {
        if life.removed.is_none() && dice.one_in(5) {
            life.rename = Some(names.draw_key(dice));
        }
        for _ in 0..if dice.one_in(5) { 1 + dice.below(2) } else { 0 } {
            life.aliases.push(names.draw_key(dice));
        }
    }
    let mut generation = generation(lives, lowest, newest);
    generation.rename_all = if dice.one_in(3) { dice.pick(&CASES).copied() } else { None };
    let flattens = generation.lives.iter().flat_map(|life| &life.eras).any(|era| era.stored_form.flatten);
    generation.deny_unknown = !flattens && dice.one_in(4);
    Some(generation)
}

fn generation(lives: Vec<Life>, lowest: u32, newest: u32) -> Generation {
    Generation { lowest, newest, form: Form::Named, rename_all: None, deny_unknown: false, lives, link: None }
}

fn born(dice: &mut Dice, ident: String, since: u32, added: Option<Added>) -> Life {
    let ty = added.as_ref().map_or_else(|| Ty::random(dice), |added| added.ty.clone());
    let stored_form = StoredForm::random(dice, &ty);
    let era = Era { since, key: None, ty, stored_form, conversion: None };
    let added = added.map(|added| (since, added));
    Life { ident, added, removed: None, eras: vec![era], rename: None, aliases: vec![] }
}

fn rename(dice: &mut Dice, life: &mut Life, version: u32, names: &mut Names) {
    if life.last().stored_form.flatten {
        return; // It has no key.
    }
    let key = names.draw_key(dice);
    for era in &mut life.eras {
        era.key.get_or_insert_with(|| key.clone());
    }
    let last = life.last();
    let era =
        Era { since: version, key: None, ty: last.ty.clone(), stored_form: last.stored_form.clone(), conversion: None };
    life.eras.push(era);
}

fn change(dice: &mut Dice, life: &mut Life, version: u32, names: Option<&mut Names>) -> Option<()> {
    let step = Conversion::random(dice, &life.last().ty)?;
    let stored_form = StoredForm::random(dice, &step.to);
    match names {
        Some(names) if dice.one_in(3) && !stored_form.flatten && !life.last().stored_form.flatten => {
            let key = names.draw_key(dice);
            for era in &mut life.eras {
                era.key.get_or_insert_with(|| key.clone());
            }
        }
        _ => {}
    }
    life.eras.push(Era { since: version, key: None, ty: step.to.clone(), stored_form, conversion: Some(step) });
    Some(())
}

fn link(dice: &mut Dice, before: &Generation, after: &Generation) -> Link {
    let old = before.shape(before.newest);
    let origins: Vec<_> = after
        .shape(after.newest)
        .into_iter()
        .map(|field| {
            (
                field.number,
                origin(dice, &old.iter().map(|old| (old.number, &old.era.ty)).collect::<Vec<_>>(), &field.era.ty),
            )
        })
        .collect();
    let may_fail =
        origins.iter().any(|(_, origin)| matches!(origin, Origin::Converted(_, conversion) if conversion.may_fail()));
    Link { fallible: may_fail || dice.one_in(4), origins }
}

fn origin(dice: &mut Dice, old: &[(usize, &Ty)], ty: &Ty) -> Origin {
    let same: Vec<_> = old.iter().filter(|(_, from)| *from == ty).map(|(number, _)| Origin::Same(*number)).collect();
    let mut converted = Vec::new();
    for (number, from) in old {
        converted.extend(Conversion::between(dice, from, ty).map(|conversion| Origin::Converted(*number, conversion)));
    }
    let from = if dice.one_in(2) || converted.is_empty() { same } else { converted };
    dice.pick(&from).cloned().unwrap_or_else(|| Origin::Value(ty.value(dice)))
}

/// Whether no two fields share a key or a name in any version, and each version changes something.
fn is_valid(generation: &Generation) -> bool {
    let keys = |version| {
        let mut keys = HashSet::new();
        let mut idents = HashSet::new();
        let mut flattened = 0;
        for field in generation.shape(version) {
            let fresh = idents.insert(field.ident().to_owned());
            flattened += usize::from(field.era.stored_form.flatten);
            if !fresh || flattened > 1 {
                return None;
            }
            if field.era.stored_form.flatten || field.era.stored_form.skip {
                continue;
            }
            for key in std::iter::once(generation.key(field)).chain(field.aliases().iter().cloned()) {
                if PLACE_KEYS.contains(&key.as_str()) || !keys.insert(key) {
                    return None;
                }
            }
        }
        Some(keys)
    };
    let all: Option<Vec<_>> = (generation.lowest..=generation.newest).map(keys).collect();
    let keys_change = generation.lives.iter().flat_map(|life| life.eras.windows(2).map(move |pair| (life, pair)));
    let keys_change = keys_change.filter(|(_, pair)| pair[1].conversion.is_none() || pair[0].key != pair[1].key);
    let keys_change = keys_change.map(|(life, pair)| {
        pair.iter().map(|era| generation.key(ShapeField { number: 0, life, era })).collect::<Vec<_>>()
    });
    let mut keys_stay = keys_change.filter(|keys| keys[0] == keys[1]);
    let steps_everywhere = (generation.lowest + 1..=generation.newest).all(|version| {
        generation.lives.iter().any(|life| {
            life.added.as_ref().is_some_and(|(added, _)| *added == version)
                || life.removed == Some(version)
                || life.eras.iter().skip(1).any(|era| era.since == version)
        })
    });
    let today = generation.shape(generation.newest);
    all.is_some()
        && keys_stay.next().is_none()
        && steps_everywhere
        && !today.is_empty()
        && closures_see_names(generation)
}

/// A closure cannot use a key that is not a Rust identifier.
fn closures_see_names(generation: &Generation) -> bool {
    generation.lives.iter().filter_map(|life| life.added.as_ref()).all(|(version, added)| {
        let before = generation.shape(version - 1);
        added.over().into_iter().all(|number| {
            before.iter().find(|field| field.number == number).is_some_and(|field| !field.ident().contains(['-', ' ']))
        })
    })
}

/// Few enough names, so that some are used again.
#[derive(Debug, Default)]
struct Names(Vec<String>);

impl Names {
    fn draw(&mut self, dice: &mut Dice) -> String {
        const WORDS: [&str; 30] = [
            "amount",
            "note",
            "source",
            "origin",
            "owner",
            "level",
            "reason",
            "booked_on",
            "unit_price",
            "r#type",
            "tags",
            "total_of_all",
            "state",
            "is_open",
            "channel",
            "weight",
            "batch_no",
            "label",
            "x",
            "rank",
            "comment",
            "kind_of",
            "quantity",
            "region",
            "stored",
            "payload",
            "self_made",
            "value",
            "version",
            "name",
        ];
        if dice.one_in(4)
            && let Some(again) = dice.pick(&self.0)
        {
            return again.clone();
        }
        let name = (*dice.pick(&WORDS).unwrap_or(&"amount")).trim_start_matches("r#").to_owned();
        self.0.push(name.clone());
        name
    }

    /// A key does not have to be a Rust identifier.
    fn draw_key(&mut self, dice: &mut Dice) -> String {
        let name = self.draw(dice);
        match dice.below(6) {
            0 => format!("{name}-of"),
            1 => format!("{name}Id"),
            2 => format!("the {name}"),
            _ => name,
        }
    }
}
