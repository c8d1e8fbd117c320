//! The rules of the signature of one method.

use syn::{
    GenericArgument, PatType, PathArguments, Receiver, ReceiverKind, ReturnType, Safety, Signature, Type,
    spanned::Spanned,
};

use super::method::{EventArgument, Form};
use crate::{mistakes::Mistakes, tokens};

/// What to write instead of a method that cannot be one of this form.
pub(crate) fn model(form: Form, ident: &syn::Ident, event: &str) -> String {
    match form {
        Form::Table => format!("`async fn {ident}(&self, event: {event}, target: &mut …)`"),
        Form::Rows | Form::View => format!("`fn {ident}(&mut self, event: {event})`"),
    }
}

/// Whether the receiver is `&mut self`; `None` if it is neither that nor `&self`.
pub(crate) fn is_mutable(receiver: &Receiver) -> Option<bool> {
    match &receiver.kind {
        ReceiverKind::Reference(_, _, mutability) => Some(mutability.is_some()),
        ReceiverKind::Typed(_, ty) => match tokens::ty(ty) {
            Type::Reference(reference) => Some(reference.mutability.is_some()),
            _ => None,
        },
        _ => None,
    }
}

/// How the argument `typed` takes its event.
pub(crate) fn event(typed: &PatType) -> EventArgument<'_> {
    let (whole, by_reference) = referenced(&typed.ty);
    let (ty, borrowed) = recorded(whole).map_or((whole, false), referenced);
    EventArgument { ty, by_reference, recorded: recorded(whole).is_some(), borrowed }
}

/// The type, without a shared reference before it; and whether there is one.
fn referenced(ty: &Type) -> (&Type, bool) {
    match tokens::ty(ty) {
        Type::Reference(reference) if reference.mutability.is_none() => (&reference.elem, true),
        _ => (ty, false),
    }
}

/// What is in the angle brackets of `Recorded<…>`.
fn recorded(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = tokens::ty(ty) else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Recorded")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first() {
        Some(GenericArgument::Type(event)) if arguments.args.len() == 1 => Some(event),
        _ => None,
    }
}

/// Reports what no method of a projection may be.
pub(crate) fn check(signature: &Signature, model: &str, mistakes: &mut Mistakes) {
    if let Safety::Unsafe(keyword) = &signature.safety {
        mistakes.at(keyword.span, format!("a method of a projection is safe to call; write {model}"));
    }
    if let Some(first) = signature.generics.params.first() {
        mistakes.at(first.span(), format!("a method of a projection has no parameters of its own; write {model}"));
    }
}

/// The type behind `&mut` of the argument `typed`.
pub(crate) fn target(typed: &PatType) -> Option<&Type> {
    match tokens::ty(&typed.ty) {
        Type::Reference(reference) if reference.mutability.is_some() => Some(&reference.elem),
        _ => None,
    }
}

/// The type that a method returns.
pub(crate) fn output(signature: &Signature) -> Option<&Type> {
    match &signature.output {
        ReturnType::Type(_, ty) => Some(ty),
        ReturnType::Default => None,
    }
}

/// The last segment of the path of an event, which becomes its variant.
pub(crate) fn variant(event: &Type) -> Option<&syn::Ident> {
    match tokens::ty(event) {
        Type::Path(path) => path.path.segments.last().map(|last| &last.ident),
        _ => None,
    }
}

/// The message for a second event or another further argument.
pub(crate) fn too_many(form: Form, written: &str, model: &str) -> String {
    match form {
        Form::Table => format!("a method takes one event and one target; write {model}, and one method for each event"),
        Form::Rows | Form::View => {
            format!(
                "a method with `&mut self` takes the event `{written}` alone; write {model}, and one method for each event"
            )
        }
    }
}
