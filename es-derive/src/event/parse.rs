//! Reads the struct, its fields, and their `#[event(…)]`.

use std::mem;

use proc_macro2::Span;
use syn::{
    Attribute, Data, DeriveInput, Error, Field, Fields, Ident, LitInt, LitStr, Member, Path, Result, Token, Type,
    ext::IdentExt, parse::ParseStream, spanned::Spanned, visit_mut::VisitMut,
};

use super::{
    step::{ADDED, CHANGED, REMOVED, RENAMED, Removed, Step},
    stored::{FieldAttributes, StructAttributes},
};
use crate::{
    attribute::{self, Entry},
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
    /// Where that number stands, or the struct's name.
    pub(crate) version_span: Span,
    pub(crate) aliases: Vec<Alias>,
    pub(crate) previous: Option<Type>,
    pub(crate) removed: Vec<Removed>,
    pub(crate) form: Form,
    pub(crate) fields: Vec<EventField>,
    pub(crate) stored: StructAttributes,
}

/// A name it was stored under before.
pub(crate) struct Alias {
    pub(crate) name: LitStr,
    pub(crate) up_to: u32,
    pub(crate) up_to_span: Span,
}

/// How the struct is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Named,
    Tuple,
    Unit,
}

/// A field of today's struct.
pub(crate) struct EventField {
    pub(crate) member: Member,
    pub(crate) ty: Type,
    pub(crate) stored: FieldAttributes,
    pub(crate) steps: Vec<Step>,
}

/// Reads `input`; what cannot be read is noted and left out.
pub(crate) fn event(input: &DeriveInput, mistakes: &mut Mistakes) -> Parsed {
    only_plain_structs(input, mistakes);
    let mut attributes = Attributes::default();
    attribute::entries(&input.attrs, "event", mistakes, |entry, mistakes| attributes.read(entry, mistakes));
    let Attributes { name, name_given, version, aliases, previous, removed, krate } = attributes;
    if !name_given {
        let near = near_name(&input.ident);
        mistakes.at(
            input.ident.span(),
            format!("event `{}` has no stored name; write `#[event(name = \"{near}\")]`", input.ident),
        );
    }
    let (form, fields) = match &input.data {
        Data::Struct(data) => (form(&data.fields), fields(&input.ident, &data.fields, mistakes)),
        Data::Enum(_) | Data::Union(_) => (Form::Unit, Vec::new()),
    };
    let (version, version_span) = version.unwrap_or((1, input.ident.span()));
    let event = name.map(|name| Event {
        ident: input.ident.clone(),
        krate: krate.clone(),
        name,
        version,
        version_span,
        aliases,
        previous,
        removed,
        form,
        fields,
        stored: StructAttributes::read(&input.attrs),
    });
    Parsed { event, krate }
}

#[derive(Default)]
struct Attributes {
    name: Option<LitStr>,
    name_given: bool,
    version: Option<(u32, Span)>,
    aliases: Vec<Alias>,
    previous: Option<Type>,
    removed: Vec<Removed>,
    krate: Option<Path>,
}

impl Attributes {
    fn read(&mut self, entry: &Entry<'_>, mistakes: &mut Mistakes) -> Result<()> {
        if entry.is(NAME) {
            entry.once(mem::replace(&mut self.name_given, true))?;
            self.name = Some(stored_name(entry.value_or("\"…\"")?)?);
        } else if entry.is(VERSION) {
            entry.once(self.version.is_some())?;
            self.version = Some(schema_version(&entry.value_or("2")?)?);
        } else if entry.is(ALIAS) {
            self.aliases.push(entry.parenthesized(alias)?);
        } else if entry.is(PREVIOUS) {
            entry.once(self.previous.is_some())?;
            self.previous = Some(entry.value_or("the type before")?);
        } else if entry.is(REMOVED) {
            self.removed.extend(Removed::read(entry, mistakes)?);
        } else if entry.is(CRATE) {
            entry.once(self.krate.is_some())?;
            self.krate = Some(entry.path()?);
        } else if Step::is(entry) {
            let text = format!("`{}` belongs to a field; write it on the field that it changed", entry.key);
            return Err(Error::new(entry.key.span(), text));
        } else {
            let known = [NAME, VERSION, ALIAS, PREVIOUS, REMOVED, CRATE];
            // a slip of the pen is one mistake: the name is not missing as well
            self.name_given |= attribute::meant(&entry.key, &known) == Some(NAME);
            return Err(attribute::unknown_key(&entry.key, "`#[event(…)]` on a struct", &known));
        }
        Ok(())
    }
}

fn form(fields: &Fields) -> Form {
    match fields {
        Fields::Named(_) => Form::Named,
        Fields::Unnamed(_) => Form::Tuple,
        Fields::Unit => Form::Unit,
    }
}

fn fields(ident: &Ident, fields: &Fields, mistakes: &mut Mistakes) -> Vec<EventField> {
    fields.members().zip(fields).map(|(member, field)| self::field(ident, member, field, mistakes)).collect()
}

/// Puts the struct's name where `Self` stands.
struct Named<'a>(&'a Ident);

impl VisitMut for Named<'_> {
    fn visit_ident_mut(&mut self, ident: &mut Ident) {
        if ident == "Self" {
            *ident = Ident::new(&self.0.to_string(), ident.span());
        }
    }
}

fn field(ident: &Ident, member: Member, field: &Field, mistakes: &mut Mistakes) -> EventField {
    let mut steps = Vec::new();
    attribute::entries(&field.attrs, "event", mistakes, |entry, mistakes| {
        if Step::is(entry) {
            steps.extend(Step::read(entry, mistakes)?);
            Ok(())
        } else if entry.is(REMOVED) {
            let text = "`removed` belongs to the struct, since the field is gone; write `#[event(removed(…))]` above the struct";
            Err(Error::new(entry.key.span(), text))
        } else {
            Err(attribute::unknown_key(&entry.key, "`#[event(…)]` on a field", &[ADDED, RENAMED, CHANGED]))
        }
    });
    not_configured(&field.attrs, mistakes);
    let mut ty = field.ty.clone();
    // code outside of the struct has no `Self`
    Named(ident).visit_type_mut(&mut ty);
    EventField { member, ty, stored: FieldAttributes::read(&field.attrs), steps }
}

fn not_configured(attributes: &[Attribute], mistakes: &mut Mistakes) {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")) {
        let text = "a stored field cannot depend on `cfg`, or two builds would read the same payload differently\n\
                    write the field always, perhaps as an `Option`";
        mistakes.spanning(attribute, text);
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
        Ok((name, word, input.parse::<LitInt>()?))
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
    if let Some(first) = input.generics.params.first() {
        let text = format!(
            "event `{ident}` has a generic parameter, and one stored name cannot stand for several types\n\
             write a struct without parameters"
        );
        mistakes.at(first.span(), text);
    }
}

/// `AccountOpened` as `account.opened`: a name to start from.
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
