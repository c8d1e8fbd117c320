//! The mistakes found in one item: collected, then reported together.

use std::fmt::Display;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::Error;

/// Collects what is wrong with one item, so that one compile reports all of it.
#[derive(Debug, Default)]
pub(crate) struct Mistakes(Vec<Error>);

impl Mistakes {
    /// Notes that `message` is wrong at `span`: first what is wrong, then what to write.
    pub(crate) fn at(&mut self, span: Span, message: impl Display) {
        self.0.push(Error::new(span, message));
    }

    /// Notes that `message` is wrong about all of `tokens`.
    pub(crate) fn spanning(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.0.push(Error::new_spanned(tokens, message));
    }

    /// Notes what a parser of syn found.
    pub(crate) fn push(&mut self, error: Error) {
        self.0.push(error);
    }

    /// Keeps the value, or notes why there is none.
    pub(crate) fn take<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// Whether nothing is wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How much is wrong so far.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Every mistake as a `compile_error!` at its place.
    pub(crate) fn report(&self) -> TokenStream {
        self.0.iter().map(Error::to_compile_error).collect()
    }
}
