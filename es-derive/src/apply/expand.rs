//! Writes the `Apply` impls.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Generics, ItemImpl, Path, parse_quote};

use super::parse::{self, Method};
use crate::{path, span::user_span};

/// One `impl Apply` for each of the `methods` of `block`.
pub(crate) fn impls(block: &ItemImpl, methods: &[Method<'_>], krate: Option<&Path>) -> TokenStream {
    let private = path::private(krate);
    let aggregate = &block.self_ty;
    // Parameters that the type does not have are a mistake, and an impl cannot have them.
    let none = Generics::default();
    let generics = if parse::has_arguments(aggregate) { &block.generics } else { &none };
    let (parameters, _, conditions) = generics.split_for_impl();
    let impls = methods.iter().filter_map(|Method { ident, event, cfgs, callable }| {
        let event = (*event)?;
        let body = callable.then(|| {
            let listed = quote_spanned!(user_span(event)=> <#aggregate>::__es_events().has::<#event>());
            quote! {
                #listed;
                Self::#ident(self, __es_event);
            }
        });
        Some(quote! {
            #(#cfgs)*
            #[automatically_derived]
            impl #parameters __es::Apply<#event> for #aggregate #conditions {
                fn apply(&mut self, __es_event: #event) {
                    #body
                }
            }
        })
    });
    // A method for every event is a mistake. An impl for every event keeps rustc from reporting further errors.
    let every = methods.iter().any(|method| method.event.is_none()).then(|| {
        let mut generics = generics.clone();
        generics.params.push(parse_quote!(__EsEvent));
        let (parameters, _, conditions) = generics.split_for_impl();
        quote! {
            impl #parameters __es::Apply<__EsEvent> for #aggregate #conditions {
                fn apply(&mut self, _: __EsEvent) {}
            }
        }
    });
    let impls = every.unwrap_or_else(|| impls.collect());
    let callable = methods.iter().any(|method| method.callable);
    let aggregates = (callable && generics.params.is_empty()).then(|| {
        let asked = quote_spanned!(user_span(aggregate)=> __es::aggregate::<#aggregate>());
        quote!(const _: () = #asked;)
    });
    quote! {
        #[allow(deprecated)]
        const _: () = {
            use #private as __es;
            #[allow(unused_imports, reason = "inherent functions hide them, each in some case")]
            use __es::{AnyEvent as _, EventsOf as _};
            #aggregates
            #impls
        };
    }
}
