//! `#[apply]`: parse, check, expand.

use proc_macro2::TokenStream;
use quote::quote;

use crate::mistakes::Mistakes;

mod check;
mod expand;
mod parse;
mod signature;

/// The unchanged block, the `Apply` impls that call its methods, and its mistakes.
pub(crate) fn expand(arguments: TokenStream, block: &TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let krate = parse::arguments(arguments, &mut mistakes);
    let parsed = mistakes.take(parse::block(block.clone()));
    let impls = parsed.as_ref().map(|item| {
        let mut methods = parse::methods(item, &mut mistakes);
        check::leave_out_repeats(&mut methods, &mut mistakes);
        expand::impls(item, &methods, krate.as_ref())
    });
    let errors = mistakes.report();
    let misplaced = parse::on_a_method(block);
    let block = misplaced.as_ref().unwrap_or(block);
    // clippy suggests to take events by reference; they are taken by value so that replay moves them.
    let allowed = parsed.is_some().then(|| quote!(#[allow(clippy::needless_pass_by_value, clippy::unused_self)]));
    quote! {
        #allowed
        #block
        #impls
        #errors
    }
}
