//! Collects the mistakes in one item and reports them together.

use std::fmt::Display;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::Error;

/// The mistakes in one item, so that one compilation reports all of them.
#[derive(Debug, Default)]
pub(crate) struct Mistakes(Vec<Error>);

impl Mistakes {
    /// Adds `message` at `span`: first what is wrong, then what to write.
    pub(crate) fn at(&mut self, span: Span, message: impl Display) {
        self.0.push(Error::new(span, message));
    }

    /// Adds `message` at all of `tokens`.
    pub(crate) fn spanning(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.0.push(Error::new_spanned(tokens, message));
    }

    /// Adds the error of a parser of syn.
    pub(crate) fn push(&mut self, error: Error) {
        self.0.push(error);
    }

    /// Returns the value, or adds the error.
    pub(crate) fn take<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// Whether there is no mistake.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of mistakes so far.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Every mistake as a `compile_error!` at its span.
    pub(crate) fn report(&self) -> TokenStream {
        self.0.iter().map(Error::to_compile_error).collect()
    }
}
