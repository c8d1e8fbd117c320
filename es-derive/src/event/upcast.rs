//! The older shapes as hidden structs, and one function for each step between them.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Expr, Ident, Member};

use super::{
    check,
    field::Form,
    history::{History, Origin, Shape, Stored},
    parse::Event,
};
use crate::{span, tokens};

/// The hidden structs.
pub(crate) fn shapes(event: &Event, history: &History) -> TokenStream {
    let (before, _) = history.split();
    before.iter().map(|shape| shape_struct(event, shape)).collect()
}

fn shape_struct(event: &Event, shape: &Shape) -> TokenStream {
    let ident = shape_ident(event, shape.version);
    let words = event.stored.words();
    let fields = shape.fields.iter().map(|field| {
        let Stored { member, ty, .. } = field;
        let words = field.words(event.form);
        let serde = (!words.is_empty()).then(|| quote!(#[serde(#(#words),*)]));
        match member {
            Member::Named(name) => quote!(#serde #name: #ty),
            Member::Unnamed(_) => quote!(#serde #ty),
        }
    });
    let body = match event.form {
        Form::Named | Form::Unit => quote!({ #(#fields,)* }),
        Form::Tuple => quote!((#(#fields,)*);),
    };
    quote! {
        #[derive(__es::serde::Deserialize)]
        #[serde(crate = "__es::serde" #words)]
        #[allow(dead_code, non_snake_case)]
        struct #ident #body
    }
}

/// The functions from each shape to the next.
pub(crate) fn steps(event: &Event, history: &History) -> TokenStream {
    history
        .shapes
        .windows(2)
        .map(|pair| if let [before, shape] = pair { step(event, before, shape) } else { TokenStream::new() })
        .collect()
}

fn step(event: &Event, before: &Shape, shape: &Shape) -> TokenStream {
    let name = step_ident(shape.version);
    let (from, to) = (shape_ident(event, before.version), shape_type(event, shape.version));
    // The user's expressions must not see the variables of generated code.
    let old = Ident::new("__es_old", Span::mixed_site());
    let added = shape.fields.iter().filter_map(|field| added(field, &from, &old));
    let changed = shape.fields.iter().filter_map(|field| changed(event, field, before, shape, &old));
    let members = shape.fields.iter().map(|field| {
        let member = &field.member;
        if let (Origin::Kept, Some(kept)) = (&field.origin, before.field(field.number)) {
            let kept = &kept.member;
            quote!(#member: #old.#kept)
        } else {
            let local = local(field.number);
            quote!(#member: #local)
        }
    });
    let value = quote!(#to { #(#members,)* });
    let (output, value) = if is_fallible(shape) {
        (quote!(::core::result::Result<#to, __es::DecodeError>), quote!(::core::result::Result::Ok(#value)))
    } else {
        (quote!(#to), value)
    };
    quote! {
        #[inline]
        fn #name(#old: #from) -> #output {
            #(#added)*
            #(#changed)*
            #value
        }
    }
}

fn added(field: &Stored, from: &Ident, old: &Ident) -> Option<TokenStream> {
    let Origin::Added(default) = &field.origin else { return None };
    let (local, ty) = (local(field.number), &field.ty);
    Some(if let Expr::Closure(_) = tokens::expr(default) {
        let with = Ident::new("__es_default", Span::mixed_site());
        quote_spanned! {span::user_span(ty)=>
            let #with: fn(&#from) -> #ty = #default;
            let #local = #with(&#old);
        }
    } else {
        quote!(let #local: #ty = #default;)
    })
}

fn changed(event: &Event, field: &Stored, before: &Shape, shape: &Shape, old: &Ident) -> Option<TokenStream> {
    let (local, ty) = (local(field.number), &field.ty);
    let member = &before.field(field.number)?.member;
    let function = Ident::new("__es_with", Span::mixed_site());
    Some(match &field.origin {
        Origin::With(from, with) => {
            let field = quote_spanned!(span::user_span(with)=> field::<#ty>());
            quote_spanned! {span::user_span(ty)=>
                let #function: fn(#from) -> _ = #with;
                let #local: #ty = __es::Given(#function(#old.#member)).#field;
            }
        }
        Origin::TryWith(from, with) => {
            let (from_version, to_version) = (before.version, shape.version);
            let key = if event.form == Form::Tuple && event.fields.len() == 1 { "0" } else { &field.key };
            quote_spanned! {span::user_span(ty)=>
                let #function: fn(#from) -> ::core::result::Result<#ty, _> = #with;
                let #local = __es::step(#function(#old.#member), #from_version, #to_version, #key)?;
            }
        }
        Origin::Kept | Origin::Added(_) => return None,
    })
}

/// The arms of the match over schema versions, the newest first.
pub(crate) fn arms(event: &Event, history: &History) -> TokenStream {
    let newest_first = history.shapes.iter().rev().map(|shape| {
        let version = shape.version;
        if version == event.version {
            return quote!(#version => __es::newest(__es_payload, __es_stored),);
        }
        let ty = shape_ident(event, version);
        let decoded = quote!(__es::shape::<#ty>(__es_payload, &__ES_SCHEMA, __es_stored));
        let mut fallible = false;
        let mut upcast = quote!(#decoded?);
        for later in history.shapes.iter().filter(|later| later.version > version) {
            let step = step_ident(later.version);
            fallible = is_fallible(later);
            upcast = quote!(#step(#upcast));
            if fallible && later.version < event.version {
                upcast = quote!(#upcast?);
            }
        }
        if fallible { quote!(#version => #upcast,) } else { quote!(#version => ::core::result::Result::Ok(#upcast),) }
    });
    let declared: TokenStream = newest_first.collect();
    let previous = event.previous.as_ref().map(|previous| {
        let below = check::base(event) - 1;
        let version = event.version;
        quote_spanned! {span::user_span(previous)=>
            ..=#below => __es::upcast::<#previous, Self>(
                <#previous as __es::Event>::decode(__es_stored, __es_payload)?,
                #below,
                #version,
            ),
        }
    });
    quote!(#declared #previous)
}

fn is_fallible(shape: &Shape) -> bool {
    shape.fields.iter().any(|field| matches!(field.origin, Origin::TryWith(..)))
}

fn shape_type(event: &Event, version: u32) -> Ident {
    if version == event.version { event.ident.clone() } else { shape_ident(event, version) }
}

fn shape_ident(event: &Event, version: u32) -> Ident {
    format_ident!("__Es{}V{version}", event.ident, span = Span::call_site())
}

fn step_ident(to: u32) -> Ident {
    format_ident!("__es_to_{to}", span = Span::call_site())
}

fn local(number: usize) -> Ident {
    Ident::new(&format!("__es_{number}"), Span::mixed_site())
}
