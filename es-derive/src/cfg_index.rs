//! Indices into a list of which some items may be under `#[cfg(…)]`.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::Attribute;

/// The indices of the items of a list.
pub(crate) struct CfgIndices {
    /// The constants that some indices refer to.
    pub(crate) constants: TokenStream,
    /// The index of each item: a pattern and an expression of type `usize`.
    pub(crate) indices: Vec<TokenStream>,
}

impl CfgIndices {
    /// The indices of items, each under its `cfgs`. Behind the first item that may be absent, an index is a constant whose name
    /// begins with `__ES_` and `what`.
    pub(crate) fn of<'a>(what: &str, cfgs: impl IntoIterator<Item = &'a Vec<Attribute>>) -> Self {
        let mut indices = Self { constants: TokenStream::new(), indices: Vec::new() };
        let mut next = Some(0_usize); // `None` behind the first item that may be absent.
        for (index, cfgs) in cfgs.into_iter().enumerate() {
            let place = match next {
                Some(number) => number.to_token_stream(),
                None => format_ident!("__ES_{what}_{index}").to_token_stream(),
            };
            next = next.filter(|_| cfgs.is_empty()).map(|number| number + 1);
            if next.is_none() {
                indices.after(&place, &format_ident!("__ES_{what}_{}", index + 1), cfgs);
            }
            indices.indices.push(place);
        }
        indices
    }

    /// Declares `next`, the index that follows `place`, whose item is under `cfgs`.
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

    fn indices(cfgs: &[Vec<Attribute>]) -> (Vec<String>, String) {
        let CfgIndices { constants, indices } = CfgIndices::of("AT", cfgs);
        (indices.iter().map(ToString::to_string).collect(), constants.to_string())
    }

    #[test]
    fn an_index_is_a_literal_up_to_the_first_item_under_a_cfg() {
        let (all, constants) = indices(&[vec![], vec![]]);
        assert_eq!(all, ["0usize", "1usize"]);
        assert_eq!(constants, "");
        let (some, constants) = indices(&[vec![], vec![parse_quote!(#[cfg(unix)])], vec![], vec![]]);
        assert_eq!(some, ["0usize", "1usize", "__ES_AT_2", "__ES_AT_3"]);
        assert!(constants.contains("[cfg (not (all (unix)))] const __ES_AT_2"), "{constants}");
        assert!(
            constants.ends_with("const __ES_AT_4 : :: core :: primitive :: usize = __ES_AT_3 + 1 ;"),
            "{constants}"
        );
    }
}
