//! The rules of one apply method.

use syn::{FnArg, PatType, Receiver, ReceiverKind, ReturnType, Safety, Signature, Type, spanned::Spanned};

use crate::{mistakes::Mistakes, path_list::text, tokens};

/// Whether generated code can call a method with `signature` to apply `event`; otherwise reports all reasons.
pub(crate) fn is_callable(signature: &Signature, event: &Type, mistakes: &mut Mistakes) -> bool {
    let before = mistakes.count();
    let ident = &signature.ident;
    let written = text(event);
    let model = format!("`fn {ident}(&mut self, event: {written})`");
    let mut arguments = typed(signature);
    if let Some(first) = arguments.next()
        && let Type::Reference(_) = tokens::ty(&first.ty)
    {
        mistakes
            .spanning(&first.ty, format!("an event is applied by value, so that replay moves it; write `{written}`"));
    }
    if let Some(second) = arguments.next() {
        mistakes.spanning(
            second,
            format!("an apply method takes the event alone; write {model}, and put what it needs into the event"),
        );
    }
    let changes = || format!("an apply method changes the state; write {model}");
    match signature.receiver() {
        Some(receiver) if is_mutable_reference(receiver) => {}
        Some(receiver) => mistakes.spanning(receiver, changes()),
        None => mistakes.at(ident.span(), changes()),
    }
    if let Some(keyword) = &signature.asyncness {
        mistakes.at(keyword.span, format!("an apply method does no I/O and cannot be `async`; write {model}"));
    }
    if let Safety::Unsafe(keyword) = &signature.safety {
        mistakes.at(keyword.span, format!("an apply method is safe to call; write {model}"));
    }
    if let Some(first) = signature.generics.params.first() {
        mistakes.at(first.span(), format!("an apply method is for one event; write {model}"));
    }
    // Report `fn opened(self, event: Opened) -> Self` as one mistake.
    let is_by_value = signature.receiver().is_some_and(|receiver| matches!(receiver.kind, ReceiverKind::Value));
    if let ReturnType::Type(_, returned) = &signature.output
        && !is_by_value
        && !matches!(tokens::ty(returned), Type::Tuple(tuple) if tuple.elems.is_empty())
    {
        mistakes.spanning(
            returned,
            format!("an apply method returns nothing and cannot fail, since the event has happened; write {model}"),
        );
    }
    mistakes.count() == before
}

/// Whether the receiver is `&mut self` or `self: &mut Self`.
fn is_mutable_reference(receiver: &Receiver) -> bool {
    match &receiver.kind {
        ReceiverKind::Reference(_, _, mutability) => mutability.is_some(),
        ReceiverKind::Typed(_, ty) => {
            matches!(tokens::ty(ty), Type::Reference(reference) if reference.mutability.is_some())
        }
        _ => false,
    }
}

/// The arguments behind `self`.
pub(super) fn typed(signature: &Signature) -> impl Iterator<Item = &PatType> {
    signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    })
}
