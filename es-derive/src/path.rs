//! Finds the path of the private module that generated code uses.

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Ident, Path};

/// The path of the private module that generated code names: that of the crate given by `crate = …`, else of `es-core`
/// or `es` as the user's manifest calls it, else of `::es`.
pub(crate) fn private(given: Option<&Path>) -> TokenStream {
    if let Some(path) = given {
        return quote!(#path::__private);
    }
    let found = ["es-core", "es"].into_iter().find_map(|package| match crate_name(package) {
        // `extern crate self as …` in both libraries makes their own tests, doctests and examples work too.
        Ok(FoundCrate::Itself) => Some(package.replace('-', "_")),
        Ok(FoundCrate::Name(name)) => Some(name),
        Err(_) => None,
    });
    let root = Ident::new(found.as_deref().unwrap_or("es"), Span::call_site());
    quote!(::#root::__private)
}
