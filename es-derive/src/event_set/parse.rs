//! Reads the enum and its `#[event_set(…)]`.

use proc_macro2::TokenStream;
use syn::{Data, DeriveInput, Error, Fields, Ident, Path, Result, Type, Variant, spanned::Spanned};

use crate::{
    attribute::{self, Entry},
    mistakes::Mistakes,
    path_list::{ListedPath, text},
};

const OF: &str = "of";
const RETIRED: &str = "retired";
const CRATE: &str = "crate";
/// Written by `#[project]`: the events are those of methods, and the messages speak of them.
const METHODS: &str = "__es_methods";
/// Written by `#[project]`: further aggregates, of which another check requires every event.
const EVERY: &str = "__es_every";

/// A set of events as the user wrote it.
pub(crate) struct EventSet<'a> {
    pub(crate) ident: &'a Ident,
    /// Whether code can be written for it at all: an enum without parameters.
    pub(crate) plain: bool,
    /// Whether there is no mistake, so that the aggregates can be checked.
    pub(crate) complete: bool,
    pub(crate) members: Vec<Member<'a>>,
    /// The aggregates.
    pub(crate) of: Vec<ListedPath>,
    /// How many of the aggregates have another check that requires their events; the last ones.
    pub(crate) every: usize,
    /// Whether `#[project]` wrote the enum.
    pub(crate) by_methods: bool,
    pub(crate) krate: Option<Path>,
    /// An attribute for its impls.
    pub(crate) not_recommended: Option<TokenStream>,
}

/// A variant of a set.
pub(crate) struct Member<'a> {
    pub(crate) variant: &'a Ident,
    /// The event that it holds; `None` after a mistake.
    pub(crate) event: Option<&'a Type>,
}

/// Reads `input`. Reports and leaves out what it cannot read.
pub(crate) fn event_set<'a>(input: &'a DeriveInput, mistakes: &mut Mistakes) -> EventSet<'a> {
    let ident = &input.ident;
    let mut set = EventSet {
        ident,
        plain: false,
        complete: true,
        members: Vec::new(),
        of: Vec::new(),
        every: 0,
        by_methods: false,
        krate: None,
        not_recommended: attribute::not_recommended(&input.attrs),
    };
    let mut given: Vec<String> = Vec::new();
    attribute::entries(&input.attrs, "event_set", "of(Account, …)", mistakes, |entry, mistakes| {
        let key = entry.key.to_string();
        entry.refuse_repeat(given.contains(&key))?;
        given.push(key.clone());
        match key.as_str() {
            METHODS => set.by_methods = true,
            OF if set.by_methods => set.of = entry.items(mistakes, ListedPath::aggregate)?,
            OF => set.of = of(entry, mistakes)?,
            EVERY if set.by_methods => {
                let every = entry.items(mistakes, ListedPath::aggregate)?;
                set.every = every.len();
                set.of.extend(every);
            }
            CRATE => set.krate = Some(entry.path()?),
            RETIRED => {
                let message = "a feed receives the successors of retired events through the aggregates in `of(…)`; \
                               leave `retired(…)` out";
                return Err(Error::new(entry.key.span(), message));
            }
            _ => return Err(attribute::unknown_key(&entry.key, "`#[event_set(…)]`", &[OF, CRATE])),
        }
        Ok(())
    });
    attribute::only_on_the_item(&input.data, "event_set", mistakes);
    let Data::Enum(data) = &input.data else {
        let kind = if matches!(input.data, Data::Union(_)) { "union" } else { "struct" };
        mistakes.at(
            ident.span(),
            format!(
                "an event set is an enum over events, and `{ident}` is a {kind}\n\
                 write `enum {ident} {{ Opened(Opened), … }}`, or `#[derive(Event)]` if `{ident}` is a single event"
            ),
        );
        return set;
    };
    if let Some(first) = input.generics.params.first() {
        mistakes.at(
            first.span(),
            format!("event set `{ident}` has a generic parameter, and a stored name belongs to one type\nwrite an enum without parameters"),
        );
        return set;
    }
    if data.variants.is_empty() {
        mistakes.at(
            ident.span(),
            format!("event set `{ident}` holds no event; write a variant for each, as in `Opened(Opened)`"),
        );
    }
    // A mistake in the attribute may have been meant to be `of(…)`.
    let is_given_or_reported = given.iter().any(|key| key == OF) || !mistakes.is_empty();
    set.complete = given.iter().any(|key| key == OF);
    if !is_given_or_reported {
        mistakes.at(
            ident.span(),
            format!(
                "event set `{ident}` does not name the aggregates of its events\n\
                 write `#[event_set(of(…))]` above it, with the aggregates that hold them"
            ),
        );
    }
    set.plain = true;
    for variant in &data.variants {
        set.members.push(member(variant, mistakes));
    }
    set
}

/// The aggregates in `of(…)`.
fn of(entry: &Entry<'_>, mistakes: &mut Mistakes) -> Result<Vec<ListedPath>> {
    let before = mistakes.count();
    let aggregates = entry.items(mistakes, ListedPath::aggregate)?;
    if aggregates.is_empty() && mistakes.count() == before {
        let message = "`of` names no aggregate; write those that hold the events, as in `of(Account)`";
        return Err(Error::new(entry.key.span(), message));
    }
    Ok(aggregates)
}

fn member<'a>(variant: &'a Variant, mistakes: &mut Mistakes) -> Member<'a> {
    let ident = &variant.ident;
    let event = match &variant.fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => fields.unnamed.first(),
        _ => None,
    };
    if event.is_none() {
        let held = variant.fields.iter().map(|field| text(&field.ty)).map(|event| format!("`{event}({event})`"));
        let held: Vec<_> = held.collect();
        let remedy = if held.is_empty() { format!("`{ident}({ident})`") } else { held.join(", ") };
        mistakes.spanning(variant, format!("a variant of an event set holds one event; write {remedy}"));
    }
    Member { variant: ident, event: event.map(|event| &event.ty) }
}
