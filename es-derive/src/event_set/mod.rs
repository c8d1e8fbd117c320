//! `derive(EventSet)`: parse, check, expand.

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use crate::{mistakes::Mistakes, path};

mod expand;
mod parse;

pub(crate) use expand::{Member, implementation};

/// The impl for `input`, together with its mistakes. After a mistake it stands in for the one that was meant, so that
/// the mistakes are the only errors.
pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let set = parse::event_set(input, &mut mistakes);
    let errors = mistakes.report();
    let code = set.plain.then(|| {
        let private = path::private(set.krate.as_ref());
        let implementation = implementation(set.ident, &set.members);
        quote! {
            const _: () = {
                use #private as __es;
                #implementation
            };
        }
    });
    quote!(#errors #code)
}
