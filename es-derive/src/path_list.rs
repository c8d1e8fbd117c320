//! Reads lists of events (`Opened`, `other::Opened`, `Opened as FirstOpened`) and of aggregates, each item perhaps under a
//! `#[cfg(…)]`.

use quote::ToTokens;
use syn::{Attribute, Error, Ident, Path, Result, Token, ext::IdentExt, parse::ParseStream};

use crate::mistakes::Mistakes;

/// A path in a list.
pub(crate) struct ListedPath {
    pub(crate) path: Path,
    /// Its `#[cfg]`s.
    pub(crate) cfgs: Vec<Attribute>,
}

impl ListedPath {
    /// Reads the path of an event, with its `#[cfg]`s.
    pub(crate) fn event(input: ParseStream<'_>, mistakes: &mut Mistakes) -> Result<Self> {
        Self::read(input, mistakes, "write the path of an event, as in `Opened`")
    }

    /// Reads the path of an aggregate, with its `#[cfg]`s.
    pub(crate) fn aggregate(input: ParseStream<'_>, mistakes: &mut Mistakes) -> Result<Self> {
        Self::read(input, mistakes, "write the path of an aggregate, as in `Account`")
    }

    fn read(input: ParseStream<'_>, mistakes: &mut Mistakes, wanted: &str) -> Result<Self> {
        let mut cfgs = input.call(Attribute::parse_outer)?;
        cfgs.retain(|attribute| {
            let is_cfg = attribute.path().is_ident("cfg");
            if !is_cfg {
                mistakes
                    .spanning(attribute, "only `#[cfg(…)]` is allowed here; write other attributes on the type itself");
            }
            is_cfg
        });
        let path = input.parse().map_err(|error: Error| Error::new(error.span(), wanted))?;
        Ok(Self { path, cfgs })
    }

    /// Whether `self` and `other` may exclude each other, because they have different `#[cfg]`s.
    fn excludes(&self, other: &Self) -> bool {
        !self.cfgs.is_empty() && !other.cfgs.is_empty() && !same_cfgs(&self.cfgs, &other.cfgs)
    }
}

/// An event of an aggregate, and the variant that holds it.
pub(crate) struct ListedEvent {
    pub(crate) item: ListedPath,
    pub(crate) variant: Ident,
}

impl ListedEvent {
    /// The event `item`, in a variant called as it is.
    fn of(item: ListedPath) -> Result<Self> {
        let last = item.path.segments.last();
        let last = last.ok_or_else(|| Error::new_spanned(&item.path, "write the path of an event"))?;
        Ok(Self { variant: last.ident.clone(), item })
    }

    /// The event at `path`, in a variant of the same name.
    pub(crate) fn plain(path: Path) -> Result<Self> {
        Self::of(ListedPath { path, cfgs: Vec::new() })
    }

    /// Reads a path, with or without `as`.
    pub(crate) fn read(input: ParseStream<'_>, mistakes: &mut Mistakes) -> Result<Self> {
        let mut listed = Self::of(ListedPath::event(input, mistakes)?)?;
        if let Some(behind) = input.parse::<Option<Token![as]>>()? {
            let written = text(&listed.item.path);
            let other = other(&listed.variant);
            if input.is_empty() || input.peek(Token![,]) {
                mistakes.at(behind.span, format!("no variant follows `as`; write `{written} as {other}`"));
            } else {
                listed.variant = input.parse()?;
            }
        }
        Ok(listed)
    }
}

/// A type or path as the user wrote it, without the spaces of printed tokens.
pub(crate) fn text(tokens: &impl ToTokens) -> String {
    let text = tokens.to_token_stream().to_string();
    text.replace(" :: ", "::").replace(":: ", "::").replace(" < ", "<").replace(" >", ">")
}

/// Whether two items are under the same `#[cfg]`s.
pub(crate) fn same_cfgs(one: &[impl ToTokens], other: &[impl ToTokens]) -> bool {
    one.iter().map(text).eq(other.iter().map(text))
}

/// Reports and leaves out events that are listed twice or share a variant.
pub(crate) fn leave_out_repeats(events: &mut Vec<ListedEvent>, mistakes: &mut Mistakes) {
    let mut kept: Vec<ListedEvent> = Vec::with_capacity(events.len());
    for listed in events.drain(..) {
        let written = text(&listed.item.path);
        let mut together = kept.iter().filter(|before| !before.item.excludes(&listed.item));
        if together.clone().any(|before| text(&before.item.path) == written) {
            mistakes.spanning(&listed.item.path, format!("`{written}` is listed twice; keep one"));
        } else if let Some(before) = together.find(|before| before.variant == listed.variant) {
            let variant = &listed.variant;
            let (before, other) = (text(&before.item.path), other(variant));
            mistakes.spanning(
                &listed.item.path,
                format!("the variant of `{before}` is called `{variant}` already; write `{written} as {other}`"),
            );
        } else {
            kept.push(listed);
        }
    }
    *events = kept;
}

/// Reports events that are retired twice, or listed as well, and leaves them out of `retired`.
pub(crate) fn leave_out_listed(retired: &mut Vec<ListedPath>, events: &[ListedEvent], mistakes: &mut Mistakes) {
    let mut kept: Vec<ListedPath> = Vec::with_capacity(retired.len());
    for item in retired.drain(..) {
        let written = text(&item.path);
        let is_it = |other: &&ListedPath| text(&other.path) == written && !other.excludes(&item);
        if events.iter().map(|listed| &listed.item).any(|listed| is_it(&listed)) {
            mistakes.spanning(
                &item.path,
                format!("`{written}` is both listed and retired; keep it listed if it is still written, else retired"),
            );
        } else if kept.iter().any(|before| is_it(&before)) {
            mistakes.spanning(&item.path, format!("`{written}` is retired twice; keep one"));
        } else {
            kept.push(item);
        }
    }
    *retired = kept;
}

/// Reports and leaves out aggregates that are named twice.
pub(crate) fn leave_out_named(aggregates: &mut Vec<ListedPath>, mistakes: &mut Mistakes) {
    let mut kept: Vec<ListedPath> = Vec::with_capacity(aggregates.len());
    for item in aggregates.drain(..) {
        let written = text(&item.path);
        if kept.iter().any(|before| text(&before.path) == written && !before.excludes(&item)) {
            mistakes.spanning(&item.path, format!("`{written}` is named twice; keep one"));
        } else {
            kept.push(item);
        }
    }
    *aggregates = kept;
}

fn other(variant: &Ident) -> String {
    format!("Other{}", variant.unraw())
}
