//! An event listed in a set: `Opened`, `other::Opened`, `Opened as FirstOpened`.

use quote::ToTokens;
use syn::{
    Error, Ident, Path, Result, Token,
    ext::IdentExt,
    parse::{Parse, ParseStream},
};

use crate::mistakes::Mistakes;

/// An event of a set, and the variant that holds it.
pub(crate) struct Listed {
    pub(crate) event: Path,
    pub(crate) variant: Ident,
}

impl Parse for Listed {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let event: Path = input.parse().map_err(|error| Error::new(error.span(), "write the path of an event"))?;
        let mut variant = last_segment(&event);
        let behind: Option<Token![as]> = input.parse()?;
        if let Some(behind) = behind {
            variant = input.parse().map_err(|_| {
                let written = text(&event);
                let other = format!("Other{}", variant.unraw());
                Error::new(behind.span, format!("no variant stands behind `as`; write `{written} as {other}`"))
            })?;
        }
        Ok(Self { event, variant })
    }
}

/// The last segment of `path`: what a variant is called unless the user says otherwise.
pub(crate) fn last_segment(path: &Path) -> Ident {
    // a parsed path has a segment
    path.segments
        .last()
        .map_or_else(|| Ident::new("__es_event", proc_macro2::Span::call_site()), |last| last.ident.clone())
}

/// A type or path as the user wrote it, without the spaces that tokens are printed with.
pub(crate) fn text(tokens: &impl ToTokens) -> String {
    tokens.to_token_stream().to_string().replace(" :: ", "::").replace(" < ", "<").replace(" >", ">")
}

/// Notes the events that are listed twice or share a variant, and leaves them out.
pub(crate) fn leave_out_repeats(events: &mut Vec<Listed>, mistakes: &mut Mistakes) {
    let mut kept: Vec<Listed> = Vec::with_capacity(events.len());
    for listed in events.drain(..) {
        let written = text(&listed.event);
        if kept.iter().any(|before| text(&before.event) == written) {
            mistakes.spanning(&listed.event, format!("`{written}` is listed twice; keep one"));
        } else if let Some(before) = kept.iter().find(|before| before.variant == listed.variant) {
            let (variant, before) = (&listed.variant, text(&before.event));
            mistakes.spanning(
                &listed.event,
                format!("`{before}` is called `{variant}` already; write `{written} as Other{variant}`"),
            );
        } else {
            kept.push(listed);
        }
    }
    *events = kept;
}
