//! The places of things in a list, of which some may stand under `#[cfg(…)]`.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::Attribute;

/// The places of things in a list.
pub(crate) struct Numbers {
    /// The constants that some of the places are written with.
    pub(crate) constants: TokenStream,
    /// For each thing its place: a pattern and an expression of type `usize`.
    pub(crate) places: Vec<TokenStream>,
}

impl Numbers {
    /// The places of things that stand under `cfgs` each. Behind the first that may be missing, places are constants whose
    /// names begin with `__ES_` and `what`.
    pub(crate) fn of<'a>(what: &str, cfgs: impl IntoIterator<Item = &'a Vec<Attribute>>) -> Self {
        let mut numbers = Self { constants: TokenStream::new(), places: Vec::new() };
        let mut next = Some(0_usize); // none behind the first that may be missing
        for (index, cfgs) in cfgs.into_iter().enumerate() {
            let place = match next {
                Some(number) => number.to_token_stream(),
                None => format_ident!("__ES_{what}_{index}").to_token_stream(),
            };
            next = next.filter(|_| cfgs.is_empty()).map(|number| number + 1);
            if next.is_none() {
                numbers.after(&place, &format_ident!("__ES_{what}_{}", index + 1), cfgs);
            }
            numbers.places.push(place);
        }
        numbers
    }

    /// Declares `next`, the place behind `place`, where stands what is under `cfgs`.
    fn after(&mut self, place: &TokenStream, next: &syn::Ident, cfgs: &[Attribute]) {
        let conditions = cfgs.iter().filter_map(|cfg| Some(&cfg.meta.require_list().ok()?.tokens));
        let constants = if cfgs.is_empty() {
            quote!(const #next: ::core::primitive::usize = #place + 1;)
        } else {
            quote! {
                #(#cfgs)*
                const #next: ::core::primitive::usize = #place + 1;
                #[cfg(not(all(#(#conditions),*)))]
                const #next: ::core::primitive::usize = #place;
            }
        };
        self.constants.extend(constants);
    }
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    fn places(cfgs: &[Vec<Attribute>]) -> (Vec<String>, String) {
        let Numbers { constants, places } = Numbers::of("AT", cfgs);
        (places.iter().map(ToString::to_string).collect(), constants.to_string())
    }

    #[test]
    fn places_are_numbers_up_to_what_may_be_missing() {
        let (all, constants) = places(&[vec![], vec![]]);
        assert_eq!(all, ["0usize", "1usize"]);
        assert_eq!(constants, "");
        let (some, constants) = places(&[vec![], vec![parse_quote!(#[cfg(unix)])], vec![], vec![]]);
        assert_eq!(some, ["0usize", "1usize", "__ES_AT_2", "__ES_AT_3"]);
        assert!(constants.contains("[cfg (not (all (unix)))] const __ES_AT_2"), "{constants}");
        assert!(
            constants.ends_with("const __ES_AT_4 : :: core :: primitive :: usize = __ES_AT_3 + 1 ;"),
            "{constants}"
        );
    }
}
