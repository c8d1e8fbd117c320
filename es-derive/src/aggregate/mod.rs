//! `derive(Aggregate)`: parse, check, expand.

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use crate::mistakes::Mistakes;

mod check;
mod event;
mod expand;
mod id;
mod parse;
mod reminder;

/// The enum and the impls for `input`, together with its mistakes. After a mistake they stand in for the ones that were
/// meant, so that the mistakes are the only errors.
pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let mut aggregate = parse::aggregate(input, &mut mistakes);
    check::aggregate(&mut aggregate, &mut mistakes);
    aggregate.incomplete = !mistakes.is_empty();
    let reminder = mistakes.is_empty().then(|| reminder::reminder(&aggregate)).flatten();
    let errors = mistakes.report();
    let code = aggregate.plain.then(|| expand::aggregate(&aggregate));
    quote!(#errors #code #reminder)
}
