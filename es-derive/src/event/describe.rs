//! Writes the schema of an event as a constant.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Meta, Type};

use super::{
    field::Form,
    history::{History, Shape, Stored},
    parse::Event,
    stored::{Held, Presence},
    type_text::text,
};

/// The schema of `event`.
pub(crate) fn schema(event: &Event, history: &History) -> TokenStream {
    let Event { name, version, .. } = event;
    let aliases = event.aliases.iter().map(|alias| {
        let (name, up_to) = (&alias.name, alias.up_to);
        quote!(__es::Alias { name: #name, up_to: __es::schema_version(#up_to) })
    });
    let shapes = history.shapes.iter().map(|shape| self::shape(event, shape));
    let previous = event.previous.as_ref().map_or_else(
        || quote!(::core::option::Option::None),
        |previous| quote!(::core::option::Option::Some(<#previous as __es::Event>::SCHEMA)),
    );
    let types = types(event, history);
    quote! {
        __es::Schema {
            name: #name,
            schema_version: __es::schema_version(#version),
            aliases: &[#(#aliases),*],
            shapes: &[#(#shapes),*],
            previous: #previous,
            types: #types,
        }
    }
}

fn shape(event: &Event, shape: &Shape) -> TokenStream {
    let version = shape.version;
    let stored: Vec<_> = shape.fields.iter().filter(|field| field.is_stored()).collect();
    let form = match (event.form, &event.stored.as_type) {
        (_, Some(ty)) => quote!(As(#ty)),
        (Form::Named, None) if event.stored.transparent => quote!(Newtype),
        (Form::Named, None) => quote!(Named),
        (Form::Tuple, None) if event.fields.len() == 1 => quote!(Newtype),
        (Form::Tuple, None) => quote!(Tuple),
        (Form::Unit, None) => quote!(Unit),
    };
    let fields = if event.stored.as_type.is_some() { Vec::new() } else { stored };
    let fields = fields.into_iter().map(|stored| field(event, stored));
    quote!(__es::Shape::new(#version, __es::Form::#form, &[#(#fields),*]))
}

fn field(event: &Event, field: &Stored) -> TokenStream {
    let (key, ty) = (&field.key, text(&field.ty));
    let presence = match field.held.presence {
        Presence::Flatten => quote!(Flatten),
        Presence::Default => quote!(Default),
        Presence::Required | Presence::Skip if event.stored.default => quote!(Default),
        Presence::Required | Presence::Skip => quote!(Required),
    };
    let aliases = &field.aliases;
    let aliases = (!aliases.is_empty()).then(|| quote!(.with_aliases(&[#(#aliases),*])));
    let with = field.held.with.as_ref().map(|path| quote!(.with_module(#path)));
    quote!(__es::Field::new(#key, #ty, __es::Presence::#presence) #aliases #with)
}

/// The function that passes each type of a field to a visitor once; the schema lock uses it to compare nested types.
fn types(event: &Event, history: &History) -> TokenStream {
    let deny = event.stored.deny_unknown_fields.then(|| "serde deny_unknown_fields".to_owned());
    let tag = event.stored.tag.as_ref().map(|tag| format!("serde tag = {:?}", tag.value()));
    let words = deny.into_iter().chain(tag);
    let mut shown: Vec<_> = words.map(|word| quote!(__es_see(#word, ::core::option::Option::None);)).collect();
    if let Some(ty) = event.stored.as_type.as_ref().and_then(|path| path.parse::<Type>().ok()) {
        shown.push(probe(&ty));
        return self::shown(&shown);
    }
    let mut seen = BTreeSet::new();
    for field in history.shapes.iter().flat_map(|shape| &shape.fields).filter(|field| field.is_stored()) {
        let ty = text(&field.ty);
        match &field.held.with {
            None if seen.insert(ty.clone()) => shown.push(probe(&field.ty)),
            Some(path) if seen.insert(format!("{ty} (with {path})")) => {
                let name = format!("{ty} (with {path})");
                let read = reader(&field.held);
                shown.extend(read.map(|read| quote!(__es::see_read_by!(__es_see, #name, #read);)));
            }
            _ => {}
        }
    }
    self::shown(&shown)
}

/// The function of `with` or `deserialize_with` that reads the field.
fn reader(held: &Held) -> Option<TokenStream> {
    let path: TokenStream = held.with.as_ref()?.parse().ok()?;
    let is_module =
        |word: &TokenStream| syn::parse2::<Meta>(word.clone()).is_ok_and(|word| word.path().is_ident("with"));
    Some(if held.words.iter().any(is_module) { quote!(#path::deserialize) } else { quote!(#path) })
}

fn probe(ty: &Type) -> TokenStream {
    let name = text(ty);
    quote!(__es_see(#name, (&__es::Probe::<#ty>::NEW).described());)
}

fn shown(shown: &[TokenStream]) -> TokenStream {
    if shown.is_empty() {
        return quote!(|_| {});
    }
    quote! {
        |__es_see| {
            #[allow(unused_imports)]
            use __es::{NotRead as _, WithoutJsonSchema as _};
            #(#shown)*
        }
    }
}
