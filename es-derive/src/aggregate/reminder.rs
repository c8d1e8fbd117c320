//! Writes a unit test that fails while the package's schema lock lacks the aggregate.

use std::env;

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::ext::IdentExt;

use super::parse::Aggregate;
use crate::path;

/// The variable that cargo sets when it compiles integration tests and benches.
const OUTSIDE: &str = "CARGO_TARGET_TMPDIR";

/// A unit test that fails while the package has a lock without `aggregate`. `None` with `crate = …`, which may be a path that
/// is only valid in the surrounding module, and for an aggregate in an integration test or a bench.
pub(crate) fn reminder(aggregate: &Aggregate<'_>) -> Option<TokenStream> {
    if aggregate.krate.is_some() || env::var_os(OUTSIDE).is_some() {
        return None;
    }
    let private = path::private(None);
    let name = aggregate.ident.unraw().to_string();
    let module = format_ident!("__es_{name}");
    let category = aggregate.category.as_ref().map_or(quote!(""), ToTokens::to_token_stream);
    Some(quote! {
        // A module, because rustc looks for `allow(unnameable_test_items)` there: in the body of a function no test is run.
        #[cfg(test)]
        #[allow(non_snake_case, unnameable_test_items)]
        mod #module {
            #[::core::prelude::v1::test]
            fn is_in_the_lock() {
                use #private as __es;
                __es::remind_of_lock(#name, #category, ::core::module_path!());
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use syn::{DeriveInput, parse_quote};

    use crate::aggregate::derive;

    fn reminds(input: &DeriveInput) -> bool {
        derive(input).to_string().contains(r#"remind_of_lock ("Order" , "order" ,"#)
    }

    #[test]
    fn an_aggregate_of_the_sources_comes_with_a_reminder() {
        assert!(reminds(&parse_quote! {
            #[aggregate(category = "order", id = String, events(Opened))]
            struct r#Order;
        }));
    }

    #[test]
    fn there_is_none_where_its_path_may_not_hold_and_after_a_mistake() {
        assert!(!reminds(&parse_quote! {
            #[aggregate(category = "order", id = String, events(Opened), crate = here)]
            struct Order;
        }));
        assert!(!reminds(&parse_quote! {
            #[aggregate(category = "order", id = String, events(Opened, Opened))]
            struct Order;
        }));
    }
}
