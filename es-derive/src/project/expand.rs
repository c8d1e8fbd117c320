//! Writes the enum of the events, and the proofs that the projection handles what it says.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Ident;

use super::{form, method::Method, parse::Project};
use crate::{
    path,
    path_list::{ListedPath, text},
    span::user_span,
};

/// The enum of the events of `project`, the impl of its form, and the proofs.
pub(crate) fn project(project: &Project<'_>) -> TokenStream {
    let Project { arguments, methods, .. } = project;
    let private = path::private(arguments.krate.as_ref());
    let set = set(project);
    let variants = methods.iter().map(|Method { variant, event, cfgs, .. }| {
        let (doc, ty) = (format!("`{}`.", text(event.ty)), event.ty);
        quote!(#(#cfgs)* #[doc = #doc] #variant(#ty))
    });
    let named = |items: &[ListedPath]| -> TokenStream {
        items.iter().map(|ListedPath { path, cfgs }| quote!(#(#cfgs)* #path,)).collect()
    };
    let (of, every) = (named(&arguments.of), named(&arguments.every));
    let krate = arguments.krate.as_ref().map(|krate| quote!(, crate = #krate));
    let derive = quote! {
        #[derive(#private::EventSet)]
        #[event_set(__es_methods, of(#of), __es_every(#every) #krate)]
    };
    let declaration = declaration(project, &set, &derive);
    let implementation = form::implementation(project, &set);
    let proofs = proofs(project);
    quote! {
        #declaration { #(#variants,)* }

        #[allow(deprecated)]
        const _: () = {
            use #private as __es;
            #implementation
            #proofs
        };
    }
}

/// An impl without any event, for a projection with a mistake.
pub(crate) fn stand_in(mut project: Project<'_>) -> TokenStream {
    let private = path::private(project.arguments.krate.as_ref());
    let set = set(&project);
    let declaration = declaration(&project, &set, &TokenStream::new());
    project.leave_out_methods();
    let implementation = form::implementation(&project, &set);
    quote! {
        #declaration {}

        const _: () = {
            use #private as __es;
            #[automatically_derived]
            impl __es::EventSet for #set {
                const CATEGORIES: &'static [&'static ::core::primitive::str] = &[];
                const NAMES: &'static [&'static ::core::primitive::str] = &[];
                fn decode(
                    _: &::core::primitive::str,
                    _: &::core::primitive::str,
                    _: __es::SchemaVersion,
                    _: &[::core::primitive::u8],
                    _: impl ::core::ops::FnMut(Self),
                ) -> ::core::result::Result<(), __es::DecodeError> {
                    ::core::result::Result::Ok(())
                }
            }
            #implementation
        };
    }
}

/// The name of the enum of the events.
fn set(Project { arguments, ident, .. }: &Project<'_>) -> Ident {
    match (&arguments.event, ident) {
        (Some(event), _) => event.clone(),
        (None, Some(ident)) => format_ident!("{ident}Event"),
        (None, None) => Ident::new("__EsEvent", Span::call_site()),
    }
}

/// The enum up to its name. It is public, since an `impl` block does not tell how visible its type is, and the event set of a
/// public type cannot be less visible.
fn declaration(project: &Project<'_>, set: &Ident, derive: &TokenStream) -> TokenStream {
    let doc = format!("The events that [`{}`] handles.", text(project.ty));
    let declaration = quote_spanned!(user_span(set)=> pub enum #set);
    quote! {
        #[doc = #doc]
        #[allow(deprecated, private_interfaces, unreachable_pub, unnameable_types, missing_debug_implementations)]
        #[allow(non_camel_case_types)]
        #derive
        #declaration
    }
}

/// Writes the proofs that every event of the aggregates in `every(…)` is handled or ignored, and that what is ignored is an
/// event of them.
fn proofs(Project { ty, arguments, methods, .. }: &Project<'_>) -> TokenStream {
    if arguments.every.is_empty() {
        return TokenStream::new();
    }
    let handled = methods.iter().map(|Method { event, cfgs, .. }| {
        let event = event.ty;
        quote!(#(#cfgs)* #[automatically_derived] impl __es::HandledBy<#ty> for #event {})
    });
    let ignored = arguments.ignores.iter().map(
        |ListedPath { path, cfgs }| quote!(#(#cfgs)* #[automatically_derived] impl __es::HandledBy<#ty> for #path {}),
    );
    let every = arguments.every.iter().map(|ListedPath { path, cfgs }| {
        let asked = quote_spanned!(user_span(path)=> __es::every_event_handled::<#path, #ty>());
        quote!(#(#cfgs)* const _: () = #asked;)
    });
    let held = arguments.ignores.iter().map(|ListedPath { path: event, cfgs }| {
        let written = text(event);
        let aggregates = arguments.every.iter().map(|ListedPath { path, cfgs }| {
            quote! {
                #(#cfgs)*
                (__es::Named::<#path>::WITHOUT_MISTAKE, __es::Holds::<#path, #event>::HELD)
            }
        });
        quote_spanned! {user_span(event)=>
            #(#cfgs)*
            const _: () = __es::event::<#event>();
            #(#cfgs)*
            const _: () =
                __es::assert_ignored(#written, __es::Listed::<#event>::NAME, &[#(#aggregates),*]);
        }
    });
    quote! {
        #[allow(unused_imports, reason = "inherent items hide them, each in some case")]
        use __es::{NotHeld as _, NotListed as _, NotNamed as _};
        #(#handled)*
        #(#ignored)*
        #(#every)*
        #(#held)*
    }
}
