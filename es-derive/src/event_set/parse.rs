//! Reads the enum and its `#[event_set(…)]`.

use std::mem;

use quote::ToTokens;
use syn::{Data, DeriveInput, Fields, Ident, Path, Variant, spanned::Spanned};

use super::Member;
use crate::{attribute, listed::text, mistakes::Mistakes};

const CRATE: &str = "crate";

/// A set of events as the user wrote it.
pub(crate) struct EventSet<'a> {
    pub(crate) ident: &'a Ident,
    /// Whether code can be written for it at all: an enum without parameters.
    pub(crate) plain: bool,
    pub(crate) members: Vec<Member<'a>>,
    pub(crate) krate: Option<Path>,
}

/// Reads `input`; what cannot be read is noted and left out.
pub(crate) fn event_set<'a>(input: &'a DeriveInput, mistakes: &mut Mistakes) -> EventSet<'a> {
    let ident = &input.ident;
    let mut krate = None;
    let mut given = false;
    attribute::entries(&input.attrs, "event_set", mistakes, |entry, _| {
        if !entry.is(CRATE) {
            return Err(attribute::unknown_key(&entry.key, "`#[event_set(…)]`", &[CRATE]));
        }
        entry.once(mem::replace(&mut given, true))?;
        krate = Some(entry.path()?);
        Ok(())
    });
    let mut set = EventSet { ident, plain: false, members: Vec::new(), krate };
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
            format!("event set `{ident}` has a generic parameter, and stored names stand for one type each\nwrite an enum without parameters"),
        );
        return set;
    }
    if data.variants.is_empty() {
        mistakes.at(
            ident.span(),
            format!("event set `{ident}` holds no event; write a variant for each, as in `Opened(Opened)`"),
        );
    }
    set.plain = true;
    for variant in &data.variants {
        set.members.push(member(variant, &set.members, mistakes));
    }
    set
}

fn member<'a>(variant: &'a Variant, before: &[Member<'a>], mistakes: &mut Mistakes) -> Member<'a> {
    let ident = &variant.ident;
    let event = match &variant.fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => fields.unnamed.first(),
        _ => None,
    };
    let Some(event) = event else {
        mistakes.spanning(variant, format!("a variant of an event set holds one event; write `{ident}({ident})`"));
        return Member { variant: ident, event: None };
    };
    let written = text(&event.ty);
    let same = |member: &&Member<'_>| member.event.as_ref().is_some_and(|event| text(event) == written);
    if let Some(before) = before.iter().find(same) {
        let first = before.variant;
        mistakes.spanning(&event.ty, format!("`{first}` holds `{written}` already; keep one of the two variants"));
        return Member { variant: ident, event: None };
    }
    Member { variant: ident, event: Some(event.ty.to_token_stream()) }
}
