//! Writes `impl EventSet`, for `derive(EventSet)` and for the enum of `derive(Aggregate)`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::Ident;

use crate::{listed::text, place::at};

/// A variant of a set.
pub(crate) struct Member<'a> {
    pub(crate) variant: &'a Ident,
    /// The event it holds; none after a mistake.
    pub(crate) event: Option<TokenStream>,
}

/// `impl EventSet for` the enum `set`, where `__es` names the private module.
pub(crate) fn implementation(set: &Ident, members: &[Member<'_>]) -> TokenStream {
    let schemas = each(members, |_, event| quote_spanned!(at(event)=> <#event as __es::Event>::SCHEMA));
    let texts = each(members, |_, event| text(event).to_token_stream());
    let own_names =
        each(members, |_, event| quote_spanned!(at(event)=> __es::assert_own_names)).into_iter().enumerate();
    let own_names = own_names.map(|(index, assert)| quote!(#assert(&__ES_SHARED, #index, __ES_TYPES)));
    let count = texts.len();
    let decodes = each(members, |variant, event| {
        let decode = quote_spanned!(at(event)=> <#event as __es::Event>::decode(schema_version, payload));
        quote!(#set::#variant(#decode?))
    });
    let indices = 0..decodes.len();
    let names = arms(members, &quote!(_), |event| quote_spanned!(at(event)=> <#event as __es::Event>::NAME));
    let versions = arms(members, &quote!(_), |event| quote_spanned!(at(event)=> <#event as __es::Event>::VERSION));
    let encodes =
        arms(members, &quote!(event), |event| quote_spanned!(at(event)=> <#event as __es::Event>::encode(event, out)));
    quote! {
        const __ES_EVENTS: &[&__es::Schema] = &[#(#schemas),*];

        const __ES_TYPES: &[&::core::primitive::str] = &[#(#texts),*];
        const __ES_SHARED: [::core::option::Option<__es::Shared>; #count] =
            __es::shared::<#count, { __es::slots(__ES_EVENTS) }>(__ES_EVENTS);
        #(const _: () = #own_names;)*

        // apart from the trait's method, so that it is compiled once and not for each closure
        fn __es_decode(
            name: &::core::primitive::str,
            schema_version: __es::SchemaVersion,
            payload: &[::core::primitive::u8],
            each: &mut dyn ::core::ops::FnMut(#set),
        ) -> ::core::result::Result<(), __es::DecodeError> {
            match __es::find(__ES_EVENTS, name, schema_version)? {
                #(#indices => each(#decodes),)*
                _ => return ::core::result::Result::Err(__es::DecodeError::UnknownName),
            }
            ::core::result::Result::Ok(())
        }

        #[automatically_derived]
        impl __es::EventSet for #set {
            const NAMES: &'static [&'static ::core::primitive::str] =
                &__es::names::<{ __es::count(__ES_EVENTS) }>(__ES_EVENTS);
            fn name(&self) -> &'static ::core::primitive::str {
                match self { #names }
            }
            fn schema_version(&self) -> __es::SchemaVersion {
                match self { #versions }
            }
            fn encode(
                &self,
                out: &mut ::std::vec::Vec<::core::primitive::u8>,
            ) -> ::core::result::Result<(), __es::EncodeError> {
                match self { #encodes }
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

fn each(members: &[Member<'_>], code: impl Fn(&Ident, &TokenStream) -> TokenStream) -> Vec<TokenStream> {
    members.iter().filter_map(|member| Some(code(member.variant, member.event.as_ref()?))).collect()
}

/// The arms of a `match self`, each by `code` of its event, which is `bound`.
fn arms(members: &[Member<'_>], bound: &TokenStream, code: impl Fn(&TokenStream) -> TokenStream) -> TokenStream {
    if members.is_empty() {
        return quote!(_ => ::core::unreachable!());
    }
    let arm = |Member { variant, event }: &Member<'_>| {
        let Some(event) = event else {
            return quote!(Self::#variant { .. } => ::core::unreachable!(),);
        };
        let code = code(event);
        quote!(Self::#variant(#bound) => #code,)
    };
    members.iter().map(arm).collect()
}
