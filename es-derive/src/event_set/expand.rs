//! Writes `impl EventSet` and `impl Serialize` for a feed.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Ident, Type};

use super::parse::EventSet;
use crate::{
    cfg_index::CfgIndices,
    path,
    path_list::{ListedPath, text},
    span::user_span,
};

/// The impl for the enum of `derive(EventSet)`, and the proofs that its aggregates hold its events.
pub(crate) fn event_set(set: &EventSet<'_>) -> TokenStream {
    let EventSet { ident, krate, not_recommended, .. } = set;
    let private = path::private(krate.as_ref());
    let cfg_indices = CfgIndices::of("AT", set.of.iter().map(|item| &item.cfgs));
    let table = table(set, &cfg_indices);
    let proofs = proofs(set, &cfg_indices);
    let decode = decode(set, &cfg_indices);
    let serialize = serialize(set);
    quote! {
        #[allow(deprecated)]
        const _: () = {
            use #private as __es;
            use __es::{NotHeld as _, NotListed as _, NotNamed as _};
            // Nothing else uses them where every bound holds.
            const _: (__es::Held, ::core::option::Option<&::core::primitive::str>, &::core::primitive::str) =
                (__es::Holds::<(), ()>::HELD, __es::Listed::<()>::NAME, __es::Named::<()>::CATEGORY);
            #table
            #proofs
            #decode
            #not_recommended
            #[automatically_derived]
            impl __es::EventSet for #ident {
                const CATEGORIES: &'static [&'static ::core::primitive::str] =
                    &__es::categories::<{ __ES_OF.len() }>(__ES_OF);
                const NAMES: &'static [&'static ::core::primitive::str] =
                    &__es::names_of::<{ __es::count_of(__ES_OF) }>(__ES_OF);
                const EVERY: &'static [&'static ::core::primitive::str] =
                    &__es::every::<{ __es::count_every(__ES_OF) }>(__ES_OF);
                fn wants(__es_category: &::core::primitive::str, __es_name: &::core::primitive::str) -> ::core::primitive::bool {
                    __es::wants(__ES_OF, __es_category, __es_name)
                }
                fn decode(
                    __es_category: &::core::primitive::str,
                    __es_name: &::core::primitive::str,
                    __es_schema_version: __es::SchemaVersion,
                    __es_payload: &[::core::primitive::u8],
                    mut __es_each: impl ::core::ops::FnMut(Self),
                ) -> ::core::result::Result<(), __es::DecodeError> {
                    __es_decode(__es_category, __es_name, __es_schema_version, __es_payload, &mut __es_each)
                }
            }
            #serialize
        };
    }
}

