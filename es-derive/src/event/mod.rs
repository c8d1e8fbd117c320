//! `derive(Event)`: parse, check, expand.

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use crate::mistakes::Mistakes;

mod expand;
mod parse;

/// The impls for `input`, or its mistakes together with a stand-in, so that they are the only errors.
pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let parsed = parse::event(input, &mut mistakes);
    match &parsed.event {
        Some(event) if mistakes.is_empty() => expand::event(event),
        _ => {
            let errors = mistakes.report();
            let stand_in = expand::stand_in(input, parsed.krate.as_ref());
            quote!(#errors #stand_in)
        }
    }
}
