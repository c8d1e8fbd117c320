//! Reads serde's attributes: how a field is stored.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{
    Attribute, Error, Expr, ExprLit, Ident, Lit, LitStr, Meta, Result, Token, parse::ParseStream,
    punctuated::Punctuated,
};

use crate::tokens;

/// The attributes of a field that depend on its type: they apply down to its newest `changed`.
#[derive(Clone, Default)]
pub(crate) struct Held {
    /// serde's attributes for reading it.
    pub(crate) words: Vec<TokenStream>,
    pub(crate) presence: Presence,
    /// The module or function that reads it.
    pub(crate) with: Option<String>,
    /// Other keys it is read under.
    pub(crate) aliases: Vec<LitStr>,
}

/// Whether the payload has the key.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Presence {
    #[default]
    Required,
    Default,
    Flatten,
    /// It is not stored.
    Skip,
}

/// The attributes of one field.
#[derive(Default)]
pub(crate) struct FieldAttributes {
    pub(crate) held: Held,
    /// The key it is read under.
    pub(crate) rename: Option<LitStr>,
    /// The key it is written under.
    pub(crate) written: Option<LitStr>,
    /// The word `rename`, if it is given.
    pub(crate) renamed: Option<Ident>,
    /// `skip_serializing_if`, if the key must be present when the field is read.
    pub(crate) left_out: Option<Ident>,
}

/// The attributes of the struct.
#[derive(Default)]
pub(crate) struct StructAttributes {
    rename_all: Option<String>,
    pub(crate) deny_unknown_fields: bool,
    /// The key that the name of the type is written under.
    pub(crate) tag: Option<LitStr>,
    pub(crate) transparent: bool,
    /// Every field may be absent.
    pub(crate) default: bool,
    /// `rename_all`, if it writes other keys than it reads.
    pub(crate) written_otherwise: Option<Ident>,
    /// The type that is stored instead of the struct: `from` or `try_from`.
    pub(crate) as_type: Option<LitStr>,
    /// Attributes that cannot apply to older shapes.
    pub(crate) today_only: Vec<Ident>,
}

/// A stored key as the user wrote it.
pub(crate) fn key(key: LitStr) -> Result<LitStr> {
    if key.value().is_empty() { Err(Error::new(key.span(), "the stored key is empty")) } else { Ok(key) }
}

impl FieldAttributes {
    /// Reads serde's attributes; what serde itself refuses is left to it.
    pub(crate) fn read(metas: &[Meta]) -> Self {
        let mut read = Self::default();
        for meta in metas {
            let Some(word) = meta.path().get_ident().cloned() else { continue };
            match word.to_string().as_str() {
                "rename" => {
                    read.rename = text(meta, "deserialize");
                    read.written = text(meta, "serialize");
                    read.renamed = Some(word);
                }
                "skip_serializing_if" => read.left_out = Some(word),
                _ => read.held.take(meta),
            }
        }
        read.left_out = read.left_out.filter(|_| read.held.presence == Presence::Required);
        read
    }
}

impl Held {
    /// Reads `serde(…)` of a step.
    pub(crate) fn of_step(input: ParseStream<'_>) -> Result<Self> {
        let mut held = Self::default();
        for meta in Punctuated::<Meta, Token![,]>::parse_terminated(input)? {
            takes_text(&meta)?;
            let word = meta.path().get_ident().map(ToString::to_string).unwrap_or_default();
            match word.as_str() {
                "with" | "deserialize_with" | "default" | "flatten" | "alias" => held.take(&meta),
                _ => {
                    let text = "a step's `serde(…)` accepts `with`, `deserialize_with`, `default`, `flatten`, `alias`\n\
                                the stored key is given by `name` or `from`";
                    return Err(Error::new_spanned(meta.path(), text));
                }
            }
        }
        Ok(held)
    }

