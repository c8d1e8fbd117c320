//! Writes the enum of the events and the impls.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::Ident;

use super::parse::Aggregate;
use crate::{
    event_set::{Member, Set},
    listed::{Listed, text},
    path,
    place::at,
};

/// The enum of the events of `aggregate`, and the impls for both.
pub(crate) fn aggregate(aggregate: &Aggregate<'_>) -> TokenStream {
    let Aggregate { ident, vis, event: set, events, .. } = aggregate;
    let private = path::private(aggregate.krate.as_ref());
    let variants = events.iter().map(|Listed { event, variant }| {
        let doc = format!("`{}`.", text(event));
        quote!(#[doc = #doc] #variant(#event))
    });
    let doc = format!("The events of [`{ident}`].");
    let declaration = quote_spanned!(at(set)=> #vis enum #set);
    let members =
        events.iter().map(|Listed { event, variant }| Member { variant, event: Some(event.to_token_stream()) });
    let members: Vec<_> = members.collect();
    let event_set =
        Set { ident: set, owner: ident, members: &members, retired: &aggregate.retired, not_recommended: None }
            .implementation();
    let own = own_impls(aggregate);
    let conversions = events.iter().map(|listed| conversions(aggregate, listed));
    let common = common_impls(set, events);
    let any_event = aggregate.incomplete.then(|| {
        quote! {
            // some event may be missing from the list, and that is said already
            impl #ident {
                #[doc(hidden)]
                #[allow(dead_code)]
                fn __es_event_of<__EsEvent>() {}
            }
        }
    });
    quote! {
        #[doc = #doc]
        #declaration { #(#variants,)* }

        const _: () = {
            use #private as __es;
            #event_set
            #own
            #(#conversions)*
            #common
            #any_event
        };
    }
}

fn own_impls(aggregate: &Aggregate<'_>) -> TokenStream {
    let Aggregate { ident, event: set, events, .. } = aggregate;
    let category = aggregate.category.as_ref().map_or(quote!(""), ToTokens::to_token_stream);
    let id = aggregate.id.as_ref().map_or(quote!(::std::string::String), ToTokens::to_token_stream);
    let id = quote_spanned!(at(&id)=> type Id = #id;);
    let initial = quote_spanned!(at(ident)=> __es::initial::<#ident>());
    let applies = events.iter().map(|Listed { event, variant }| {
        let apply = quote_spanned!(at(event)=> __es::apply_to::<#event, #ident>(self, event));
        quote!(#set::#variant(event) => #apply)
    });
    quote! {
        #[automatically_derived]
        impl __es::Aggregate for #ident {
            const CATEGORY: &'static ::core::primitive::str = #category;
            #id
            type Event = #set;
            fn initial() -> Self {
                #initial
            }
            fn apply_event(&mut self, event: #set) {
                match event { #(#applies,)* }
            }
        }
        #[automatically_derived]
        impl __es::IntoEvents<#ident> for #set {
            fn into_events(self) -> impl ::core::iter::Iterator<Item = #set> {
                ::core::iter::once(self)
            }
        }
    }
}

fn conversions(aggregate: &Aggregate<'_>, Listed { event, variant }: &Listed) -> TokenStream {
    let Aggregate { ident, event: set, .. } = aggregate;
    quote! {
        #[automatically_derived]
        impl ::core::convert::From<#event> for #set {
            fn from(event: #event) -> Self {
                Self::#variant(event)
            }
        }
        #[automatically_derived]
        impl __es::IntoEvents<#ident> for #event {
            fn into_events(self) -> impl ::core::iter::Iterator<Item = #set> {
                ::core::iter::once(#set::#variant(self))
            }
        }
    }
}

/// `Clone`, `Debug` and `PartialEq`, each where all events have it. The bound lifetime keeps rustc from judging the
/// bounds before they are used.
fn common_impls(set: &Ident, events: &[Listed]) -> TokenStream {
    if events.is_empty() {
        return TokenStream::new(); // a mistake, which is reported
    }
    let different = (events.len() > 1).then(|| quote!(_ => false,));
    let types: Vec<_> = events.iter().map(|listed| &listed.event).collect();
    let variants: Vec<_> = events.iter().map(|listed| &listed.variant).collect();
    let texts: Vec<_> = variants.iter().map(|variant| syn::ext::IdentExt::unraw(*variant).to_string()).collect();
    quote! {
        #[automatically_derived]
        impl ::core::clone::Clone for #set
        where
            #(for<'__es> #types: ::core::clone::Clone,)*
        {
            fn clone(&self) -> Self {
                match self {
                    #(Self::#variants(event) => Self::#variants(::core::clone::Clone::clone(event)),)*
                }
            }
        }
        #[automatically_derived]
        impl ::core::fmt::Debug for #set
        where
            #(for<'__es> #types: ::core::fmt::Debug,)*
        {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                match self {
                    #(Self::#variants(event) => f.debug_tuple(#texts).field(event).finish(),)*
                }
            }
        }
        #[automatically_derived]
        impl ::core::cmp::PartialEq for #set
        where
            #(for<'__es> #types: ::core::cmp::PartialEq,)*
        {
            fn eq(&self, other: &Self) -> ::core::primitive::bool {
                match (self, other) {
                    #((Self::#variants(one), Self::#variants(other)) => one == other,)*
                    #different
                }
            }
        }
    }
}
