//! Reads the block: one method for each event.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{
    Attribute, Error, Ident, ImplItem, ImplItemFn, Item, ItemFn, ItemImpl, PatType, Path, Result, Stmt, Type,
    parse::{ParseStream, Parser},
    parse_quote,
    spanned::Spanned,
};

use super::signature::{is_callable, typed};
use crate::{attribute, mistakes::Mistakes, path_list::text, tokens};

const CRATE: &str = "crate";

/// A method that applies an event.
pub(crate) struct Method<'a> {
    pub(crate) ident: &'a Ident,
    /// `None` if it would apply every event, which is a mistake.
    pub(crate) event: Option<&'a Type>,
    /// Its `#[cfg]`s.
    pub(crate) cfgs: Vec<&'a Attribute>,
    /// Whether generated code can call it.
    pub(crate) callable: bool,
}

/// Reads `crate = path`.
pub(crate) fn arguments(arguments: TokenStream, mistakes: &mut Mistakes) -> Option<Path> {
    let mut krate = None;
    let read = |input: ParseStream<'_>| {
        attribute::entries_of(input, "crate = …", mistakes, |entry, _| {
            if !entry.is(CRATE) {
                return Err(attribute::unknown_key(&entry.key, "`#[es::apply(…)]`", &[CRATE]));
            }
            entry.refuse_repeat(krate.is_some())?;
            krate = Some(entry.path()?);
            Ok(())
        });
        Ok(())
    };
    let result: Result<()> = read.parse2(arguments);
    mistakes.take(result);
    krate
}

/// Reads the block.
pub(crate) fn block(block: TokenStream) -> Result<ItemImpl> {
    match syn::parse2(block)? {
        Item::Impl(block) => Ok(block),
        Item::Fn(method) => {
            let message = format!(
                "`#[es::apply]` belongs on the whole `impl` block, not on `{}`\n\
                 write it once, above `impl … {{`, and leave it out here",
                method.sig.ident
            );
            Err(Error::new(method.sig.ident.span(), message))
        }
        item => {
            let message = "`#[es::apply]` belongs on an `impl` block with one method for each event\n\
                           write it above `impl Account { fn opened(&mut self, event: Opened) { … } }`";
            Err(Error::new(item.span(), message))
        }
    }
}

/// The method `item`, on which the user put the attribute instead of the block. An added function keeps `derive(Aggregate)` from
/// reporting that no method applies its event.
pub(crate) fn on_a_method(item: &TokenStream) -> Option<TokenStream> {
    let mut method: ItemFn = syn::parse2(item.clone()).ok()?;
    let event = event(typed(&method.sig).next()?);
    let applied = parse_quote! {
        #[allow(non_local_definitions)]
        impl #event {
            pub(crate) fn __es_apply_to<__EsAggregate>(self, _: &mut __EsAggregate) {}
        }
    };
    method.block.stmts.insert(0, Stmt::Item(applied));
    Some(method.into_token_stream())
}

/// The type of the event that an argument takes.
fn event(argument: &PatType) -> &Type {
    match tokens::ty(&argument.ty) {
        Type::Reference(reference) => &reference.elem,
        _ => &argument.ty,
    }
}

/// Reads the methods of `block`. Reports what is wrong with a method, and keeps it if its event is known.
pub(crate) fn methods<'a>(block: &'a ItemImpl, mistakes: &mut Mistakes) -> Vec<Method<'a>> {
    let mut methods: Vec<Method<'a>> = Vec::new();
    if !is_plain(block, mistakes) {
        return methods;
    }
    for item in &block.items {
        let ImplItem::Fn(function) = item else { continue };
        let Some(mut method) = method(function, &block.self_ty, mistakes) else { continue };
        method.callable &= block.generics.params.is_empty() || has_arguments(&block.self_ty);
        methods.push(method);
    }
    methods
}

fn is_plain(block: &ItemImpl, mistakes: &mut Mistakes) -> bool {
    if let Some((path, _)) = &block.trait_ {
        let aggregate = text(&block.self_ty);
        mistakes.spanning(
            path,
            format!("`#[es::apply]` belongs on a block without a trait; write `impl {aggregate} {{ … }}`"),
        );
        return false;
    }
    if let Some(first) = block.generics.params.first()
        && !has_arguments(&block.self_ty)
    {
        let aggregate = text(&block.self_ty);
        mistakes.at(first.span(), format!("an aggregate has no parameters; write `impl {aggregate} {{ … }}`"));
        return matches!(tokens::ty(&block.self_ty), Type::Path(path) if path.path.get_ident().is_some());
    }
    true
}

/// Whether the type has generic arguments. `derive(Aggregate)` reports that an aggregate has no parameters.
pub(crate) fn has_arguments(ty: &Type) -> bool {
    let Type::Path(path) = tokens::ty(ty) else { return false };
    path.path.segments.last().is_some_and(|last| !last.arguments.is_none())
}

/// The method, if its event is known.
fn method<'a>(function: &'a ImplItemFn, aggregate: &Type, mistakes: &mut Mistakes) -> Option<Method<'a>> {
    let signature = &function.sig;
    let ident = &signature.ident;
    let Some(first) = typed(signature).next() else {
        mistakes.at(
            ident.span(),
            format!(
                "`{ident}` takes no event; write `fn {ident}(&mut self, event: …)`, \
                 or move it to an `impl` block without `#[es::apply]`"
            ),
        );
        return None;
    };
    let event = event(first);
    let cfgs = function.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg")).collect();
    if matches!(tokens::ty(event), Type::ImplTrait(_))
        || signature.generics.type_params().any(|it| it.ident == text(event))
        || text(event) == format!("{}Event", text(aggregate))
    {
        mistakes.spanning(
            &first.ty,
            format!("an apply method is for one event; write `fn {ident}(&mut self, event: Opened)`"),
        );
        return Some(Method { ident, event: None, cfgs, callable: false });
    }
    let callable = is_callable(signature, event, mistakes);
    Some(Method { ident, event: Some(event), cfgs, callable })
}
