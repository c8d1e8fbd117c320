//! Reads the struct, its fields, and their `#[event(…)]`.

use std::mem;

use proc_macro2::{Span, TokenStream};
use syn::{
    Data, DeriveInput, Error, GenericParam, Ident, LitInt, LitStr, Path, Result, Token, Type, ext::IdentExt,
    parse::ParseStream, spanned::Spanned,
};

use super::{
    field::{self, EventField, Form, fields, form},
    one_sided,
    self_type::ReplaceSelf,
    step::{REMOVED, Removed, Step},
    stored::{self, StructAttributes},
};
use crate::{
    attribute::{self, Entry, ValueForm},
    mistakes::Mistakes,
};

const NAME: &str = "name";
const VERSION: &str = "version";
const ALIAS: &str = "alias";
const UP_TO: &str = "up_to";
const PREVIOUS: &str = "previous";
const CRATE: &str = "crate";

/// The longest stored name that every store takes, in bytes.
const NAME_BYTES: usize = 512;

/// What the user wrote.
pub(crate) struct Parsed {
    /// The event, if it is a struct. Parts that could not be read are reported and have placeholders.
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
    /// The span of that number, or of the struct's name.
    pub(crate) version_span: Span,
    pub(crate) aliases: Vec<Alias>,
    pub(crate) previous: Option<Type>,
    pub(crate) removed: Vec<Removed>,
    pub(crate) form: Form,
    pub(crate) fields: Vec<EventField>,
    pub(crate) stored: StructAttributes,
    /// An attribute for its impl.
    pub(crate) not_recommended: Option<TokenStream>,
}

/// A name it was stored under before.
pub(crate) struct Alias {
    pub(crate) name: LitStr,
    pub(crate) up_to: u32,
    pub(crate) up_to_span: Span,
}

/// Reads `input`. Reports and leaves out what it cannot read.
pub(crate) fn event(input: &DeriveInput, mistakes: &mut Mistakes) -> Parsed {
    only_plain_structs(input, mistakes);
    let mut attributes = Attributes::default();
    let (before, mut any_key) = (mistakes.count(), false);
    attribute::entries(&input.attrs, "event", "name = \"…\"", mistakes, |entry, mistakes| {
        any_key = true;
        attributes.read(entry, mistakes)
    });
    // If no key could be read, or an unknown key may have been meant to be `name`, that mistake is already reported.
    let is_reported = !any_key && mistakes.count() > before || attributes.name_meant;
    let Attributes { name, name_given, version, version_given, aliases, previous, removed, krate, .. } = attributes;
    if !name_given && !is_reported {
        let near = near_name(&input.ident);
        mistakes.at(
            input.ident.span(),
            format!("event `{}` has no stored name; write `#[event(name = \"{near}\")]`", input.ident),
        );
    }
    // No step is above a version that could not be read.
    let assumed = if version_given { u32::MAX } else { 1 };
    let (version, version_span) = version.unwrap_or((assumed, input.ident.span()));
    let Data::Struct(data) = &input.data else { return Parsed { event: None, krate } };
    let metas = stored::metas(&input.attrs);
    let stored = StructAttributes::read(&metas);
    one_sided::of_struct(&metas, &stored, mistakes);
    let fields = fields(&input.ident, &data.fields, &stored, mistakes);
    let form = form(&data.fields);
    let mut removed = removed;
    for removed in &mut removed {
        ReplaceSelf(&input.ident).in_removed(removed);
    }
    if input.generics.params.len() == input.generics.lifetimes().count() {
        let before = mistakes.count();
        field::owned(&fields, &removed, mistakes);
        if let Some(first) = input.generics.params.first()
            && mistakes.count() == before
        {
            let text = format!(
                "event `{}` has a lifetime, but an event owns its values, since the payload it is read from is dropped\n\
                 use `'static` or an owned type where the lifetime is used, and leave the lifetime out here",
                input.ident
            );
            mistakes.at(first.span(), text);
        }
    }
    let event = Event {
        ident: input.ident.clone(),
        krate: krate.clone(),
        name: name.unwrap_or_else(|| LitStr::new("", input.ident.span())),
        version,
        version_span,
        aliases,
        previous,
        removed,
        form,
        fields,
        stored,
        not_recommended: attribute::not_recommended(&input.attrs),
    };
    Parsed { event: Some(event), krate }
}

#[derive(Default)]
struct Attributes {
    name: Option<LitStr>,
    name_given: bool,
    /// Whether an unknown key may have been meant to be `name`.
    name_meant: bool,
    version: Option<(u32, Span)>,
    version_given: bool,
    aliases: Vec<Alias>,
    previous: Option<Type>,
    removed: Vec<Removed>,
    krate: Option<Path>,
}

