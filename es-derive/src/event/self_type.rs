//! Replaces `Self` in the user's code by the struct's name: the generated code is outside of the struct's impls.

use proc_macro2::{Group, TokenStream, TokenTree};
use syn::{
    Expr, Ident, ItemEnum, ItemImpl, ItemStruct, ItemTrait, ItemUnion, Macro, Type,
    visit_mut::{self, VisitMut},
};

use super::step::{Conversion, Kind, Removed, Step};

/// Replaces `Self` by the struct's name.
pub(crate) struct ReplaceSelf<'a>(pub(crate) &'a Ident);

impl ReplaceSelf<'_> {
    pub(crate) fn in_type(&mut self, ty: &mut Type) {
        self.visit_type_mut(ty);
    }

    pub(crate) fn in_steps(&mut self, steps: &mut [Step]) {
        for step in steps {
            match &mut step.kind {
                Kind::Added { default } => self.visit_expr_mut(default),
                Kind::Renamed { .. } => {}
                Kind::Changed(changed) => {
                    self.visit_type_mut(&mut changed.from);
                    let (Conversion::With(with) | Conversion::TryWith(with)) = &mut changed.with;
                    self.visit_expr_mut(with);
                }
            }
        }
    }

    pub(crate) fn in_removed(&mut self, removed: &mut Removed) {
        self.visit_type_mut(&mut removed.ty);
        self.in_steps(&mut removed.steps);
    }

    fn named(&self, at: &Ident) -> Ident {
        let mut ident = self.0.clone();
        ident.set_span(at.span());
        ident
    }

    fn tokens(&self, tokens: TokenStream) -> TokenStream {
        let named = tokens.into_iter().map(|token| match token {
            TokenTree::Ident(ident) if ident == "Self" => TokenTree::Ident(self.named(&ident)),
            TokenTree::Group(group) => {
                let mut named = Group::new(group.delimiter(), self.tokens(group.stream()));
                named.set_span(group.span());
                TokenTree::Group(named)
            }
            other => other,
        });
        named.collect()
    }
}

impl VisitMut for ReplaceSelf<'_> {
    fn visit_ident_mut(&mut self, ident: &mut Ident) {
        if ident == "Self" {
            *ident = self.named(ident);
        }
    }

    fn visit_macro_mut(&mut self, call: &mut Macro) {
        call.tokens = self.tokens(call.tokens.clone());
    }

    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        if let Expr::Verbatim(tokens) = expr {
            *tokens = self.tokens(tokens.clone());
        }
        visit_mut::visit_expr_mut(self, expr);
    }

    // Inside of these, `Self` is another type.
    fn visit_item_impl_mut(&mut self, _: &mut ItemImpl) {}
    fn visit_item_trait_mut(&mut self, _: &mut ItemTrait) {}
    fn visit_item_struct_mut(&mut self, _: &mut ItemStruct) {}
    fn visit_item_enum_mut(&mut self, _: &mut ItemEnum) {}
    fn visit_item_union_mut(&mut self, _: &mut ItemUnion) {}
}
