//! Reads one method of the block.

use syn::{Attribute, Error, Expr, FnArg, ImplItemFn, Meta, PatType, Type};

use super::{
    method::{Batch, Form, Method, SetUp},
    signature::{self, model},
};
use crate::{mistakes::Mistakes, path_list::text, tokens};

pub(crate) const KEY: &str = "key";
pub(crate) const BATCH: &str = "batch";
pub(crate) const SET_UP: &str = "set_up";

/// The method, if its event is known.
pub(crate) fn method<'a>(function: &'a ImplItemFn, form: Form, mistakes: &mut Mistakes) -> Option<Method<'a>> {
    let signature = &function.sig;
    let ident = &signature.ident;
    let mut arguments = typed(function);
    let event = arguments.next().map(signature::event);
    if let Some(event) = event
        && let Type::ImplTrait(_) = tokens::ty(event.ty)
    {
        let model = model(form, ident, "Opened");
        mistakes.spanning(event.ty, format!("a method of a projection is for one event; write {model}"));
        return None;
    }
    let (Some(event), Some(variant)) = (event, event.and_then(|event| signature::variant(event.ty))) else {
        let model = model(form, ident, "Opened");
        mistakes.at(
            ident.span(),
            format!("`{ident}` takes no event; write {model}, or move it to an `impl` block without `#[es::project]`"),
        );
        return None;
    };
    let written = text(event.ty);
    if signature.generics.type_params().any(|parameter| parameter.ident == written) {
        let model = model(form, ident, "Opened");
        mistakes.spanning(event.ty, format!("a method of a projection is for one event; write {model}"));
        return None;
    }
    let model = model(form, ident, &written);
    let mut target = None;
    if form == Form::Table {
        match arguments.next() {
            Some(typed) => {
                target = signature::target(typed);
                if target.is_none() {
                    mistakes.spanning(
                        &typed.ty,
                        format!("the target of a projection is a `&mut` reference; write {model}"),
                    );
                }
            }
            None => {
                mistakes.at(
                    ident.span(),
                    format!("`{ident}` takes no target; write {model}, or `&mut self` for a state in memory"),
                );
            }
        }
    } else if let Some(keyword) = &signature.asyncness {
        mistakes.at(
            keyword.span,
            format!("a method with `&mut self` folds in memory and cannot be `async`; write {model}"),
        );
    }
    if let Some(further) = arguments.next() {
        mistakes.spanning(further, signature::too_many(form, &written, &model));
    }
    signature::check(signature, &model, mistakes);
    let key = attribute(function, KEY).and_then(|attribute| key(attribute, form, mistakes));
    let (output, is_async) = (signature::output(signature), signature.asyncness.is_some());
    Some(Method { ident, event, variant, target, output, key, is_async, cfgs: cfgs(function) })
}

/// The function in `#[key(…)]`.
fn key(attribute: &Attribute, form: Form, mistakes: &mut Mistakes) -> Option<Expr> {
    if form != Form::Rows {
        mistakes.spanning(
            attribute,
            "`#[key(…)]` belongs to rows by key; add `key = …` to `#[es::project(…)]`, or leave it out",
        );
        return None;
    }
    let wanted = "write a function of what the method takes, as in `#[key(|event| event.customer.clone())]`";
    let read = attribute.parse_args().map_err(|error: Error| Error::new(error.span(), wanted));
    mistakes.take(read)
}

/// The method under `#[batch]`, if it can be called.
pub(crate) fn batch<'a>(
    function: &'a ImplItemFn,
    attribute: &Attribute,
    form: Form,
    mistakes: &mut Mistakes,
) -> Option<Batch<'a>> {
    let signature = &function.sig;
    let ident = &signature.ident;
    if form != Form::Table {
        mistakes.spanning(attribute, "`#[batch]` belongs to a method with `&self` and a target; leave it out");
        return None;
    }
    if !matches!(attribute.meta, Meta::Path(_)) {
        mistakes.spanning(attribute, "`#[batch]` takes no arguments; write `#[batch]`");
        return None;
    }
    let model = format!("`async fn {ident}(&self, batch: &mut EventBatch<…>, target: &mut …)`");
    let before = mistakes.count();
    let mut arguments = typed(function);
    let target = match (arguments.next().and_then(signature::target), arguments.next().and_then(signature::target)) {
        (Some(_), Some(target)) if arguments.next().is_none() => Some(target),
        _ => {
            mistakes.at(ident.span(), format!("a method under `#[batch]` takes a batch and the target; write {model}"));
            None
        }
    };
    signature::check(signature, &model, mistakes);
    if mistakes.count() > before {
        return None;
    }
    let (output, is_async) = (signature::output(signature), signature.asyncness.is_some());
    Some(Batch { ident, target, output, is_async, cfgs: cfgs(function) })
}

/// The method `set_up`, if it can be called.
pub(crate) fn set_up<'a>(function: &'a ImplItemFn, mistakes: &mut Mistakes) -> Option<SetUp<'a>> {
    let signature = &function.sig;
    let ident = &signature.ident;
    let model = format!("`async fn {ident}(&self, target: &mut …)`");
    let before = mistakes.count();
    let mut arguments = typed(function);
    let target = arguments.next().and_then(signature::target).filter(|_| arguments.next().is_none());
    if target.is_none() {
        mistakes.at(ident.span(), format!("`{ident}` makes the tables, and takes the target alone; write {model}"));
    }
    signature::check(signature, &model, mistakes);
    if mistakes.count() > before {
        return None;
    }
    let (output, is_async) = (signature::output(signature), signature.asyncness.is_some());
    Some(SetUp { ident, target, output, is_async, cfgs: cfgs(function) })
}

/// The attribute called `name`.
pub(crate) fn attribute<'a>(function: &'a ImplItemFn, name: &str) -> Option<&'a Attribute> {
    function.attrs.iter().find(|attribute| is(attribute, name))
}

/// Whether the attribute is called `name`.
pub(crate) fn is(attribute: &Attribute, name: &str) -> bool {
    attribute.path().is_ident(name)
}

fn cfgs(function: &ImplItemFn) -> Vec<&Attribute> {
    function.attrs.iter().filter(|attribute| is(attribute, "cfg")).collect()
}

/// The arguments behind `self`.
pub(crate) fn typed(function: &ImplItemFn) -> impl Iterator<Item = &PatType> {
    function.sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    })
}
