//! Writes `impl EventSet`, for `derive(EventSet)` and for the enum of `derive(Aggregate)`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::{Ident, Path};

use super::parse::EventSet;
use crate::{listed::text, path, place::at};

/// The impls for the enum of `derive(EventSet)`.
pub(crate) fn event_set(parsed: &EventSet<'_>) -> TokenStream {
    let EventSet { ident, members, retired, krate, not_recommended, .. } = parsed;
    let private = path::private(krate.as_ref());
    let set = Set { ident, owner: ident, members, retired, not_recommended: not_recommended.as_ref() };
    let implementation = set.implementation();
    let into_events = set.events().map(|(variant, event)| {
        quote! {
            #not_recommended
            #[automatically_derived]
            impl __es::IntoEvents<#ident> for #event {
                fn into_events(self) -> impl ::core::iter::Iterator<Item = #ident> {
                    ::core::iter::once(#ident::#variant(self))
                }
            }
        }
    });
    quote! {
        const _: () = {
            use #private as __es;
            #implementation
            #not_recommended
            #[automatically_derived]
            impl __es::HasEvents for #ident {
                type Set = Self;
            }
            #not_recommended
            #[automatically_derived]
            impl __es::IntoEvents<#ident> for #ident {
                fn into_events(self) -> impl ::core::iter::Iterator<Item = #ident> {
                    ::core::iter::once(self)
                }
            }
            #(#into_events)*
        };
    }
}

/// A set of events.
pub(crate) struct Set<'a> {
    /// The enum.
    pub(crate) ident: &'a Ident,
    /// What the events belong to: the aggregate, or the enum by itself.
    pub(crate) owner: &'a Ident,
    pub(crate) members: &'a [Member<'a>],
    pub(crate) retired: &'a [Path],
    /// An attribute for its impls.
    pub(crate) not_recommended: Option<&'a TokenStream>,
}

/// A variant of a set.
pub(crate) struct Member<'a> {
    pub(crate) variant: &'a Ident,
    /// The event it holds; none after a mistake.
    pub(crate) event: Option<TokenStream>,
}

impl Set<'_> {
    /// `impl EventSet for` the enum, where `__es` names the private module.
    pub(crate) fn implementation(&self) -> TokenStream {
        let (set, not_recommended) = (self.ident, self.not_recommended);
        let table = self.table();
        let decode = self.decode();
        let names = self.arms(&quote!(_), |event| quote_spanned!(at(event)=> <#event as __es::AsEvent>::NAME));
        let versions = self.arms(&quote!(_), |event| quote_spanned!(at(event)=> <#event as __es::AsEvent>::VERSION));
        let encodes = self
            .arms(&quote!(event), |event| quote_spanned!(at(event)=> <#event as __es::AsEvent>::encode(event, out)));
        quote! {
            #table
            #decode
            #not_recommended
            #[automatically_derived]
            impl __es::EventSet for #set {
                const MEMBERS: &'static [__es::Member] = __ES_EVENTS;
                const NAMES: &'static [&'static ::core::primitive::str] =
                    &__es::names::<{ __es::count(__ES_EVENTS) }>(__ES_EVENTS);
                fn name(&self) -> &'static ::core::primitive::str {
                    #names
                }
                fn schema_version(&self) -> __es::SchemaVersion {
                    #versions
                }
                fn encode(
                    &self,
                    out: &mut ::std::vec::Vec<::core::primitive::u8>,
                ) -> ::core::result::Result<(), __es::EncodeError> {
                    #encodes
                }
                fn decode(
                    name: &::core::primitive::str,
                    schema_version: __es::SchemaVersion,
                    payload: &[::core::primitive::u8],
                    mut each: impl ::core::ops::FnMut(Self),
                ) -> ::core::result::Result<(), __es::DecodeError> {
                    __es_decode(name, schema_version, payload, &mut each)
                }
            }
        }
    }

    /// What is stored, in the order in which `__es::find` tells it apart; and that no two share a name.
    fn table(&self) -> TokenStream {
        let listed = self.events().map(|(_, event)| (event.clone(), false));
        let retired = self.retired.iter().map(|event| (event.to_token_stream(), true));
        let (events, retired): (Vec<_>, Vec<_>) = listed.chain(retired).unzip();
        let schemas = events.iter().map(|event| quote_spanned!(at(event)=> <#event as __es::AsEvent>::SCHEMA));
        let texts = events.iter().map(text);
        let count = events.len();
        let own_names = events.iter().enumerate().map(|(index, event)| {
            quote_spanned!(at(event)=> const _: () = __es::assert_own_names(&__ES_SHARED, #index, __ES_TYPES);)
        });
        quote! {
            const __ES_EVENTS: &[__es::Member] = &[#(__es::Member { schema: #schemas, retired: #retired }),*];
            const __ES_TYPES: &[&::core::primitive::str] = &[#(#texts),*];
            const __ES_SHARED: [::core::option::Option<__es::Shared>; #count] =
                __es::shared::<#count, { __es::slots(__ES_EVENTS) }>(__ES_EVENTS);
            #(#own_names)*
        }
    }

    /// Apart from the trait's method, so that it is compiled once and not for each closure.
    fn decode(&self) -> TokenStream {
        let Self { ident: set, owner, .. } = self;
        let decode = |event: &TokenStream| quote_spanned!(at(event)=> <#event as __es::AsEvent>::decode(schema_version, payload)?);
        let events = self.events().map(|(variant, event)| {
            let event = decode(event);
            quote!(each(#set::#variant(#event)))
        });
        let retired = self.retired.iter().map(|path| {
            let event = decode(&path.to_token_stream());
            quote_spanned!(at(path)=> __es::retire::<#path, #owner>(#event, each))
        });
        let arms =
            events.chain(retired).enumerate().map(|(index, arm)| quote!(#index => ::core::result::Result::Ok(#arm),));
        quote! {
            fn __es_decode(
                name: &::core::primitive::str,
                schema_version: __es::SchemaVersion,
                payload: &[::core::primitive::u8],
                each: &mut dyn ::core::ops::FnMut(#set),
            ) -> ::core::result::Result<(), __es::DecodeError> {
                match __es::find(__ES_EVENTS, name, schema_version)? {
                    #(#arms)*
                    _ => ::core::result::Result::Err(__es::DecodeError::UnknownName),
                }
            }
        }
    }

    /// A `match self` with an arm for each variant, by `code` of its event, which is `bound`.
    fn arms(&self, bound: &TokenStream, code: impl Fn(&TokenStream) -> TokenStream) -> TokenStream {
        let arms = self.members.iter().map(|Member { variant, event }| {
            let Some(event) = event else {
                return quote!(Self::#variant { .. } => ::core::unreachable!(),);
            };
            let code = code(event);
            quote!(Self::#variant(#bound) => #code,)
        });
        if self.members.is_empty() { quote!(match *self {}) } else { quote!(match self { #(#arms)* }) }
    }

    fn events(&self) -> impl Iterator<Item = (&Ident, &TokenStream)> {
        self.members.iter().filter_map(|member| Some((member.variant, member.event.as_ref()?)))
    }
}
