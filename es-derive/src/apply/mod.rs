//! `#[apply]`: parse, check, expand.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ItemImpl;

use crate::mistakes::Mistakes;

mod expand;
mod parse;

/// The block as it stands, the `Apply` impls that call its methods, and its mistakes.
pub(crate) fn expand(arguments: TokenStream, block: &TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let krate = parse::arguments(arguments, &mut mistakes);
    let parsed =
        mistakes.take(syn::parse2::<ItemImpl>(block.clone()).map_err(|error| {
            syn::Error::new(error.span(), format!("`#[es::apply]` stands on an `impl` block; {error}"))
        }));
    let impls = parsed.map(|item| {
        let methods = parse::methods(&item, &mut mistakes);
        expand::impls(&item, &methods, krate.as_ref())
    });
    let errors = mistakes.report();
    quote! {
        #[allow(clippy::needless_pass_by_value, clippy::unused_self, reason = "events are applied by value, to the state")]
        #block
        #impls
        #errors
    }
}
