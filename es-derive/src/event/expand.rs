//! Writes `impl Event`, or a replacement after a mistake.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Data, DeriveInput, Path, Type};

use super::{check, describe, field, history::History, lossless, parse::Event, type_text::text, upcast};
use crate::{path, span};

/// The impl for an event, with its older shapes and the steps between them.
pub(crate) fn event(event: &Event, history: &History) -> TokenStream {
    let Event { ident, name, version, not_recommended, .. } = event;
    let private = path::private(event.krate.as_ref());
    let schema = describe::schema(event, history);
    let shapes = upcast::shapes(event, history);
    let steps = upcast::steps(event, history);
    let arms = upcast::arms(event, history);
    let previous = event.previous.as_ref().map(|previous| previous_fits(event, previous));
    let lossless = lossless::checks(event);
    quote! {
        // A deprecated event warns where it is used; lints of style are for code that people wrote.
        #[allow(deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
        const _: () = {
            use #private as __es;
            // Outside of the impl: inside, rustc would repeat the error of a missing supertrait for each use.
            const __ES_SCHEMA: __es::Schema = #schema;
            #shapes
            #steps
            #previous
            #lossless
            #not_recommended
            #[automatically_derived]
            impl __es::Event for #ident {
                const NAME: &'static ::core::primitive::str = #name;
                const SCHEMA_VERSION: __es::SchemaVersion = __es::schema_version(#version);
                const SCHEMA: &'static __es::Schema = &__ES_SCHEMA;
                #[inline]
                fn decode(
                    __es_stored: __es::SchemaVersion,
                    __es_payload: &[::core::primitive::u8],
                ) -> ::core::result::Result<Self, __es::DecodeError> {
                    match __es_stored.get() {
                        #arms
                        _ => ::core::result::Result::Err(__es::newer(#version)),
                    }
                }
            }
        };
    }
}

/// Writes the assertion that `previous` has the same name and the schema version just below.
fn previous_fits(event: &Event, previous: &Type) -> TokenStream {
    let name = &event.name;
    let (ident, ty) = (&event.ident, text(previous));
    let wanted = check::base(event) - 1;
    let other_name = format!(
        "`{ty}` is stored under another name than `{ident}`; give it `name = \"{}\"`, or make it a retired event",
        name.value()
    );
    let other_version =
        format!("`previous = {ty}` must have schema version {wanted}, just below the shapes declared on `{ident}`");
    quote_spanned! {span::user_span(previous)=>
        const _: () = {
            __es::demand(__es::same_text(<#previous as __es::Event>::NAME, #name), #other_name);
            __es::demand(<#previous as __es::Event>::SCHEMA_VERSION.get() == #wanted, #other_version);
        };
    }
}

/// An impl in place of the one that could not be written, so that the mistake is the only error. Its stored name is unique, as
/// two broken events with one name would be another error.
pub(crate) fn stand_in(input: &DeriveInput, krate: Option<&Path>) -> TokenStream {
    if matches!(input.data, Data::Union(_)) {
        return TokenStream::new(); // serde cannot derive for a union either.
    }
    let private = path::private(krate);
    let ident = &input.ident;
    let mut generics = input.generics.clone();
    let borrows = field::borrows(&input.data, &generics);
    if !generics.params.is_empty() && !borrows {
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
    // A type that borrows cannot implement `Event`: rustc would report that again. A set can hold it as `AsEvent`.
    let (role, encode) = if borrows {
        let encode = quote! {
            fn encode(
                &self,
                _: &mut ::std::vec::Vec<::core::primitive::u8>,
            ) -> ::core::result::Result<(), __es::EncodeError> {
                ::core::result::Result::Ok(())
            }
            fn copied(&self) -> Self {
                ::core::unreachable!()
            }
        };
        (quote!(AsEvent), encode)
    } else {
        (quote!(Event), TokenStream::new())
    };
    quote! {
        #[allow(deprecated)]
        const _: () = {
            use #private as __es;
            #[automatically_derived]
            impl #impl_generics __es::#role for #ident #type_generics #where_clause {
                const NAME: &'static ::core::primitive::str = ::core::concat!(::core::module_path!(), "::", #text);
                const SCHEMA_VERSION: __es::SchemaVersion = __es::SchemaVersion::FIRST;
                const SCHEMA: &'static __es::Schema = &__es::Schema {
                    name: <Self as __es::#role>::NAME,
                    schema_version: __es::SchemaVersion::FIRST,
                    aliases: &[],
                    shapes: &[],
                    previous: ::core::option::Option::None,
                    types: |_| {},
                };
                fn decode(
                    _: __es::SchemaVersion,
                    _: &[::core::primitive::u8],
                ) -> ::core::result::Result<Self, __es::DecodeError> {
                    ::core::result::Result::Err(__es::DecodeError::UnknownName)
                }
                #encode
            }
        };
    }
}
