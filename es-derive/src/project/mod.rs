//! `#[project]`: parse, check, expand.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use crate::mistakes::Mistakes;

mod arguments;
mod check;
mod expand;
mod form;
mod method;
mod parse;
mod parse_method;
mod signature;

/// The block without the attributes that only this macro knows, the enum of its events, the impl of its form, and its mistakes.
/// After a mistake it still writes an impl, so that rustc reports no further errors.
pub(crate) fn expand(arguments: TokenStream, block: &TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let arguments = arguments::read(arguments, &mut mistakes);
    let Some(item) = mistakes.take(parse::block(block.clone())) else {
        let errors = mistakes.report();
        return quote!(#block #errors);
    };
    let mut project = parse::project(&item, arguments, &mut mistakes);
    check::project(&mut project, &mut mistakes);
    let code =
        project.plain.then(|| if mistakes.is_empty() { expand::project(&project) } else { expand::stand_in(project) });
    let errors = mistakes.report();
    let block = parse::without_attributes(&item).into_token_stream();
    quote! {
        // clippy suggests to take events by reference, and knows no `self` that a form needs.
        #[allow(clippy::needless_pass_by_value, clippy::unused_self, clippy::unused_async)]
        #block
        #code
        #errors
    }
}
