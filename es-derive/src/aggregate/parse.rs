//! Reads the type and its `#[aggregate(…)]`.

use proc_macro2::Span;
use quote::format_ident;
use syn::{Data, DeriveInput, Error, Ident, LitStr, Path, Result, Type, Visibility, spanned::Spanned};

use crate::{
    attribute::{self, Entry},
    listed::Listed,
    mistakes::Mistakes,
};

const CATEGORY: &str = "category";
const ID: &str = "id";
const EVENTS: &str = "events";
const EVENT: &str = "event";
const CRATE: &str = "crate";

const CATEGORY_BYTES: usize = 512;

/// An aggregate as the user wrote it.
pub(crate) struct Aggregate<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) vis: &'a Visibility,
    /// Whether code can be written for it at all: a struct or an enum without parameters.
    pub(crate) plain: bool,
    pub(crate) category: Option<LitStr>,
    pub(crate) id: Option<Type>,
    /// The name of the enum of its events.
    pub(crate) event: Ident,
    pub(crate) events: Vec<Listed>,
    pub(crate) krate: Option<Path>,
}

/// Reads `input`; what cannot be read is noted and left out.
pub(crate) fn aggregate<'a>(input: &'a DeriveInput, mistakes: &mut Mistakes) -> Aggregate<'a> {
    let ident = &input.ident;
    let plain = is_plain(input, mistakes);
    let mut read = Attributes::default();
    attribute::entries(&input.attrs, "aggregate", mistakes, |entry, mistakes| read.entry(entry, mistakes));
    read.missing(ident, mistakes);
    Aggregate {
        ident,
        vis: &input.vis,
        plain,
        category: read.category,
        id: read.id,
        event: read.event.unwrap_or_else(|| format_ident!("{ident}Event")),
        events: read.events,
        krate: read.krate,
    }
}

#[derive(Default)]
struct Attributes {
    given: Vec<String>,
    category: Option<LitStr>,
    id: Option<Type>,
    event: Option<Ident>,
    events: Vec<Listed>,
    krate: Option<Path>,
}

impl Attributes {
    fn entry(&mut self, entry: &Entry<'_>, mistakes: &mut Mistakes) -> Result<()> {
        let key = entry.key.to_string();
        entry.once(self.given(&key))?;
        self.given.push(key);
        if entry.is(CATEGORY) {
            self.category = Some(category(entry.value_or("\"…\"")?)?);
        } else if entry.is(ID) {
            self.id = Some(entry.value_or("AccountId")?);
        } else if entry.is(EVENT) {
            self.event = Some(entry.value_or("AccountEvent")?);
        } else if entry.is(EVENTS) {
            self.events = entry.list(mistakes)?;
            if self.events.is_empty() {
                return Err(nothing_listed(entry.key.span()));
            }
        } else if entry.is(CRATE) {
            self.krate = Some(entry.path()?);
        } else {
            return Err(attribute::unknown_key(&entry.key, "`#[aggregate(…)]`", &[CATEGORY, ID, EVENTS, EVENT, CRATE]));
        }
        Ok(())
    }

    fn given(&self, key: &str) -> bool {
        self.given.iter().any(|given| given == key)
    }

    fn missing(&self, ident: &Ident, mistakes: &mut Mistakes) {
        let lower = ident.to_string().to_lowercase();
        let remedies = [
            (CATEGORY, "category", format!("category = \"{lower}\"")),
            (ID, "type of id", format!("id = {ident}Id")),
            (EVENTS, "events", format!("events({ident}Opened, …)")),
        ];
        for (key, what, remedy) in remedies {
            if !self.given(key) {
                mistakes.at(ident.span(), format!("aggregate `{ident}` has no {what}; write `#[aggregate({remedy})]`"));
            }
        }
    }
}

fn category(category: LitStr) -> Result<LitStr> {
    let text = category.value();
    let wrong = if text.is_empty() {
        "the category is empty; write for example `category = \"account\"`".to_owned()
    } else if text.contains('\0') {
        "the category holds a NUL character, which no store takes; leave it out".to_owned()
    } else if text.len() > CATEGORY_BYTES {
        format!("the category has {} bytes, and stores take {CATEGORY_BYTES}; write a shorter one", text.len())
    } else {
        return Ok(category);
    };
    Err(Error::new(category.span(), wrong))
}

fn nothing_listed(span: Span) -> Error {
    Error::new(span, "no event is listed; write at least one, as in `events(Opened)`")
}

fn is_plain(input: &DeriveInput, mistakes: &mut Mistakes) -> bool {
    let ident = &input.ident;
    if let Data::Union(_) = input.data {
        mistakes.at(
            ident.span(),
            format!("an aggregate is a struct or an enum, and `{ident}` is a union; write a struct or an enum"),
        );
        return false;
    }
    if let Some(first) = input.generics.params.first() {
        mistakes.at(
            first.span(),
            format!(
                "aggregate `{ident}` has a generic parameter, and one category cannot stand for several types\n\
                 write a type without parameters"
            ),
        );
        return false;
    }
    true
}