/// Writes the table of what the aggregates hold, and what of it the feed lists.
fn table(set: &EventSet<'_>, CfgIndices { constants, .. }: &CfgIndices) -> TokenStream {
    let some = set.of.len() - set.every;
    let of = set.of.iter().enumerate().map(|(index, ListedPath { path, cfgs })| {
        let every = index >= some;
        let members = quote_spanned!(user_span(path)=> __es::Named::<#path>::MEMBERS);
        let category = quote_spanned!(user_span(path)=> __es::Named::<#path>::CATEGORY);
        let without_mistake = if set.complete {
            quote_spanned!(user_span(path)=> __es::Named::<#path>::WITHOUT_MISTAKE)
        } else {
            quote!(false)
        };
        let listed =
            events(set).map(|(_, event)| quote_spanned!(user_span(event)=> __es::Holds::<#path, #event>::HELD));
        quote! {
            #(#cfgs)*
            {
                const __ES_LISTED: &[__es::Held] = &[#(#listed),*];
                __es::Of {
                    category: #category,
                    every: #every,
                    members: #members,
                    without_mistake: #without_mistake,
                    listed: __ES_LISTED,
                    wanted: &__es::wanted::<{ #members.len() }>(#members, __ES_LISTED),
                }
            }
        }
    });
    quote! {
        #constants
        const __ES_OF: &[__es::Of] = &[#(#of),*];
    }
}

/// Writes the proofs that each aggregate and each event is one, and that the aggregates hold the events.
fn proofs(set: &EventSet<'_>, CfgIndices { indices, .. }: &CfgIndices) -> TokenStream {
    let aggregates = set.of.iter().map(|ListedPath { path, cfgs }| {
        let text = text(path);
        quote!(#(#cfgs)* #text)
    });
    let types = events(set).map(|(_, event)| text(event));
    let (of, every) = set.of.split_at(set.of.len() - set.every);
    let lists = if set.by_methods { quote!(__es::Lists::Methods) } else { quote!(__es::Lists::Variants) };
    let of_aggregates = of.iter().zip(indices).map(|(ListedPath { path, cfgs }, index)| {
        quote_spanned! {user_span(path)=>
            #(#cfgs)*
            const _: () = __es::aggregate::<#path>();
            #(#cfgs)*
            const _: () = __es::assert_own_category(#index, __ES_AGGREGATES, __ES_OF);
            #(#cfgs)*
            const _: () = __es::assert_of(#index, __ES_AGGREGATES, __ES_OF, #lists);
        }
    });
    // `#[project]` proves the rest.
    let of_every = every.iter().zip(&indices[of.len()..]).map(|(ListedPath { path, cfgs }, index)| {
        quote_spanned! {user_span(path)=>
            #(#cfgs)*
            const _: () = __es::assert_own_category(#index, __ES_AGGREGATES, __ES_OF);
        }
    });
    let of_events = events(set).enumerate().map(|(index, (_, event))| {
        // A set without an aggregate is a mistake that is already reported.
        let held = (!set.of.is_empty()).then(|| {
            quote_spanned! {user_span(event)=>
                const _: () =
                    __es::assert_held(#index, __es::Listed::<#event>::NAME, __ES_TYPES, __ES_AGGREGATES, __ES_OF, #lists);
            }
        });
        quote_spanned! {user_span(event)=>
            const _: () = __es::event::<#event>();
            #held
        }
    });
    quote! {
        const __ES_AGGREGATES: &[&::core::primitive::str] = &[#(#aggregates),*];
        const __ES_TYPES: &[&::core::primitive::str] = &[#(#types),*];
        #(#of_aggregates)*
        #(#of_every)*
        #(#of_events)*
    }
}

/// A function of its own, so that it is compiled once and not for each closure that the trait's method takes.
fn decode(set: &EventSet<'_>, CfgIndices { indices, .. }: &CfgIndices) -> TokenStream {
    let ident = set.ident;
    let takes = events(set).map(|(variant, event)| {
        let taken = quote_spanned!(user_span(event)=> __es::taken::<#event>(__es_given));
        quote! {
            if let ::core::option::Option::Some(__es_event) = #taken {
                return __es_each(#ident::#variant(__es_event));
            }
        }
    });
    let reads = set.of.iter().zip(indices).map(|(ListedPath { path, cfgs }, index)| {
        let decode = quote_spanned!(user_span(path)=> __es::Named::<#path>::decode);
        quote! {
            #(#cfgs)*
            if __es_category == __ES_OF[#index].category {
                return #decode(&__ES_OF[#index], __es_name, __es_schema_version, __es_payload, &mut |__es_given| {
                    __es_narrow(__es_given, __es_each);
                });
            }
        }
    });
    quote! {
        fn __es_narrow(__es_given: &mut dyn ::core::any::Any, __es_each: &mut dyn ::core::ops::FnMut(#ident)) {
            #(#takes)*
        }
        fn __es_decode(
            __es_category: &::core::primitive::str,
            __es_name: &::core::primitive::str,
            __es_schema_version: __es::SchemaVersion,
            __es_payload: &[::core::primitive::u8],
            __es_each: &mut dyn ::core::ops::FnMut(#ident),
        ) -> ::core::result::Result<(), __es::DecodeError> {
            #(#reads)*
            // The event of another aggregate: the reader's filter is wider than that of the feed.
            ::core::result::Result::Ok(())
        }
    }
}

/// An event serialises by its name, its schema version and its payload. The enum of a set with a mistake may have variants
/// that are no events.
fn serialize(set: &EventSet<'_>) -> TokenStream {
    let EventSet { ident, not_recommended, .. } = set;
    let arms = events(set).map(|(variant, event)| {
        let serialize = quote_spanned!(user_span(event)=> __es::Listed::<#event>::serialize);
        quote!(Self::#variant(ref __es_event) => #serialize(__es_event, __es_serializer),)
    });
    let rest = (!set.complete).then(|| quote!(#[allow(unreachable_patterns)] _ => __es_serializer.serialize_unit(),));
    quote! {
        #not_recommended
        #[automatically_derived]
        impl __es::serde::Serialize for #ident {
            fn serialize<__EsSerializer: __es::serde::Serializer>(
                &self,
                __es_serializer: __EsSerializer,
            ) -> ::core::result::Result<__EsSerializer::Ok, __EsSerializer::Error> {
                match *self { #(#arms)* #rest }
            }
        }
    }
}

fn events<'a>(set: &'a EventSet<'_>) -> impl Iterator<Item = (&'a Ident, &'a Type)> {
    set.members.iter().filter_map(|member| Some((member.variant, member.event?)))
}
