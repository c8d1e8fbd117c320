//! Reads `#[event(…)]` and the other attributes key by key, and goes on after a mistake.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{
    Attribute, Data, Error, ExprMacro, Ident, Lit, LitStr, Meta, Path, Result, Token, braced, bracketed,
    ext::IdentExt,
    parenthesized,
    parse::{Parse, ParseStream},
    token::{Brace, Bracket, Paren},
};

use crate::{event::type_text, mistakes::Mistakes};

/// One `key`, `key = value` or `key(…)` of an attribute, of which the key is read.
pub(crate) struct Entry<'a> {
    /// The key, which may be a keyword such as `in` or `type`.
    pub(crate) key: Ident,
    /// Whether the value has no key, which is reported already.
    lone: bool,
    input: ParseStream<'a>,
}

/// The form of the value behind a key.
pub(crate) enum ValueForm {
    /// `(…)`.
    Parentheses,
    /// `= "…"`.
    Text,
    Other,
}

impl Entry<'_> {
    /// The form of the value.
    pub(crate) fn value_form(&self) -> ValueForm {
        if self.has_parentheses() {
            ValueForm::Parentheses
        } else if self.input.peek(Token![=]) && self.input.peek2(LitStr) {
            ValueForm::Text
        } else {
            ValueForm::Other
        }
    }

    /// Whether the key is `word`.
    pub(crate) fn is(&self, word: &str) -> bool {
        self.key == word
    }

    /// Refuses the key if it was `given` before.
    pub(crate) fn refuse_repeat(&self, given: bool) -> Result<()> {
        if given {
            Err(Error::new(self.key.span(), format!("`{}` is given twice; keep one", self.key)))
        } else {
            Ok(())
        }
    }

    /// The value behind `=`, or `wanted` as the text of what to write instead.
    pub(crate) fn value_or<T: Parse>(&self, wanted: &str) -> Result<T> {
        self.equals(wanted)?;
        let (span, key) = (self.input.span(), &self.key);
        if let Ok(ExprMacro { mac, .. }) = self.input.fork().parse()
            && wanted.starts_with('"')
        {
            let text = format!(
                "`{key}` is read before `{}!` is expanded; write the text itself, `{key} = {wanted}`",
                type_text::text(&mac.path)
            );
            return Err(Error::new(span, text));
        }
        let something_else = || Error::new(span, format!("`{key}` cannot have this value; write `{key} = {wanted}`"));
        let value = self.input.parse().map_err(|_| something_else())?;
        let goes_on = self.input.cursor().punct().is_some_and(|(punct, _)| punct.as_char() != ',');
        if goes_on { Err(something_else()) } else { Ok(value) }
    }

    /// A path behind `=`, where a path may also begin with `crate`.
    pub(crate) fn path(&self) -> Result<Path> {
        self.equals("path")?;
        self.input.call(Path::parse_mod_style)
    }

    /// The contents of the parentheses, read by `read`.
    pub(crate) fn parenthesized<T>(&self, read: impl FnOnce(ParseStream<'_>) -> Result<T>) -> Result<T> {
        if !self.has_parentheses() {
            return Err(Error::new(self.key.span(), format!("`{0}` takes parentheses; write `{0}(…)`", self.key)));
        }
        let inside;
        parenthesized!(inside in self.input);
        read(&inside)
    }

    /// The entries in the parentheses; `first` as in [`entries`].
    pub(crate) fn entries(
        &self,
        first: &str,
        mistakes: &mut Mistakes,
        each: impl FnMut(&Entry<'_>, &mut Mistakes) -> Result<()>,
    ) -> Result<()> {
        self.parenthesized(|inside| {
            entries_of(inside, first, mistakes, each);
            Ok(())
        })
    }

    /// The items in `[…]` or `{…}` that the user wrote instead of parentheses, with or without `=`; none without such brackets.
    pub(crate) fn items_in_brackets<T>(
        &self,
        mistakes: &mut Mistakes,
        mut read: impl FnMut(ParseStream<'_>, &mut Mistakes) -> Result<T>,
    ) -> Result<Vec<T>> {
        let ahead = self.input.fork();
        ahead.parse::<Option<Token![=]>>()?;
        let mut items = Vec::new();
        if ahead.peek(Bracket) || ahead.peek(Brace) {
            self.input.parse::<Option<Token![=]>>()?;
            let inside;
            if self.input.peek(Bracket) {
                bracketed!(inside in self.input);
            } else {
                braced!(inside in self.input);
            }
            each_behind_comma(&inside, mistakes, |input, mistakes| read(input, mistakes).map(|item| items.push(item)));
        }
        Ok(items)
    }

    /// Whether parentheses follow the key.
    pub(crate) fn has_parentheses(&self) -> bool {
        self.input.peek(Paren)
    }

    /// The items in the parentheses, each read by `read`. Reports and leaves out an item that cannot be read.
    pub(crate) fn items<T>(
        &self,
        mistakes: &mut Mistakes,
        mut read: impl FnMut(ParseStream<'_>, &mut Mistakes) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut items = Vec::new();
        self.parenthesized(|inside| {
            each_behind_comma(inside, mistakes, |input, mistakes| read(input, mistakes).map(|item| items.push(item)));
            Ok(())
        })?;
        Ok(items)
    }

    fn equals(&self, wanted: &str) -> Result<()> {
        if self.lone {
            Ok(())
        } else if self.input.peek(Token![=]) {
            self.input.parse::<Token![=]>().map(drop)
        } else {
            let key = &self.key;
            Err(Error::new(key.span(), format!("`{key}` takes a value; write `{key} = {wanted}`")))
        }
    }
}

/// Calls `each` for the entries of every attribute called `name`. Reports an entry that `each` cannot read, and goes on with the
/// next one. `first` is an example of the first entry; a value without a key is taken as its value.
pub(crate) fn entries(
    attributes: &[Attribute],
    name: &str,
    first: &str,
    mistakes: &mut Mistakes,
    mut each: impl FnMut(&Entry<'_>, &mut Mistakes) -> Result<()>,
) {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident(name)) {
        if !matches!(attribute.meta, Meta::List(_)) {
            mistakes.spanning(&attribute.meta, format!("the attribute is empty; write `#[{name}({first})]`"));
            continue;
        }
        let list = attribute.parse_args_with(|input: ParseStream<'_>| {
            entries_of(input, first, mistakes, &mut each);
            Ok(())
        });
        mistakes.take(list);
    }
}

/// Reports each attribute called `name` on a field or a variant, where it has no effect.
pub(crate) fn only_on_the_item(data: &Data, name: &str, mistakes: &mut Mistakes) {
    let inner: Vec<&Attribute> = match data {
        Data::Struct(data) => data.fields.iter().flat_map(|field| &field.attrs).collect(),
        Data::Enum(data) => {
            let fields = data.variants.iter().flat_map(|variant| &variant.fields);
            let variants = data.variants.iter().flat_map(|variant| &variant.attrs);
            fields.flat_map(|field| &field.attrs).chain(variants).collect()
        }
        Data::Union(_) => Vec::new(),
    };
    for attribute in inner.into_iter().filter(|attribute| attribute.path().is_ident(name)) {
        mistakes.spanning(attribute, format!("`#[{name}(…)]` has no effect here; write it above the whole item"));
    }
}

/// The attribute for the impls of a `#[doc(hidden)]` item, which keeps rustc from listing it among the implementors of a trait.
pub(crate) fn not_recommended(attributes: &[Attribute]) -> Option<TokenStream> {
    let hidden = |attribute: &Attribute| {
        attribute.path().is_ident("doc") && attribute.parse_args::<Ident>().is_ok_and(|word| word == "hidden")
    };
    attributes.iter().any(hidden).then(|| quote!(#[diagnostic::do_not_recommend]))
}

/// The key among `known` that `key` was probably meant to be.
pub(crate) fn suggestion<'a>(key: &Ident, known: &[&'a str]) -> Option<&'a str> {
    let written = key.to_string();
    let near = known.iter().map(|word| (strsim::jaro_winkler(&written, word), *word));
    let nearest = near.filter(|(likeness, _)| *likeness > 0.8).max_by(|(a, _), (b, _)| a.total_cmp(b));
    nearest.map(|(_, word)| word)
}

/// The error for a key that is not among `known`, with the nearest known key.
pub(crate) fn unknown_key(key: &Ident, of: &str, known: &[&str]) -> Error {
    let written = key.to_string();
    let meant = suggestion(key, known).map_or(String::new(), |word| format!("; did you mean `{word}`?"));
    let known = known.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    Error::new(key.span(), format!("unknown key `{written}`{meant}\n{of} accepts {known}"))
}

/// Calls `each` for the entries of `input`, as [`entries`] does.
pub(crate) fn entries_of(
    input: ParseStream<'_>,
    first: &str,
    mistakes: &mut Mistakes,
    mut each: impl FnMut(&Entry<'_>, &mut Mistakes) -> Result<()>,
) {
    each_behind_comma(input, mistakes, |input, mistakes| {
        let key = input.call(Ident::parse_any);
        if let Some((first, _)) = first.split_once(" = ")
            && key.is_err()
            && let Ok(value) = input.fork().parse::<Lit>()
        {
            let value = value.to_token_stream();
            mistakes.at(input.span(), format!("`{value}` has no key; write `{first} = {value}`"));
            return each(&Entry { key: Ident::new(first, input.span()), lone: true, input }, mistakes);
        }
        let key = key.map_err(|error| Error::new(error.span(), format!("expected a key, as in `{first}`")))?;
        each(&Entry { key, lone: false, input }, mistakes)
    });
}

fn each_behind_comma(
    input: ParseStream<'_>,
    mistakes: &mut Mistakes,
    mut read: impl FnMut(ParseStream<'_>, &mut Mistakes) -> Result<()>,
) {
    while !input.is_empty() {
        match read(input, mistakes) {
            Err(error) => mistakes.push(error),
            Ok(()) if input.is_empty() || input.peek(Token![,]) => {}
            Ok(()) => mistakes.at(input.span(), "expected `,`"),
        }
        skip_behind_comma(input);
    }
}

fn skip_behind_comma(input: ParseStream<'_>) {
    while !input.is_empty() {
        let comma = input.peek(Token![,]);
        if input.parse::<TokenTree>().is_err() || comma {
            return;
        }
    }
}
