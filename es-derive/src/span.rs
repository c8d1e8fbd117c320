//! Where code stands that the user did not write.

use proc_macro2::Span;
use quote::ToTokens;
use syn::spanned::Spanned;

/// The place of `tokens`, for code that rustc blames on them though the user did not write it.
pub(crate) fn user_span(tokens: &impl ToTokens) -> Span {
    Span::call_site().located_at(tokens.span())
}
