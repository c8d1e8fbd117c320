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

/// The enum and the impls for `input`, and its mistakes. After a mistake it still writes impls, so that rustc reports no
/// further errors.
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

#[cfg(test)]
mod tests {
    use quote::quote;
    use syn::parse_quote;

    #[test]
    fn no_impl_of_a_hidden_aggregate_is_recommended() {
        let derived = |hidden| {
            let attribute = if hidden { quote!(#[doc(hidden)]) } else { quote!() };
            let code = super::derive(&parse_quote! {
                #attribute
                #[aggregate(category = "sample", id = String, events(Noted, Lost))]
                struct Samples;
            });
            let code = code.to_string().replace(' ', "");
            // The impls of traits for the aggregate, its enum or its events, without those that every enum has.
            let impls = ["impl__es::", "impl<__EsProjection>__es::", "impl::core::convert::From"]
                .map(|text| code.matches(text).count());
            (impls.iter().sum::<usize>(), code.matches("#[diagnostic::do_not_recommend]").count())
        };
        let (impls, recommended) = derived(true);
        assert!(impls >= 8 && impls == recommended, "{impls} impls, {recommended} with the attribute");
        assert_eq!(derived(false), (impls, 0));
    }
}
