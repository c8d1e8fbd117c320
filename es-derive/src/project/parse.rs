//! Reads the block, whose methods take an event each, and perhaps one of them batches.

use proc_macro2::TokenStream;
use syn::{Error, Ident, ImplItem, ImplItemFn, Item, ItemImpl, Result, Type, spanned::Spanned};

use super::{
    arguments::Arguments,
    method::{Batch, Form, Method, SetUp},
    parse_method::{BATCH, KEY, SET_UP, attribute, batch, is, method, set_up, typed},
    signature::{self, model},
};
use crate::{mistakes::Mistakes, path_list::text, tokens};

/// A projection as the user wrote it.
pub(crate) struct Project<'a> {
    pub(crate) ty: &'a Type,
    /// The last segment of the type.
    pub(crate) ident: Option<&'a Ident>,
    /// Whether code can be written for it at all: a type without parameters.
    pub(crate) plain: bool,
    pub(crate) arguments: Arguments,
    pub(crate) form: Form,
    pub(crate) methods: Vec<Method<'a>>,
    pub(crate) batch: Option<Batch<'a>>,
    pub(crate) set_up: Option<SetUp<'a>>,
    /// The type of the target of a table.
    pub(crate) target: Option<&'a Type>,
}

impl Project<'_> {
    /// Leaves out the methods, of which some have mistakes.
    pub(crate) fn leave_out_methods(&mut self) {
        self.methods.clear();
        (self.batch, self.set_up) = (None, None);
    }
}

/// Reads the block.
pub(crate) fn block(block: TokenStream) -> Result<ItemImpl> {
    match syn::parse2(block)? {
        Item::Impl(block) => Ok(block),
        Item::Fn(method) => {
            let message = format!(
                "`#[es::project]` belongs on the whole `impl` block, not on `{}`\n\
                 write it once, above `impl … {{`, and leave it out here",
                method.sig.ident
            );
            Err(Error::new(method.sig.ident.span(), message))
        }
        item => {
            let message = "`#[es::project]` belongs on an `impl` block with one method for each event\n\
                           write it above `impl Balances { fn opened(&mut self, event: &Opened) { … } }`";
            Err(Error::new(item.span(), message))
        }
    }
}

/// The block without the attributes that only this macro knows.
pub(crate) fn without_attributes(block: &ItemImpl) -> ItemImpl {
    let mut block = block.clone();
    for item in &mut block.items {
        if let ImplItem::Fn(function) = item {
            function.attrs.retain(|attribute| !is(attribute, KEY) && !is(attribute, BATCH));
        }
    }
    block
}

/// Reads `block`. Reports and leaves out what it cannot read.
pub(crate) fn project<'a>(block: &'a ItemImpl, arguments: Arguments, mistakes: &mut Mistakes) -> Project<'a> {
    let ident = match tokens::ty(&block.self_ty) {
        Type::Path(path) => path.path.segments.last().filter(|last| last.arguments.is_none()).map(|last| &last.ident),
        _ => None,
    };
    let plain = is_plain(block, ident, mistakes);
    let form = form(block, &arguments);
    let mut project = Project {
        ty: &block.self_ty,
        ident,
        plain,
        arguments,
        form,
        methods: Vec::new(),
        batch: None,
        set_up: None,
        target: None,
    };
    if !plain {
        return project;
    }
    let mut first = None;
    for item in &block.items {
        let ImplItem::Fn(function) = item else { continue };
        if !receives(function, form, &mut first, mistakes) {
            continue;
        }
        if let Some(attribute) = attribute(function, BATCH) {
            let batch = batch(function, attribute, form, mistakes);
            match (&project.batch, batch) {
                (Some(before), Some(second)) => mistakes.at(
                    second.ident.span(),
                    format!("`{}` takes the batches already; keep one of the two", before.ident),
                ),
                (None, batch) => project.batch = batch,
                (Some(_), None) => {}
            }
        } else if form == Form::Table && function.sig.ident == SET_UP {
            project.set_up = set_up(function, mistakes);
        } else if let Some(method) = method(function, form, mistakes) {
            project.methods.push(method);
        }
    }
    project.target = project.methods.iter().find_map(|method| method.target);
    if project.methods.is_empty() && mistakes.is_empty() {
        let ty = text(&block.self_ty);
        let model = model(form, &Ident::new("opened", block.self_ty.span()), "Opened");
        mistakes.spanning(
            &block.self_ty,
            format!("projection `{ty}` takes no event; write a method for each event, such as {model}"),
        );
    }
    project
}

fn is_plain(block: &ItemImpl, ident: Option<&Ident>, mistakes: &mut Mistakes) -> bool {
    let ty = text(&block.self_ty);
    if let Some((path, _)) = &block.trait_ {
        mistakes
            .spanning(path, format!("`#[es::project]` belongs on a block without a trait; write `impl {ty} {{ … }}`"));
        return false;
    }
    if let Some(first) = block.generics.params.first() {
        mistakes.at(
            first.span(),
            "a projection has a generic parameter, and one name cannot name several types\n\
             write the block for one type without parameters",
        );
        return false;
    }
    if ident.is_none() {
        mistakes.spanning(
            &block.self_ty,
            "a projection is a struct or an enum without parameters; write for example `impl Balances { … }`",
        );
        return false;
    }
    true
}

/// The form of the block: rows with a key, else by the receiver of the first method that has one.
fn form(block: &ItemImpl, arguments: &Arguments) -> Form {
    if arguments.has_key() {
        return Form::Rows;
    }
    let mut receivers = block.items.iter().filter_map(|item| match item {
        ImplItem::Fn(function) => function.sig.receiver(),
        _ => None,
    });
    match receivers.find_map(signature::is_mutable) {
        Some(false) => Form::Table,
        _ => Form::View,
    }
}

/// Whether the method has the receiver of `form`. `first` is the first method that has.
fn receives<'a>(function: &'a ImplItemFn, form: Form, first: &mut Option<&'a Ident>, mistakes: &mut Mistakes) -> bool {
    let ident = &function.sig.ident;
    let event = typed(function).next().map_or_else(|| "…".to_owned(), |first| text(signature::event(first).ty));
    let model = model(form, ident, &event);
    let Some(receiver) = function.sig.receiver() else {
        let message =
            format!("`{ident}` takes no `self`; write {model}, or move it to an `impl` block without `#[es::project]`");
        mistakes.at(ident.span(), message);
        return false;
    };
    let expected = form != Form::Table;
    match signature::is_mutable(receiver) {
        Some(mutable) if mutable == expected => {
            first.get_or_insert(ident);
            true
        }
        mutable => {
            mistakes.spanning(receiver, wrong_receiver(mutable, form, *first, &model));
            false
        }
    }
}

fn wrong_receiver(mutable: Option<bool>, form: Form, first: Option<&Ident>, model: &str) -> String {
    match (mutable, form, first) {
        (None, ..) => format!("a projection is borrowed by its methods; write {model}"),
        (_, Form::Rows, _) => {
            format!("rows change by their methods, which take `&mut self`; write {model}, or leave `key` out")
        }
        (_, Form::Table, Some(first)) => {
            format!("`{first}` takes `&self`, and one projection has one form; write {model}")
        }
        (_, _, Some(first)) => {
            format!("`{first}` takes `&mut self`, and one projection has one form; write {model}")
        }
        (_, _, None) => format!("a projection has one form; write {model}"),
    }
}
