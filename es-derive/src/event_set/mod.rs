//! `derive(EventSet)`: parse, check, expand.

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use crate::mistakes::Mistakes;

mod check;
mod expand;
mod parse;

/// The impl for `input`, and its mistakes. After a mistake it still writes an impl, so that rustc reports no further errors.
pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let mut parsed = parse::event_set(input, &mut mistakes);
    check::event_set(&mut parsed, &mut mistakes);
    parsed.complete &= mistakes.is_empty();
    let errors = mistakes.report();
    let code = parsed.plain.then(|| expand::event_set(&parsed));
    quote!(#errors #code)
}
