//! Reads the type and its `#[aggregate(…)]`.

use proc_macro2::TokenStream;
use quote::format_ident;
use syn::{Data, DeriveInput, Error, Ident, LitStr, Path, Result, Type, Visibility, ext::IdentExt, spanned::Spanned};

use crate::{
    attribute::{self, Entry, ValueForm},
    mistakes::Mistakes,
    path_list::{ListedEvent, ListedPath, text},
    word,
};

const CATEGORY: &str = "category";
const ID: &str = "id";
const EVENTS: &str = "events";
const EVENT: &str = "event";
const RETIRED: &str = "retired";
const CRATE: &str = "crate";
const KEYS: [&str; 6] = [CATEGORY, ID, EVENTS, EVENT, RETIRED, CRATE];

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
    pub(crate) events: Vec<ListedEvent>,
    /// Whether a mistake was reported, so that parts may be missing or wrong.
    pub(crate) incomplete: bool,
    pub(crate) retired: Vec<ListedPath>,
    pub(crate) krate: Option<Path>,
    /// An attribute for the impls.
    pub(crate) not_recommended: Option<TokenStream>,
}

/// Reads `input`. Reports and leaves out what it cannot read.
pub(crate) fn aggregate<'a>(input: &'a DeriveInput, mistakes: &mut Mistakes) -> Aggregate<'a> {
    let ident = &input.ident;
    let plain = is_plain(input, mistakes);
    let mut read = Attributes::default();
    attribute::entries(
        &input.attrs,
        "aggregate",
        "category = \"…\", id = …, events(…)",
        mistakes,
        |entry, mistakes| read.entry(entry, mistakes),
    );
    attribute::only_on_the_item(&input.data, "aggregate", mistakes);
    read.missing(ident, mistakes);
    Aggregate {
        ident,
        vis: &input.vis,
        plain,
        category: read.category,
        id: read.id,
        event: read.event.unwrap_or_else(|| format_ident!("{ident}Event")),
        events: read.events,
        incomplete: false,
        retired: read.retired,
        krate: read.krate,
        not_recommended: attribute::not_recommended(&input.attrs),
    }
}

#[derive(Default)]
struct Attributes {
    given: Vec<&'static str>,
    /// For each unknown key that resembles no known one: the key that its value fits.
    meant: Vec<&'static str>,
    category: Option<LitStr>,
    id: Option<Type>,
    event: Option<Ident>,
    events: Vec<ListedEvent>,
    retired: Vec<ListedPath>,
    krate: Option<Path>,
}

impl Attributes {
    fn entry(&mut self, entry: &Entry<'_>, mistakes: &mut Mistakes) -> Result<()> {
        let key = self.known(entry, mistakes)?;
        entry.refuse_repeat(self.given(key))?;
        self.given.push(key);
        match key {
            CATEGORY => self.category = Some(word::read(entry, "account")?),
            ID => self.id = Some(entry.value_or("AccountId")?),
            EVENT => self.event = Some(entry.value_or("AccountEvent")?),
            EVENTS => self.events = events(entry, mistakes)?,
            RETIRED => self.retired = entry.items(mistakes, ListedPath::event)?,
            _ => self.krate = Some(entry.path()?),
        }
        Ok(())
    }

    /// The known key of `entry`. A key that resembles a known one is reported and read as that one, so that the known key is
    /// not reported as missing too.
    fn known(&mut self, entry: &Entry<'_>, mistakes: &mut Mistakes) -> Result<&'static str> {
        if entry.is(EVENT) && entry.has_parentheses() {
            mistakes.at(entry.key.span(), "`event` names the enum; to list the events write `events(…)`");
            return Ok(EVENTS);
        }
        if let Some(key) = KEYS.into_iter().find(|key| entry.is(key)) {
            return Ok(key);
        }
        let mistake = attribute::unknown_key(&entry.key, "`#[aggregate(…)]`", &KEYS);
        match attribute::suggestion(&entry.key, &KEYS) {
            Some(meant) if !self.given(meant) => {
                mistakes.push(mistake);
                Ok(meant)
            }
            Some(_) => Err(mistake),
            None => {
                self.meant.push(match entry.value_form() {
                    ValueForm::Parentheses => EVENTS,
                    ValueForm::Text => CATEGORY,
                    ValueForm::Other => ID,
                });
                Err(mistake)
            }
        }
    }

    fn given(&self, key: &str) -> bool {
        self.given.contains(&key)
    }

    fn missing(&self, ident: &Ident, mistakes: &mut Mistakes) {
        let category = format!("category = \"{}\"", ident.unraw().to_string().to_lowercase());
        let id = format!("id = {}Id", ident.unraw());
        let events = "events(Opened, …)";
        if self.given.is_empty() {
            if !mistakes.is_empty() {
                return; // Reported already.
            }
            mistakes.at(
                ident.span(),
                format!(
                    "aggregate `{ident}` lacks its attribute; write `#[aggregate({category}, {id}, {events})]` above it"
                ),
            );
            return;
        }
        for (key, what, remedy) in
            [(CATEGORY, "category", &*category), (ID, "type of id", &id), (EVENTS, "events", events)]
        {
            if !self.given(key) && !self.meant.contains(&key) {
                mistakes.at(
                    ident.span(),
                    format!("aggregate `{ident}` has no {what}; add `{remedy}` to `#[aggregate(…)]`"),
                );
            }
        }
    }
}

fn events(entry: &Entry<'_>, mistakes: &mut Mistakes) -> Result<Vec<ListedEvent>> {
    if !entry.has_parentheses() {
        let bracketed = entry.items_in_brackets(mistakes, ListedEvent::read)?;
        if let Some(first) = bracketed.first() {
            let written = text(&first.item.path);
            mistakes.at(entry.key.span(), format!("events are listed in parentheses; write `events({written}, …)`"));
            return Ok(bracketed);
        }
        let event = entry.path().map_err(|_| Error::new(entry.key.span(), "write `events(Opened, …)`"))?;
        let written = text(&event);
        mistakes.at(entry.key.span(), format!("events are listed in parentheses; write `events({written}, …)`"));
        return Ok(vec![ListedEvent::plain(event)?]);
    }
    let before = mistakes.count();
    let events = entry.items(mistakes, ListedEvent::read)?;
    if events.is_empty() && mistakes.count() == before {
        return Err(Error::new(entry.key.span(), "no event is listed; write at least one, as in `events(Opened)`"));
    }
    Ok(events)
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
                "aggregate `{ident}` has a generic parameter, and one category cannot name several types\n\
                 write a type without parameters"
            ),
        );
        return false;
    }
    true
}
