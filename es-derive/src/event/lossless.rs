//! Writes checks that serde loses no value of a field. rustc has to evaluate them, since a field's type may be an alias.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{
    TypePath,
    visit::{self, Visit},
};

use super::{check::LEFT_OUT, field::EventField, parse::Event, stored::Presence, type_text::text};
use crate::span;

/// Types of the standard library without an `Option` outside of their parameters: they need no check.
const KNOWN: &[&str] = &[
    "String", "bool", "char", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize",
    "f32", "f64", "Vec", "HashMap", "HashSet", "BTreeMap", "BTreeSet", "VecDeque",
];

/// Code that does not compile if serde would lose a value of one of today's fields.
pub(crate) fn checks(event: &Event) -> TokenStream {
    if event.stored.as_type.is_some() {
        return TokenStream::new(); // Its fields are not stored.
    }
    let checks: TokenStream = event.fields.iter().flat_map(|field| [left_out(event, field), nested(field)]).collect();
    if checks.is_empty() {
        return checks;
    }
    quote! {
        const _: () = {
            #[allow(unused_imports)]
            use __es::AnyType as _;
            #checks
        };
    }
}

/// `skip_serializing_if` needs `default`, unless serde reads an absent key as `None`.
fn left_out(event: &Event, field: &EventField) -> TokenStream {
    let Some(word) = field.stored.left_out.as_ref().filter(|_| !event.stored.default) else {
        return TokenStream::new();
    };
    let ty = &field.ty;
    quote_spanned!(span::user_span(word)=> const _: () = __es::demand(__es::FieldType::<#ty>::MAY_BE_ABSENT, #LEFT_OUT);)
}

/// `Some(None)` and `None` are stored alike.
fn nested(field: &EventField) -> TokenStream {
    if field.stored.held.with.is_some() || field.stored.held.presence == Presence::Skip {
        return TokenStream::new();
    }
    let mut candidates = OptionCandidates(Vec::new());
    candidates.visit_type(&field.ty);
    let candidates = candidates.0;
    if candidates.is_empty() {
        return TokenStream::new();
    }
    let message = format!(
        "a value of `{}` can be a `Some` that is stored as `null` and read as `None`; write an enum that tells \
         the two apart, or `with` a module that stores them differently",
        text(&field.ty)
    );
    quote_spanned! {span::user_span(&field.ty)=>
        const _: () = __es::demand(!(false #(|| __es::FieldType::<#candidates>::LOSES_SOME)*), #message);
    }
}

/// The types in a field's type that may be an `Option`.
struct OptionCandidates<'a>(Vec<&'a TypePath>);

impl<'a> Visit<'a> for OptionCandidates<'a> {
    fn visit_type_path(&mut self, path: &'a TypePath) {
        let known = path.path.segments.last().is_some_and(|last| KNOWN.iter().any(|known| last.ident == known));
        if !known {
            self.0.push(path);
        }
        visit::visit_type_path(self, path);
    }

    fn visit_type_fn_ptr(&mut self, _: &'a syn::TypeFnPtr) {}
}

#[cfg(test)]
mod tests {
    use quote::ToTokens;
    use syn::{Type, visit::Visit};

    use super::OptionCandidates;

    #[test]
    fn only_what_may_be_an_option_is_asked() {
        let ty: Type = syn::parse_quote!(Vec<Option<(Maybe, BTreeMap<String, u8>)>>);
        let mut candidates = OptionCandidates(Vec::new());
        candidates.visit_type(&ty);
        let candidates: Vec<_> =
            candidates.0.iter().map(|ty| ty.path.segments[0].ident.to_token_stream().to_string()).collect();
        assert_eq!(candidates, ["Option", "Maybe"]);
    }
}