    fn take(&mut self, meta: &Meta) {
        let word = meta.path().get_ident().map(ToString::to_string).unwrap_or_default();
        match word.as_str() {
            "alias" => return self.aliases.extend(text(meta, "deserialize")),
            "default" => {
                if self.presence == Presence::Required {
                    self.presence = Presence::Default;
                }
            }
            "flatten" => self.presence = Presence::Flatten,
            "skip" | "skip_deserializing" => self.presence = Presence::Skip,
            "with" | "deserialize_with" => self.with = text(meta, "deserialize").map(|path| path.value()),
            "borrow" | "bound" => {}
            _ => return,
        }
        self.words.push(meta.to_token_stream());
    }
}

/// Refuses a value in a step's `serde(…)` that is not a string.
fn takes_text(meta: &Meta) -> Result<()> {
    match meta {
        Meta::NameValue(pair) if text(meta, "deserialize").is_none() => {
            let word = pair.path.get_ident().map(ToString::to_string).unwrap_or_default();
            Err(Error::new_spanned(&pair.value, format!("`{word}` takes a text; write `{word} = \"…\"`")))
        }
        _ => Ok(()),
    }
}

impl StructAttributes {
    /// Reads serde's attributes; what serde itself refuses is left to it.
    pub(crate) fn read(metas: &[Meta]) -> Self {
        let mut read = Self::default();
        for meta in metas {
            let Some(word) = meta.path().get_ident().cloned() else { continue };
            match word.to_string().as_str() {
                "rename_all" => {
                    read.rename_all = text(meta, "deserialize").map(|rule| rule.value());
                    let written = text(meta, "serialize").map(|rule| rule.value());
                    read.written_otherwise = (written != read.rename_all).then_some(word);
                }
                "deny_unknown_fields" => read.deny_unknown_fields = true,
                "tag" => read.tag = text(meta, "deserialize"),
                "from" | "try_from" => {
                    read.as_type = text(meta, "deserialize");
                    read.today_only.push(word);
                }
                "transparent" => {
                    read.transparent = true;
                    read.today_only.push(word);
                }
                "default" => {
                    read.default = true;
                    read.today_only.push(word);
                }
                "into" | "remote" => read.today_only.push(word),
                _ => {}
            }
        }
        read
    }

    /// The key of a field without a `rename` of its own.
    pub(crate) fn key(&self, field: &str) -> String {
        match self.rename_all.as_deref() {
            Some("UPPERCASE" | "SCREAMING_SNAKE_CASE") => field.to_ascii_uppercase(),
            Some("PascalCase") => pascal(field),
            Some("camelCase") => {
                let pascal = pascal(field);
                let mut letters = pascal.chars();
                letters
                    .next()
                    .map_or(String::new(), |first| std::iter::once(first.to_ascii_lowercase()).chain(letters).collect())
            }
            Some("kebab-case") => field.replace('_', "-"),
            Some("SCREAMING-KEBAB-CASE") => field.to_ascii_uppercase().replace('_', "-"),
            _ => field.to_owned(),
        }
    }

    /// The attributes that apply to every shape.
    pub(crate) fn words(&self) -> TokenStream {
        if self.deny_unknown_fields { quote!(, deny_unknown_fields) } else { TokenStream::new() }
    }
}

fn pascal(field: &str) -> String {
    let words = field.split('_').map(|word| {
        let mut letters = word.chars();
        letters.next().map_or(String::new(), |first| {
            std::iter::once(first.to_ascii_uppercase()).chain(letters).collect::<String>()
        })
    });
    words.collect()
}

/// The contents of the `serde(…)` attributes.
pub(crate) fn metas(attributes: &[Attribute]) -> Vec<Meta> {
    let serde = attributes.iter().filter(|attribute| attribute.path().is_ident("serde"));
    serde
        .filter_map(|attribute| attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok())
        .flatten()
        .collect()
}

/// The text of `word = "…"`, or of `word(side = "…")`.
pub(crate) fn text(meta: &Meta, side: &str) -> Option<LitStr> {
    match meta {
        Meta::Path(_) => None,
        Meta::NameValue(pair) => match tokens::expr(&pair.value) {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.clone()),
            _ => None,
        },
        Meta::List(list) => {
            let pairs = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok()?;
            text(pairs.iter().find(|pair| pair.path().is_ident(side))?, side)
        }
    }
}
