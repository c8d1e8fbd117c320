//! Writes the impl of `Projection`, `Row` or `View`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Ident, LitStr, Type};

use super::{
    method::{Batch, EventArgument, Form, Method, SetUp},
    parse::Project,
};
use crate::span::user_span;

/// The impl of the form of `project`, whose events are the enum `set`. `__es` is the private module.
pub(crate) fn implementation(project: &Project<'_>, set: &Ident) -> TokenStream {
    let Project { ty, arguments, form, .. } = project;
    let nothing = LitStr::new("", Span::call_site());
    let name = arguments.name.as_ref().unwrap_or(&nothing);
    let (form, items) = match form {
        Form::Table => (quote!(Projection), table(project, set)),
        Form::Rows => (quote!(Row), rows(project, set)),
        Form::View => (quote!(View), view(project, set)),
    };
    let stored = (project.form != Form::View).then(|| {
        let version =
            arguments.version.as_ref().map(|version| quote!(const VERSION: ::core::primitive::u32 = #version;));
        let order = arguments.order.map(|_| {
            quote!(
                const GLOBAL_ORDER: ::core::primitive::bool = true;
            )
        });
        quote!(#version #order)
    });
    quote! {
        #[automatically_derived]
        impl __es::#form for #ty {
            const NAME: &'static ::core::primitive::str = #name;
            #stored
            type Events = #set;
            #items
        }
    }
}

fn table(project: &Project<'_>, set: &Ident) -> TokenStream {
    let target = project.target.map_or(quote!(()), ToTokens::to_token_stream);
    let arms = arms(project, set, |method| {
        let event = owned(method.event);
        method.call(&quote!(#event, __es_target))
    });
    let batch = project.batch.as_ref().map(|Batch { ident, output, is_async, cfgs, .. }| {
        let arguments = quote_spanned!(user_span(ident)=> __es_batch, __es_target);
        let call = call(ident, &arguments, *output, *is_async);
        quote! {
            #(#cfgs)*
            const BATCHES: ::core::primitive::bool = true;
            #(#cfgs)*
            async fn handle_batch(
                &self,
                __es_batch: &mut __es::EventBatch<#set>,
                __es_target: &mut #target,
            ) -> ::core::result::Result<(), __es::Fault> {
                #call
            }
        }
    });
    let set_up = project.set_up.as_ref().map(|SetUp { ident, output, is_async, cfgs, .. }| {
        let call = call(ident, &quote_spanned!(user_span(ident)=> __es_target), *output, *is_async);
        quote! {
            #(#cfgs)*
            async fn set_up(&self, __es_target: &mut #target) -> ::core::result::Result<(), __es::Fault> {
                #call
            }
        }
    });
    quote! {
        type Target = #target;
        #set_up
        async fn handle(
            &self,
            __es_recorded: __es::Recorded<#set>,
            __es_target: &mut #target,
        ) -> ::core::result::Result<(), __es::Fault> {
            let (__es_event, __es_place) = __es::Recorded::split(__es_recorded);
            match __es_event { #arms }
        }
        #batch
    }
}

fn view(project: &Project<'_>, set: &Ident) -> TokenStream {
    let arms = arms(project, set, |method| method.call(&owned(method.event)));
    quote! {
        fn apply(&mut self, __es_recorded: __es::Recorded<#set>) -> ::core::result::Result<(), __es::Fault> {
            let (__es_event, __es_place) = __es::Recorded::split(__es_recorded);
            match __es_event { #arms }
        }
    }
}

fn rows(project: &Project<'_>, set: &Ident) -> TokenStream {
    let key = project.arguments.key.as_ref().map_or(quote!(::std::string::String), ToTokens::to_token_stream);
    // All at the key, so that rustc reports one that is none once.
    let key_span = user_span(&key);
    let keys_header = quote_spanned! {key_span=>
        fn keys(
            __es_recorded: &__es::Recorded<#set>,
            __es_each: &mut dyn ::core::ops::FnMut(#key),
        ) -> ::core::result::Result<(), __es::Fault>
    };
    let key_type = quote_spanned!(key_span=> type Key = <#key as __es::AsKey>::Key;);
    let keys = arms(project, set, |Method { event, key, .. }| match key {
        None => quote_spanned!(key_span=> __es::key_of_stream::<Self>(&__es_recorded.stream, __es_each)),
        Some(function) => {
            let event = lent(EventArgument { by_reference: true, ..*event });
            let keys = quote_spanned!(user_span(function)=> __es::keys_by(#event, #function, __es_each));
            quote!({ #keys; ::core::result::Result::Ok(()) })
        }
    });
    let applies = arms(project, set, |method| method.call(&lent(method.event)));
    quote! {
        #key_type
        #keys_header {
            match &__es_recorded.event { #keys }
        }
        fn apply(&mut self, __es_recorded: &__es::Recorded<#set>) -> ::core::result::Result<(), __es::Fault> {
            match &__es_recorded.event { #applies }
        }
    }
}

/// An arm for each method. The last one is for a projection with a mistake, whose enum has no variant.
fn arms(project: &Project<'_>, set: &Ident, arm: impl Fn(&Method<'_>) -> TokenStream) -> TokenStream {
    if project.methods.is_empty() {
        return quote!(_ => ::core::result::Result::Ok(()),);
    }
    let arms = project.methods.iter().map(|method| {
        let (Method { variant, cfgs, .. }, arm) = (method, arm(method));
        quote!(#(#cfgs)* #set::#variant(__es_event) => #arm,)
    });
    arms.collect()
}

impl Method<'_> {
    /// Calls the method with `arguments` behind `self`.
    fn call(&self, arguments: &TokenStream) -> TokenStream {
        call(self.ident, arguments, self.output, self.is_async)
    }
}

/// Calls the method `ident`. rustc reports a wrong result at the type `output` that it returns, and a future that is not `Send`
/// at its name.
fn call(ident: &Ident, arguments: &TokenStream, output: Option<&Type>, is_async: bool) -> TokenStream {
    let span = user_span(ident);
    let call = if is_async {
        quote_spanned!(span=> __es::sendable(Self::#ident(self, #arguments)).await)
    } else {
        quote_spanned!(span=> Self::#ident(self, #arguments))
    };
    let span = output.map_or(span, user_span);
    let outcome = quote_spanned!(span=> __es::outcome(__es_returned));
    quote! {{
        let __es_returned = #call;
        #outcome
    }}
}

/// The event as a method takes it, of an owned event and its place.
fn owned(EventArgument { by_reference, recorded, borrowed, .. }: EventArgument<'_>) -> TokenStream {
    let event = match (recorded, borrowed) {
        (false, _) => quote!(__es_event),
        (true, false) => quote!(__es::Recorded::map(__es_place, |()| __es_event)),
        (true, true) => quote!(__es::Recorded::map(__es_place, |()| &__es_event)),
    };
    if by_reference { quote!(&#event) } else { event }
}

/// The event as a method takes it, of a reference to the event and to the whole recorded event.
fn lent(EventArgument { ty, by_reference, recorded, borrowed }: EventArgument<'_>) -> TokenStream {
    let copied = quote!(<#ty as __es::AsEvent>::copied(__es_event));
    let place = quote!(__es::Recorded::as_ref(__es_recorded));
    let event = match (recorded, borrowed) {
        (false, _) if by_reference => return quote!(__es_event),
        (false, _) => return copied,
        (true, false) => quote!(__es::Recorded::map(#place, |_| #copied)),
        (true, true) => quote!(__es::Recorded::map(#place, |_| __es_event)),
    };
    if by_reference { quote!(&#event) } else { event }
}
