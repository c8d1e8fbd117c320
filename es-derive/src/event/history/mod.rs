//! Computes the older shapes of an event by walking back from today's.

use std::collections::HashSet;

use proc_macro2::{Span, TokenStream};
use syn::{Expr, Ident, LitStr, Member, Type, ext::IdentExt};

use super::{
    check,
    field::Form,
    parse::Event,
    step::{Conversion, Kind, Removed, Step},
    stored::{Held, Presence},
};
use crate::mistakes::Mistakes;

/// The declared shapes of an event, the oldest first; the last is today's.
pub(crate) struct History {
    pub(crate) shapes: Vec<Shape>,
}

/// The fields of one schema version.
pub(crate) struct Shape {
    pub(crate) version: u32,
    pub(crate) fields: Vec<Stored>,
}

/// A field in one schema version.
#[derive(Clone)]
pub(crate) struct Stored {
    /// The number of the field, the same in every shape.
    pub(crate) number: usize,
    /// Its name in code.
    pub(crate) member: Member,
    /// The key that it is stored under; the index in a tuple struct.
    pub(crate) key: String,
    /// The span of the key: in a step, in `rename`, or the field's name.
    key_span: Span,
    /// Whether the user wrote the key itself, and not only the field's name.
    key_given: bool,
    pub(crate) ty: Type,
    pub(crate) held: Held,
    /// Keys it is also read under.
    pub(crate) aliases: Vec<LitStr>,
    /// How its value is computed from the older shape.
    pub(crate) origin: Origin,
}

/// How a field is computed from the older shape.
#[derive(Clone)]
pub(crate) enum Origin {
    Kept,
    Added(Expr),
    With(Type, Expr),
    TryWith(Type, Expr),
}

impl History {
    /// Walks back through the steps of `event` and reports keys that clash.
    pub(crate) fn of(event: &Event, mistakes: &mut Mistakes) -> Self {
        let (base, today) = (check::base(event), event.version);
        let mut shapes: Vec<Shape> = (base..=today).map(|version| Shape { version, fields: Vec::new() }).collect();
        let fields =
            event.fields.iter().enumerate().map(|(number, field)| (today_field(event, number), &field.steps, None));
        let count = event.fields.len();
        let removed = event.removed.iter().enumerate();
        let removed = removed.map(|(index, gone)| (removed_field(count + index, gone), &gone.steps, Some(gone.at)));
        for (mut stored, steps, gone) in fields.chain(removed) {
            let newest = gone.map_or(today, |at| at - 1);
            let mut steps = steps.iter().rev().peekable();
            for shape in shapes.iter_mut().rev().filter(|shape| shape.version <= newest) {
                let step = steps.next_if(|step| step.at == shape.version);
                let before = back(&mut stored, step, mistakes);
                shape.fields.push(stored);
                match before {
                    Some(before) => stored = before,
                    None => break,
                }
            }
        }
        let mut clashed = HashSet::new();
        for shape in &mut shapes {
            shape.fields.sort_by_key(|field| field.number);
            clashes(shape, today, &mut clashed, mistakes);
            tell_members_apart(shape);
        }
        Self { shapes }
    }

    /// Today's shape and those before it.
    pub(crate) fn split(&self) -> (&[Shape], Option<&Shape>) {
        self.shapes.split_last().map_or((&[], None), |(today, before)| (before, Some(today)))
    }
}

impl Shape {
    /// The field with this number.
    pub(crate) fn field(&self, number: usize) -> Option<&Stored> {
        self.fields.iter().find(|field| field.number == number)
    }
}

impl Stored {
    /// Whether the payload has it.
    pub(crate) fn is_stored(&self) -> bool {
        self.held.presence != Presence::Skip
    }

