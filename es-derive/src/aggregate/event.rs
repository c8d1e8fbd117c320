//! Writes `EventSet`, `AggregateEvent` and `Serialize` for the enum of the events.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Path;

use super::parse::Aggregate;
use crate::{
    cfg_index::CfgIndices,
    path_list::{ListedEvent, ListedPath, text},
    span::user_span,
};

/// Writes `impl EventSet`, `impl AggregateEvent` and `impl Serialize` for the enum, and the items that both use. `__es` is the private module.
/// `indices` are those of the events and behind them the retired ones.
pub(crate) fn implementation(aggregate: &Aggregate<'_>, cfg_indices: &CfgIndices) -> TokenStream {
    let Aggregate { ident, event: set, not_recommended, .. } = aggregate;
    let table = table(aggregate, cfg_indices);
    let decode = decode(aggregate, cfg_indices);
    let names = arms(aggregate, &quote!(_), |event| quote_spanned!(user_span(event)=> <#event as __es::AsEvent>::NAME));
    let versions = arms(
        aggregate,
        &quote!(_),
        |event| quote_spanned!(user_span(event)=> <#event as __es::AsEvent>::SCHEMA_VERSION),
    );
    let encodes = arms(
        aggregate,
        &quote!(ref __es_event),
        |event| quote_spanned!(user_span(event)=> <#event as __es::AsEvent>::encode(__es_event, __es_out)),
    );
    let copies = aggregate.events.iter().map(|ListedEvent { item: ListedPath { path, cfgs }, variant }| {
        let copied = quote_spanned!(user_span(path)=> <#path as __es::AsEvent>::copied(__es_event));
        quote!(#(#cfgs)* Self::#variant(ref __es_event) => Self::#variant(#copied),)
    });
    let gives =
        arms(aggregate, &quote!(__es_event), |_| quote!(__es_to(&mut ::core::option::Option::Some(__es_event))));
    let incomplete = aggregate.incomplete.then(|| {
        quote!(
            const INCOMPLETE: ::core::primitive::bool = true;
        )
    });
    quote! {
        #table
        #decode
        #not_recommended
        #[automatically_derived]
        impl __es::EventSet for #set {
            const CATEGORIES: &'static [&'static ::core::primitive::str] = &[<#ident as __es::Aggregate>::CATEGORY];
            const NAMES: &'static [&'static ::core::primitive::str] =
                &__es::names::<{ __es::count(__ES_EVENTS) }>(__ES_EVENTS);
            const EVERY: &'static [&'static ::core::primitive::str] =
                <Self as __es::EventSet>::CATEGORIES;
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
        #not_recommended
        #[automatically_derived]
        impl __es::AggregateEvent for #set {
            const MEMBERS: &'static [__es::Member] = __ES_EVENTS;
            #incomplete
            fn name(&self) -> &'static ::core::primitive::str {
                match *self { #names }
            }
            fn schema_version(&self) -> __es::SchemaVersion {
                match *self { #versions }
            }
            fn encode(
                &self,
                __es_out: &mut ::std::vec::Vec<::core::primitive::u8>,
            ) -> ::core::result::Result<(), __es::EncodeError> {
                match *self { #encodes }
            }
            fn copied(&self) -> Self {
                match *self { #(#copies)* }
            }
            fn give(self, __es_to: &mut dyn ::core::ops::FnMut(&mut dyn ::core::any::Any)) {
                match self { #gives }
            }
        }
        #not_recommended
        #[automatically_derived]
        impl __es::serde::Serialize for #set {
            fn serialize<__EsSerializer: __es::serde::Serializer>(
                &self,
                __es_serializer: __EsSerializer,
            ) -> ::core::result::Result<__EsSerializer::Ok, __EsSerializer::Error> {
                __es::serialize(self, __es_serializer)
            }
        }
    }
}

/// Writes the table of the stored events, in the order that `__es::find` expects, and the proof that no two share a name.
fn table(aggregate: &Aggregate<'_>, CfgIndices { constants, indices }: &CfgIndices) -> TokenStream {
    let Aggregate { ident, events, .. } = aggregate;
    let member = |ListedPath { path, cfgs }: &ListedPath, retired: bool, becomes: &TokenStream| {
        let schema = quote_spanned!(user_span(path)=> <#path as __es::AsEvent>::SCHEMA);
        quote!(#(#cfgs)* __es::Member { schema: #schema, retired: #retired, becomes: #becomes })
    };
    let live = events.iter().zip(indices).map(|(listed, index)| {
        let becomes = quote!(__es::May::Event(#index));
        member(&listed.item, false, &becomes)
    });
    let retired = aggregate.retired.iter().map(|item| {
        let path = &item.path;
        member(item, true, &quote_spanned!(user_span(path)=> __es::Becomes::<#path, #ident>::MAY))
    });
    let members = live.chain(retired);
    let texts = items(aggregate).map(|ListedPath { path, cfgs }| {
        let text = text(path);
        quote!(#(#cfgs)* #text)
    });
    let own_names = items(aggregate).zip(indices).map(|(ListedPath { path, cfgs }, index)| {
        quote_spanned! {user_span(path)=>
            #(#cfgs)*
            const _: () = __es::assert_no_clash(&__ES_NAME_CLASHES, #index, __ES_TYPES);
        }
    });
    quote! {
        use __es::NotRetired as _;
        // Nothing else uses it where every bound holds.
        const _: __es::May = __es::Becomes::<(), ()>::MAY;
        #constants
        const __ES_EVENTS: &[__es::Member] = &[#(#members),*];
        const __ES_TYPES: &[&::core::primitive::str] = &[#(#texts),*];
        const __ES_NAME_CLASHES: [::core::option::Option<__es::NameClash>; __ES_EVENTS.len()] =
            __es::name_clashes::<{ __ES_EVENTS.len() }, { __es::slots(__ES_EVENTS) }>(__ES_EVENTS);
        #(#own_names)*
    }
}

/// A function of its own, so that it is compiled once and not for each closure that the trait's method takes.
fn decode(aggregate: &Aggregate<'_>, CfgIndices { indices, .. }: &CfgIndices) -> TokenStream {
    let Aggregate { ident, event: set, events, retired, .. } = aggregate;
    let decode = |event: &Path| quote_spanned!(user_span(event)=> <#event as __es::AsEvent>::decode(__es_schema_version, __es_payload)?);
    let events = events.iter().map(|ListedEvent { item: ListedPath { path, cfgs }, variant }| {
        let event = decode(path);
        (cfgs, quote!(__es_each(#set::#variant(#event))))
    });
    let retired = retired.iter().map(|ListedPath { path, cfgs }| {
        let event = decode(path);
        (cfgs, quote_spanned!(user_span(path)=> __es::retire::<#path, #ident>(#event, __es_each)))
    });
    let arms = events
        .chain(retired)
        .zip(indices)
        .map(|((cfgs, arm), index)| quote!(#(#cfgs)* #index => ::core::result::Result::Ok(#arm),));
    quote! {
        fn __es_decode(
            __es_category: &::core::primitive::str,
            __es_name: &::core::primitive::str,
            __es_schema_version: __es::SchemaVersion,
            __es_payload: &[::core::primitive::u8],
            __es_each: &mut dyn ::core::ops::FnMut(#set),
        ) -> ::core::result::Result<(), __es::DecodeError> {
            if __es_category != <#ident as __es::Aggregate>::CATEGORY {
                return ::core::result::Result::Err(__es::DecodeError::UnknownName);
            }
            match __es::find(__ES_EVENTS, __es_name, __es_schema_version)? {
                #(#arms)*
                _ => ::core::result::Result::Err(__es::DecodeError::UnknownName),
            }
        }
    }
}

/// An arm for each variant, by `code` of its event, which is `bound`.
fn arms(aggregate: &Aggregate<'_>, bound: &TokenStream, code: impl Fn(&Path) -> TokenStream) -> TokenStream {
    let arms = aggregate.events.iter().map(|ListedEvent { item: ListedPath { path, cfgs }, variant }| {
        let code = code(path);
        quote!(#(#cfgs)* Self::#variant(#bound) => #code,)
    });
    arms.collect()
}

/// The events, followed by the retired ones.
pub(crate) fn items<'a>(aggregate: &'a Aggregate<'_>) -> impl Iterator<Item = &'a ListedPath> {
    aggregate.events.iter().map(|listed| &listed.item).chain(&aggregate.retired)
}
