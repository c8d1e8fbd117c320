//! An event listed in a set: `Opened`, `other::Opened`, `Opened as FirstOpened`.

use quote::ToTokens;
use syn::{Error, Ident, Path, Result, Token, ext::IdentExt, parse::ParseStream};

use crate::mistakes::Mistakes;

/// An event of a set, and the variant that holds it.
pub(crate) struct Listed {
    pub(crate) event: Path,
    pub(crate) variant: Ident,
}

impl Listed {
    /// The event at `event`, in a variant called as it is.
    pub(crate) fn of(event: Path) -> Result<Self> {
        let last = event.segments.last().ok_or_else(|| Error::new_spanned(&event, "write the path of an event"))?;
        Ok(Self { variant: last.ident.clone(), event })
    }

    /// Reads a path, with or without `as`.
    pub(crate) fn read(input: ParseStream<'_>, mistakes: &mut Mistakes) -> Result<Self> {
        let mut listed = Self::of(path(input)?)?;
        if let Some(behind) = input.parse::<Option<Token![as]>>()? {
            let written = text(&listed.event);
            let other = other(&listed.variant);
            if input.is_empty() || input.peek(Token![,]) {
                mistakes.at(behind.span, format!("no variant stands behind `as`; write `{written} as {other}`"));
            } else {
                listed.variant = input.parse()?;
            }
        }
        Ok(listed)
    }
}

/// Reads the path of an event.
pub(crate) fn path(input: ParseStream<'_>) -> Result<Path> {
    input.parse().map_err(|error: Error| Error::new(error.span(), "write the path of an event, as in `Opened`"))
}

/// A type or path as the user wrote it, without the spaces that tokens are printed with.
pub(crate) fn text(tokens: &impl ToTokens) -> String {
    let text = tokens.to_token_stream().to_string();
    text.replace(" :: ", "::").replace(":: ", "::").replace(" < ", "<").replace(" >", ">")
}

/// Notes the events that are listed twice or share a variant, and leaves them out.
pub(crate) fn leave_out_repeats(events: &mut Vec<Listed>, mistakes: &mut Mistakes) {
    let mut kept: Vec<Listed> = Vec::with_capacity(events.len());
    for listed in events.drain(..) {
        let written = text(&listed.event);
        if kept.iter().any(|before| text(&before.event) == written) {
            mistakes.spanning(&listed.event, format!("`{written}` is listed twice; keep one"));
        } else if let Some(before) = kept.iter().find(|before| before.variant == listed.variant) {
            let variant = &listed.variant;
            let (before, other) = (text(&before.event), other(variant));
            mistakes.spanning(
                &listed.event,
                format!("the variant of `{before}` is called `{variant}` already; write `{written} as {other}`"),
            );
        } else {
            kept.push(listed);
        }
    }
    *events = kept;
}

/// Notes the events that are retired twice, or listed as well, and leaves them out of `retired`.
pub(crate) fn leave_out_listed(retired: &mut Vec<Path>, listed: &[String], mistakes: &mut Mistakes) {
    let mut kept: Vec<Path> = Vec::with_capacity(retired.len());
    for event in retired.drain(..) {
        let written = text(&event);
        if listed.contains(&written) {
            mistakes.spanning(
                &event,
                format!("`{written}` is both listed and retired; keep it listed if it is still written, else retired"),
            );
        } else if kept.iter().any(|before| text(before) == written) {
            mistakes.spanning(&event, format!("`{written}` is retired twice; keep one"));
        } else {
            kept.push(event);
        }
    }
    *retired = kept;
}

fn other(variant: &Ident) -> String {
    format!("Other{}", variant.unraw())
}