    /// serde's attributes for reading it.
    pub(crate) fn words(&self, form: Form) -> Vec<TokenStream> {
        let mut words = self.held.words.clone();
        if form == Form::Named && self.held.presence != Presence::Flatten && self.is_stored() {
            let key = &self.key;
            words.push(quote::quote!(rename = #key));
            words.extend(self.aliases.iter().map(|alias| quote::quote!(alias = #alias)));
        }
        words
    }
}

fn today_field(event: &Event, number: usize) -> Stored {
    let field = &event.fields[number];
    let key_span = field.stored.rename.as_ref().map_or(field.span, LitStr::span);
    let key = match (&field.stored.rename, &field.member) {
        (Some(rename), Member::Named(_)) => rename.value(),
        (_, Member::Named(ident)) => event.stored.key(&ident.unraw().to_string()),
        (_, Member::Unnamed(index)) => index.index.to_string(),
    };
    Stored {
        number,
        member: field.member.clone(),
        key,
        key_span,
        key_given: field.stored.rename.is_some(),
        ty: field.ty.clone(),
        aliases: field.stored.held.aliases.clone(),
        held: field.stored.held.clone(),
        origin: Origin::Kept,
    }
}

fn removed_field(number: usize, removed: &Removed) -> Stored {
    Stored {
        number,
        member: member(&removed.name),
        key: removed.name.value(),
        key_span: removed.name.span(),
        key_given: true,
        ty: removed.ty.clone(),
        aliases: removed.held.aliases.clone(),
        held: removed.held.clone(),
        origin: Origin::Kept,
    }
}

/// Sets the origin of `stored` and returns the field of the older shape.
fn back(stored: &mut Stored, step: Option<&Step>, mistakes: &mut Mistakes) -> Option<Stored> {
    let mut before = stored.clone();
    before.origin = Origin::Kept;
    match step.map(|step| &step.kind) {
        None => {}
        Some(Kind::Added { default }) => {
            stored.origin = Origin::Added(Expr::clone(default));
            return None;
        }
        Some(Kind::Renamed { from }) => {
            another_key(from, stored, "from", mistakes);
            before.take_key(from);
            before.aliases.clear();
        }
        Some(Kind::Changed(changed)) => {
            stored.origin = match &changed.with {
                Conversion::With(with) => Origin::With(changed.from.clone(), with.clone()),
                Conversion::TryWith(with) => Origin::TryWith(changed.from.clone(), with.clone()),
            };
            before.ty = changed.from.clone();
            before.held = changed.held.clone();
            if let Some(name) = &changed.name {
                another_key(name, stored, "name", mistakes);
                before.take_key(name);
                before.aliases.clear();
            }
            before.aliases.extend(changed.held.aliases.iter().cloned());
        }
    }
    Some(before)
}

/// Reports an older key that equals the newer one.
fn another_key(key: &LitStr, stored: &Stored, word: &str, mistakes: &mut Mistakes) {
    if key.value() == stored.key {
        let text = format!(
            "`{word}` is the key that the field had before, and `{0}` is the one it has since\n\
             write the key before, or leave the renaming out",
            stored.key
        );
        mistakes.at(key.span(), text);
    }
}

impl Stored {
    fn take_key(&mut self, key: &LitStr) {
        self.key = key.value();
        self.key_span = key.span();
        self.key_given = true;
        self.member = member(key);
    }
}

/// The name in code of the field that is stored under `key`.
fn member(key: &LitStr) -> Member {
    let text = key.value();
    let is_name = |text: &str| syn::parse_str::<Ident>(text).is_ok_and(|ident| ident == text);
    // syn accepts `gen` as an identifier, which it was before edition 2024.
    if is_name(&text) && text != "gen" {
        return Member::Named(Ident::new(&text, key.span()));
    }
    if is_name(&format!("r#{text}")) {
        return Member::Named(Ident::new_raw(&text, key.span()));
    }
    let letter = |letter: char| if is_name(&format!("_{letter}")) { letter } else { '_' };
    let mut name: String = text.chars().map(letter).collect();
    if !is_name(&name) {
        // A leading digit, or a keyword that cannot be raw.
        name.insert(0, '_');
    }
    Member::Named(Ident::new(&name, key.span()))
}

/// Reports keys of `shape` under which two fields are read.
fn clashes(shape: &Shape, today: u32, clashed: &mut HashSet<(usize, usize)>, mistakes: &mut Mistakes) {
    let keyed = |field: &&Stored| field.is_stored() && field.held.presence != Presence::Flatten;
    let fields: Vec<_> = shape.fields.iter().filter(keyed).collect();
    for (index, field) in fields.iter().enumerate() {
        for other in &fields[..index] {
            let Some((span, text)) = clash(shape.version, today, field, other) else { continue };
            if clashed.insert((field.number, other.number)) {
                mistakes.at(span, text);
            }
        }
    }
}

/// The message and its span, if `field` and `other` are read under the same key.
fn clash(version: u32, today: u32, field: &Stored, other: &Stored) -> Option<(Span, String)> {
    if field.key == other.key {
        // The mistake is rarely in the name of a field.
        let span = if other.key_given && !field.key_given { other.key_span } else { field.key_span };
        let remedy = if version == today {
            "give one of them another key"
        } else {
            "was one of them added, renamed or removed in another version?"
        };
        return Some((span, format!("schema version {version} has two fields stored as `{}`\n{remedy}", field.key)));
    }
    let alias = |one: &Stored, another: &Stored| {
        let alias = one.aliases.iter().find(|alias| alias.value() == another.key)?;
        Some((alias.span(), format!("the alias `{0}` is the key of another field", alias.value())))
    };
    let shared = || {
        let read = |alias: &&LitStr| other.aliases.iter().any(|known| known.value() == alias.value());
        let alias = field.aliases.iter().find(read)?;
        Some((alias.span(), format!("the alias `{}` belongs to two fields", alias.value())))
    };
    let (span, text) = alias(field, other).or_else(|| alias(other, field)).or_else(shared)?;
    let text = format!(
        "{text} in schema version {version}, and a payload would be read into the wrong one\n\
         leave the alias out; declare a key that the field had before by `renamed(in = …, from = \"…\")`"
    );
    Some((span, text))
}

/// Two keys can give the same name, such as `note-len` and `note_len`.
fn tell_members_apart(shape: &mut Shape) {
    for index in 1..shape.fields.len() {
        let (before, rest) = shape.fields.split_at_mut(index);
        let Some(field) = rest.first_mut() else { continue };
        while let Member::Named(ident) = &field.member
            && before.iter().any(|other| other.member == field.member)
        {
            field.member = Member::Named(Ident::new(&format!("{}_", ident.unraw()), ident.span()));
        }
    }
}

#[cfg(test)]
mod tests;
