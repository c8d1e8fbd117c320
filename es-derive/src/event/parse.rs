//! Reads the struct and its `#[event(…)]`.

use std::mem;

use syn::{Data, DeriveInput, Error, Ident, LitInt, LitStr, Path, Result};

use crate::{
    attribute::{self, Entry},
    mistakes::Mistakes,
};

const NAME: &str = "name";
const VERSION: &str = "version";
const CRATE: &str = "crate";

/// What the user wrote.
pub(crate) struct Parsed {
    /// The event, if enough of it could be read.
    pub(crate) event: Option<Event>,
    /// The path given by `crate = …`.
    pub(crate) krate: Option<Path>,
}

/// An event as the user wrote it.
pub(crate) struct Event {
    pub(crate) ident: Ident,
    pub(crate) krate: Option<Path>,
    pub(crate) name: LitStr,
    pub(crate) version: u32,
}

/// Reads `input`; what cannot be read is noted and left out.
pub(crate) fn event(input: &DeriveInput, mistakes: &mut Mistakes) -> Parsed {
    only_plain_structs(input, mistakes);
    let mut attributes = Attributes::default();
    attribute::entries(&input.attrs, "event", mistakes, |entry, _| attributes.read(entry));
    let Attributes { name, name_given, version, krate } = attributes;
    if !name_given {
        let near = near_name(&input.ident);
        mistakes.at(
            input.ident.span(),
            format!("event `{}` has no stored name; write `#[event(name = \"{near}\")]`", input.ident),
        );
    }
    let event = name.map(|name| Event {
        ident: input.ident.clone(),
        krate: krate.clone(),
        name,
        version: version.unwrap_or(1),
    });
    Parsed { event, krate }
}

#[derive(Default)]
struct Attributes {
    name: Option<LitStr>,
    name_given: bool,
    version: Option<u32>,
    krate: Option<Path>,
}

impl Attributes {
    fn read(&mut self, entry: &Entry<'_>) -> Result<()> {
        if entry.is(NAME) {
            entry.once(mem::replace(&mut self.name_given, true))?;
            self.name = Some(stored_name(entry.value_or("\"…\"")?)?);
        } else if entry.is(VERSION) {
            entry.once(self.version.is_some())?;
            self.version = Some(schema_version(&entry.value_or("2")?)?);
        } else if entry.is(CRATE) {
            entry.once(self.krate.is_some())?;
            self.krate = Some(entry.path()?);
        } else {
            return Err(attribute::unknown_key(&entry.key, "`#[event(…)]`", &[NAME, VERSION, CRATE]));
        }
        Ok(())
    }
}

fn stored_name(name: LitStr) -> Result<LitStr> {
    let text = name.value();
    if text.is_empty() {
        return Err(Error::new(name.span(), "the stored name is empty; write for example `name = \"account.opened\"`"));
    }
    if text.contains('\0') {
        return Err(Error::new(
            name.span(),
            "the stored name holds a NUL character, which no store takes; leave it out",
        ));
    }
    Ok(name)
}

fn schema_version(number: &LitInt) -> Result<u32> {
    match number.base10_parse() {
        Ok(0) => Err(Error::new(number.span(), "schema versions start at 1; write `version = 1` or leave it out")),
        Ok(version) => Ok(version),
        Err(_) => {
            Err(Error::new(number.span(), "a schema version is a number from 1; write for example `version = 2`"))
        }
    }
}

fn only_plain_structs(input: &DeriveInput, mistakes: &mut Mistakes) {
    let ident = &input.ident;
    match &input.data {
        Data::Struct(_) => {}
        Data::Enum(_) => mistakes.at(
            ident.span(),
            format!(
                "an event is a struct, and `{ident}` is an enum\n\
                 write one struct for each fact; `derive(Aggregate)` or `derive(EventSet)` makes the enum over them"
            ),
        ),
        Data::Union(_) => {
            mistakes.at(ident.span(), format!("an event is a struct, and `{ident}` is a union; write a struct"));
        }
    }
    if let Some(first) = input.generics.params.first() {
        mistakes.at(
            syn::spanned::Spanned::span(first),
            format!(
                "event `{ident}` has a generic parameter, and one stored name cannot stand for several types\n\
                 write a struct without parameters"
            ),
        );
    }
}

/// `AccountOpened` as `account.opened`: a name to start from.
fn near_name(ident: &Ident) -> String {
    let mut name = String::new();
    for letter in ident.to_string().trim_start_matches("r#").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('.');
        }
        name.extend(letter.to_lowercase());
    }
    name
}
