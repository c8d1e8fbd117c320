//! Writes the `Apply` impls.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{ItemImpl, Path};

use super::parse::Method;
use crate::{path, place::at};

/// One `impl Apply` for each of the `methods` of `block`.
pub(crate) fn impls(block: &ItemImpl, methods: &[Method<'_>], krate: Option<&Path>) -> TokenStream {
    let private = path::private(krate);
    let aggregate = &block.self_ty;
    let impls = methods.iter().map(|Method { ident, event, cfgs, callable }| {
        let body = callable.then(|| {
            let listed = quote_spanned!(at(event)=> __es::event_of::<#event, #aggregate>());
            quote! {
                #listed;
                Self::#ident(self, event);
            }
        });
        quote! {
            #(#cfgs)*
            #[automatically_derived]
            impl __es::Apply<#event> for #aggregate {
                fn apply(&mut self, event: #event) {
                    #body
                }
            }
        }
    });
    quote! {
        const _: () = {
            use #private as __es;
            #(#impls)*
        };
    }
}
