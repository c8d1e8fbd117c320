//! Writes the impls.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Path};

use super::parse::Event;
use crate::path;

/// The impls for an event.
pub(crate) fn event(event: &Event) -> TokenStream {
    let Event { ident, krate, name, version } = event;
    let private = path::private(krate.as_ref());
    quote! {
           const _: () = {
               use #private as __es;
               #[automatically_derived]
               impl __es::Event for #ident {
                   const NAME: &'static ::core::primitive::str = #name;
                   const VERSION: __es::SchemaVersion = __es::schema_version(#version);
                   const SCHEMA: &'static __es::Schema = &__es::Schema {
                       name: #name,
                       version: __es::schema_version(#version),
                       aliases: &[],
    shapes: &[],
    previous: ::core::option::Option::None,
                   };
                   fn decode(
                       stored: __es::SchemaVersion,
                       payload: &[::core::primitive::u8],
                   ) -> ::core::result::Result<Self, __es::DecodeError> {
                       __es::decode_single::<Self>(stored, payload)
                   }
               }
           };
       }
}

/// An impl that stands in for the one that could not be written, so that the mistake is the only error. Its name is
/// nobody else's, or two broken events would also share one.
pub(crate) fn stand_in(input: &DeriveInput, krate: Option<&Path>) -> TokenStream {
    if matches!(input.data, Data::Union(_)) {
        return TokenStream::new(); // serde cannot derive for it either
    }
    let private = path::private(krate);
    let ident = &input.ident;
    let mut generics = input.generics.clone();
    if !generics.params.is_empty() {
        let where_clause = generics.make_where_clause();
        where_clause.predicates.push(syn::parse_quote!(
            Self: __es::serde::Serialize
                + __es::serde::de::DeserializeOwned
                + ::core::clone::Clone
                + ::core::marker::Send
                + ::core::marker::Sync
                + 'static
        ));
    }
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let text = ident.to_string();
    quote! {
           const _: () = {
               use #private as __es;
               #[automatically_derived]
               impl #impl_generics __es::Event for #ident #type_generics #where_clause {
                   const NAME: &'static ::core::primitive::str = ::core::concat!(::core::module_path!(), "::", #text);
                   const VERSION: __es::SchemaVersion = __es::SchemaVersion::FIRST;
                   const SCHEMA: &'static __es::Schema = &__es::Schema {
                       name: <Self as __es::Event>::NAME,
                       version: __es::SchemaVersion::FIRST,
                       aliases: &[],
    shapes: &[],
    previous: ::core::option::Option::None,
                   };
                   fn decode(
                       stored: __es::SchemaVersion,
                       payload: &[::core::primitive::u8],
                   ) -> ::core::result::Result<Self, __es::DecodeError> {
                       __es::decode_single::<Self>(stored, payload)
                   }
               }
           };
       }
}
