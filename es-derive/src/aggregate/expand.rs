//! Writes the enum of the events and the impls.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Ident, ext::IdentExt};

use super::{event, parse::Aggregate};
use crate::{
    cfg_index::CfgIndices,
    path,
    path_list::{ListedEvent, ListedPath, text},
    span::user_span,
};

/// The enum of the events of `aggregate`, and the impls for both.
pub(crate) fn aggregate(aggregate: &Aggregate<'_>) -> TokenStream {
    let Aggregate { ident, vis, event: set, events, .. } = aggregate;
    let private = path::private(aggregate.krate.as_ref());
    let variants = events.iter().map(|ListedEvent { item: ListedPath { path, cfgs }, variant }| {
        let doc = format!("`{}`.", text(path));
        quote!(#(#cfgs)* #[doc = #doc] #variant(#path))
    });
    let doc = format!("The events of [`{ident}`].");
    let declaration = quote_spanned!(user_span(set)=> #vis enum #set);
    let cfg_indices = CfgIndices::of("AT", event::items(aggregate).map(|item| &item.cfgs));
    let event_set = event::implementation(aggregate, &cfg_indices);
    let own = own_impls(aggregate);
    let conversions =
        events.iter().zip(&cfg_indices.indices).map(|(listed, index)| conversions(aggregate, listed, index));
    let common = common_impls(aggregate);
    let any_event = aggregate.incomplete.then(|| {
        quote! {
            // An event may be missing from the list because of a mistake that is already reported.
            impl #ident {
                #[doc(hidden)]
                #[allow(dead_code)]
                fn __es_events() {}
            }
        }
    });
    quote! {
        #[doc = #doc]
        #[allow(deprecated)]
        #declaration { #(#variants,)* }

        #[allow(deprecated)]
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
    let Aggregate { ident, event: set, events, not_recommended, .. } = aggregate;
    let category = aggregate.category.as_ref().map_or(quote!(""), ToTokens::to_token_stream);
    let id = aggregate.id.as_ref().map_or(quote!(::std::string::String), ToTokens::to_token_stream);
    let id = quote_spanned!(user_span(&id)=> type Id = #id;);
    let id_schema = super::id::schema(aggregate);
    let initial = quote_spanned!(user_span(ident)=> __es::initial::<#ident>());
    let applies = events.iter().map(|ListedEvent { item: ListedPath { path, cfgs }, variant }| {
        let apply = quote_spanned!(user_span(path)=> <#path>::__es_apply_to::<#ident>(__es_event, self));
        quote!(#(#cfgs)* #set::#variant(__es_event) => #apply)
    });
    quote! {
        #[allow(unused_imports, reason = "after `#[apply]` on a method an inherent function hides it")]
        use __es::ApplyTo as _;
        #not_recommended
        #[automatically_derived]
        impl __es::Aggregate for #ident {
            const CATEGORY: &'static ::core::primitive::str = #category;
            #id
            type Event = #set;
            #id_schema
            fn initial() -> Self {
                #initial
            }
            fn apply_event(&mut self, __es_event: #set) {
                match __es_event { #(#applies,)* }
            }
        }
        #not_recommended
        #[automatically_derived]
        impl __es::IntoEvents<#ident> for #set {
            fn into_events(self) -> impl ::core::iter::Iterator<Item = #set> {
                ::core::iter::once(self)
            }
        }
    }
}

/// What makes an event one of the set; `index` is its index among the members.
fn conversions(aggregate: &Aggregate<'_>, listed: &ListedEvent, index: &TokenStream) -> TokenStream {
    let Aggregate { ident, event: set, not_recommended, .. } = aggregate;
    let ListedEvent { item: ListedPath { path: event, cfgs }, variant } = listed;
    quote! {
        #(#cfgs)*
        #not_recommended
        #[automatically_derived]
        impl ::core::convert::From<#event> for #set {
            fn from(__es_event: #event) -> Self {
                Self::#variant(__es_event)
            }
        }
        #(#cfgs)*
        #not_recommended
        #[automatically_derived]
        impl __es::IntoEvents<#ident> for #event {
            const MAY: __es::May = __es::May::Event(#index);
            fn into_events(self) -> impl ::core::iter::Iterator<Item = #set> {
                ::core::iter::once(#set::#variant(self))
            }
        }
    }
}

/// `Clone`, `Debug` and `PartialEq`, each if all events implement it. The lifetime in the bounds keeps rustc from checking
/// them before they are used. Also the bound by which a projection proves that it handles all events.
fn common_impls(
    Aggregate { ident, event: set, events, incomplete, not_recommended, .. }: &Aggregate<'_>,
) -> TokenStream {
    let (types, aliases): (Vec<_>, Vec<_>) = events.iter().enumerate().map(bounded).unzip();
    let arms = |arm: &dyn Fn(&Ident) -> TokenStream| -> TokenStream {
        let arms = events.iter().map(|ListedEvent { item: ListedPath { cfgs, .. }, variant }| {
            let arm = arm(variant);
            quote!(#(#cfgs)* Self::#variant(ref __es_event) => #arm,)
        });
        arms.collect()
    };
    // After a mistake in the list a projection is not blamed for an event that it lacks.
    let handled = types.iter().filter(|_| !incomplete);
    let clones = arms(&|variant| quote!(Self::#variant(::core::clone::Clone::clone(__es_event))));
    let shows = arms(&|variant| {
        let text = variant.unraw().to_string();
        // Full paths: a trait of the user's in scope may have methods of the same name.
        quote! {{
            let mut __es_tuple = ::core::fmt::Formatter::debug_tuple(__es_formatter, #text);
            ::core::fmt::DebugTuple::finish(::core::fmt::DebugTuple::field(&mut __es_tuple, __es_event))
        }}
    });
    let compares = arms(&|variant| {
        quote! {
            ::core::matches!(*__es_other, Self::#variant(ref __es_other) if
                ::core::cmp::PartialEq::eq(__es_event, __es_other))
        }
    });
    quote! {
        #(#aliases)*
        #[automatically_derived]
        impl ::core::clone::Clone for #set
        where
            #(for<'__es> #types: ::core::clone::Clone,)*
        {
            fn clone(&self) -> Self {
                match *self { #clones }
            }
        }
        #[automatically_derived]
        impl ::core::fmt::Debug for #set
        where
            #(for<'__es> #types: ::core::fmt::Debug,)*
        {
            fn fmt(&self, __es_formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                match *self { #shows }
            }
        }
        #[automatically_derived]
        impl ::core::cmp::PartialEq for #set
        where
            #(for<'__es> #types: ::core::cmp::PartialEq,)*
        {
            fn eq(&self, __es_other: &Self) -> ::core::primitive::bool {
                match *self { #compares }
            }
        }
        #not_recommended
        #[automatically_derived]
        impl<__EsProjection> __es::EveryEventHandledBy<__EsProjection> for #ident
        where
            #(#handled: __es::HandledBy<__EsProjection>,)*
        {
        }
    }
}

/// The type that a bound is written for, since a bound takes no `#[cfg]`: the event's or, where it may be missing, an alias
/// that is `()` then; and the alias.
fn bounded((index, listed): (usize, &ListedEvent)) -> (TokenStream, Option<TokenStream>) {
    let ListedPath { path, cfgs } = &listed.item;
    if cfgs.is_empty() {
        return (path.to_token_stream(), None);
    }
    let alias = format_ident!("__EsEvent{index}");
    let conditions = cfgs.iter().filter_map(|cfg| Some(&cfg.meta.require_list().ok()?.tokens));
    let declarations = quote! {
        #(#cfgs)*
        type #alias = #path;
        #[cfg(not(all(#(#conditions),*)))]
        type #alias = ();
    };
    (alias.to_token_stream(), Some(declarations))
}
