//! Spans for generated code.

use proc_macro2::Span;
use quote::ToTokens;
use syn::spanned::Spanned;

/// The location of `tokens`, for generated code: rustc reports its errors there.
pub(crate) fn user_span(tokens: &impl ToTokens) -> Span {
    Span::call_site().located_at(tokens.span())
}