impl Attributes {
    fn read(&mut self, entry: &Entry<'_>, mistakes: &mut Mistakes) -> Result<()> {
        if entry.is(NAME) {
            entry.refuse_repeat(mem::replace(&mut self.name_given, true))?;
            self.name = Some(stored_name(entry.value_or("\"…\"")?)?);
        } else if entry.is(VERSION) {
            entry.refuse_repeat(mem::replace(&mut self.version_given, true))?;
            self.version = Some(schema_version(&entry.value_or("2")?)?);
        } else if entry.is(ALIAS) {
            self.aliases.push(entry.parenthesized(alias)?);
        } else if entry.is(PREVIOUS) {
            entry.refuse_repeat(self.previous.is_some())?;
            self.previous = Some(entry.value_or("the type before")?);
        } else if entry.is(REMOVED) {
            self.removed.extend(Removed::read(entry, mistakes)?);
        } else if entry.is(CRATE) {
            entry.refuse_repeat(self.krate.is_some())?;
            self.krate = Some(entry.path()?);
        } else if Step::is(entry) {
            let text = format!("`{}` belongs to a field; write it on the field that it changed", entry.key);
            return Err(Error::new(entry.key.span(), text));
        } else {
            let known = [NAME, VERSION, ALIAS, PREVIOUS, REMOVED, CRATE];
            self.name_meant |= match attribute::suggestion(&entry.key, &known) {
                Some(meant) => meant == NAME,
                None => matches!(entry.value_form(), ValueForm::Text),
            };
            return Err(attribute::unknown_key(&entry.key, "`#[event(…)]` on a struct", &known));
        }
        Ok(())
    }
}

fn stored_name(name: LitStr) -> Result<LitStr> {
    let text = name.value();
    if text.is_empty() {
        return Err(Error::new(name.span(), "the stored name is empty; write for example `name = \"account.opened\"`"));
    }
    if text.len() > NAME_BYTES {
        let text = format!("the stored name has {} bytes; the limit is {NAME_BYTES}", text.len());
        return Err(Error::new(name.span(), text));
    }
    if text.contains('\0') {
        return Err(Error::new(
            name.span(),
            "the stored name holds a NUL character, which no store takes; leave it out",
        ));
    }
    if let Some(letter) = text.chars().find(|letter| letter.is_control()) {
        let text = format!("the stored name holds the character `{}`; leave it out", letter.escape_default());
        return Err(Error::new(name.span(), text));
    }
    Ok(name)
}

fn schema_version(number: &LitInt) -> Result<(u32, Span)> {
    match number.base10_parse() {
        Ok(0) => Err(Error::new(number.span(), "schema versions start at 1; write `version = 1` or leave it out")),
        Ok(version) => Ok((version, number.span())),
        Err(_) => {
            Err(Error::new(number.span(), "a schema version is a number from 1; write for example `version = 2`"))
        }
    }
}

fn alias(input: ParseStream<'_>) -> Result<Alias> {
    let span = input.span();
    let wanted = "write the earlier name and the last schema version stored under it: `alias(\"…\", up_to = 1)`";
    let read = || {
        let name = input.parse::<LitStr>()?;
        input.parse::<Token![,]>()?;
        let word = input.call(Ident::parse_any)?;
        input.parse::<Token![=]>()?;
        let up_to = input.parse::<LitInt>()?;
        input.parse::<Option<Token![,]>>()?;
        if input.is_empty() { Ok((name, word, up_to)) } else { Err(input.error("expected nothing more")) }
    };
    match read() {
        Ok((name, word, up_to)) if word == UP_TO => {
            let (up_to, up_to_span) = schema_version(&up_to)?;
            Ok(Alias { name: stored_name(name)?, up_to, up_to_span })
        }
        Ok((_, word, _)) => Err(attribute::unknown_key(&word, "`alias(…)`", &[UP_TO])),
        Err::<_, Error>(_) => Err(Error::new(span, wanted)),
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
    if let Some(first) = input.generics.params.iter().find(|first| !matches!(first, GenericParam::Lifetime(_))) {
        let text = format!(
            "event `{ident}` has a generic parameter, and one stored name cannot name several types\n\
             write a struct without parameters"
        );
        mistakes.at(first.span(), text);
    }
}

/// A suggestion for the stored name: `account.opened` for `AccountOpened`.
fn near_name(ident: &Ident) -> String {
    let mut name = String::new();
    for letter in ident.unraw().to_string().chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('.');
        }
        name.extend(letter.to_lowercase());
    }
    name
}
