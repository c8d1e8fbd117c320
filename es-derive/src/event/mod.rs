//! `derive(Event)`: parse what the user wrote, check it, walk back to the older shapes, expand.

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use self::history::History;
use crate::mistakes::Mistakes;

mod check;
mod describe;
#[cfg(test)]
mod error_tests;
mod expand;
mod field;
mod history;
mod lossless;
mod one_sided;
mod parse;
mod self_type;
mod step;
mod stored;
pub(crate) mod type_text;
mod upcast;

/// The impls for `input`, or its mistakes and a replacement for the impls, so that rustc reports no further errors.
pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let parsed = parse::event(input, &mut mistakes);
    if let Some(event) = &parsed.event {
        check::event(event, &mut mistakes);
        if mistakes.is_empty() {
            let history = History::of(event, &mut mistakes);
            if mistakes.is_empty() {
                return expand::event(event, &history);
            }
        }
    }
    let errors = mistakes.report();
    let stand_in = expand::stand_in(input, parsed.krate.as_ref());
    quote!(#errors #stand_in)
}
