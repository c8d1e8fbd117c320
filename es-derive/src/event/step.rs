//! Reads a step: the change of one field in one schema version.

use proc_macro2::Span;
use syn::{Error, Expr, Ident, LitInt, LitStr, Result, Type};

use super::stored::{self, Held};
use crate::{
    attribute::{self, Entry},
    mistakes::Mistakes,
};

pub(crate) const ADDED: &str = "added";
pub(crate) const RENAMED: &str = "renamed";
pub(crate) const CHANGED: &str = "changed";
pub(crate) const REMOVED: &str = "removed";

const IN: &str = "in";
const DEFAULT: &str = "default";
const FROM: &str = "from";
const WITH: &str = "with";
const TRY_WITH: &str = "try_with";
const NAME: &str = "name";
const TYPE: &str = "type";
const SERDE: &str = "serde";

/// The change of one field in one schema version.
pub(crate) struct Step {
    /// The schema version that made the change.
    pub(crate) at: u32,
    /// The span of that number.
    pub(crate) at_span: Span,
    /// The key of the step, such as `added`.
    pub(crate) word: Ident,
    pub(crate) kind: Kind,
}

pub(crate) enum Kind {
    Added { default: Box<Expr> },
    Renamed { from: LitStr },
    Changed(Box<Changed>),
}

/// Another type, and perhaps another key.
pub(crate) struct Changed {
    pub(crate) from: Type,
    pub(crate) with: Conversion,
    pub(crate) name: Option<LitStr>,
    pub(crate) held: Held,
}

/// The function from the older type to the newer one.
pub(crate) enum Conversion {
    With(Expr),
    TryWith(Expr),
}

/// A field that was removed.
pub(crate) struct Removed {
    pub(crate) at: u32,
    pub(crate) at_span: Span,
    pub(crate) name: LitStr,
    pub(crate) ty: Type,
    pub(crate) held: Held,
    /// The steps before it was removed.
    pub(crate) steps: Vec<Step>,
}

impl Step {
    /// Whether `entry` is a step of a field.
    pub(crate) fn is(entry: &Entry<'_>) -> bool {
        [ADDED, RENAMED, CHANGED].iter().any(|word| entry.is(word))
    }

    /// Reads `added(…)`, `renamed(…)` or `changed(…)`; `None` after a mistake that is already reported.
    pub(crate) fn read(entry: &Entry<'_>, mistakes: &mut Mistakes) -> Result<Option<Self>> {
        if entry.is(ADDED) {
            let arguments = Arguments::read(entry, &[IN, DEFAULT], mistakes)?;
            let default = arguments.required(arguments.default.as_ref(), DEFAULT, "String::new()", mistakes);
            return Ok(arguments.step(default.map(|default| Kind::Added { default: Box::new(default) }), mistakes));
        }
        if entry.is(RENAMED) {
            let arguments = Arguments::read(entry, &[IN, FROM], mistakes)?;
            let from = arguments.required(arguments.from_key.as_ref(), FROM, "\"…\"", mistakes);
            return Ok(arguments.step(from.map(|from| Kind::Renamed { from }), mistakes));
        }
        let arguments = Arguments::read(entry, &[IN, FROM, WITH, TRY_WITH, NAME, SERDE], mistakes)?;
        let from = arguments.required(arguments.from_type.as_ref(), FROM, "String", mistakes);
        let with = arguments.conversion(mistakes);
        let kind = from.zip(with).map(|(from, with)| {
            let held = arguments.held.clone().unwrap_or_default();
            Kind::Changed(Box::new(Changed { from, with, name: arguments.name.clone(), held }))
        });
        Ok(arguments.step(kind, mistakes))
    }
}

impl Removed {
    /// Reads `removed(…)`; `None` after a mistake that is already reported.
    pub(crate) fn read(entry: &Entry<'_>, mistakes: &mut Mistakes) -> Result<Option<Self>> {
        let arguments = Arguments::read(entry, &[IN, NAME, TYPE, SERDE, ADDED, RENAMED, CHANGED], mistakes)?;
        let name = arguments.required(arguments.name.as_ref(), NAME, "\"…\"", mistakes);
        let ty = arguments.required(arguments.ty.as_ref(), TYPE, "String", mistakes);
        let at = arguments.at(mistakes);
        Ok(match (name, ty, at) {
            (Some(name), Some(ty), Some((at, at_span))) => {
                let held = arguments.held.unwrap_or_default();
                Some(Self { at, at_span, name, ty, held, steps: arguments.steps })
            }
            _ => None,
        })
    }
}

/// The arguments in the parentheses of a step.
struct Arguments {
    word: Ident,
    at: Option<(u32, Span)>,
    /// The keys that were given, readable or not.
    given: Vec<String>,
    /// The known keys that an unknown key may have been meant to be.
    meant: Vec<String>,
    default: Option<Expr>,
    from_key: Option<LitStr>,
    from_type: Option<Type>,
    with: Option<Expr>,
    try_with: Option<Expr>,
    name: Option<LitStr>,
    ty: Option<Type>,
    held: Option<Held>,
    steps: Vec<Step>,
}

impl Arguments {
    fn read(entry: &Entry<'_>, known: &[&str], mistakes: &mut Mistakes) -> Result<Self> {
        let mut arguments = Self {
            word: entry.key.clone(),
            at: None,
            given: Vec::new(),
            meant: Vec::new(),
            default: None,
            from_key: None,
            from_type: None,
            with: None,
            try_with: None,
            name: None,
            ty: None,
            held: None,
            steps: Vec::new(),
        };
        entry.entries("in = 2", mistakes, |entry, mistakes| arguments.read_one(entry, known, mistakes))?;
        Ok(arguments)
    }

    fn read_one(&mut self, entry: &Entry<'_>, known: &[&str], mistakes: &mut Mistakes) -> Result<()> {
        let key = entry.key.to_string();
        if !known.contains(&key.as_str()) {
            // Do not report the known key as missing too. If the unknown key resembles none, it may have been any of them.
            match attribute::suggestion(&entry.key, known) {
                Some(meant) => self.meant.push(meant.to_owned()),
                None => self.meant.extend(known.iter().map(|&word| word.to_owned())),
            }
            return Err(attribute::unknown_key(&entry.key, &format!("`{}(…)`", self.word), known));
        }
        if Step::is(entry) {
            self.steps.extend(Step::read(entry, mistakes)?);
            return Ok(());
        }
        entry.refuse_repeat(self.given.contains(&key))?;
        self.given.push(key.clone());
        match key.as_str() {
            IN => self.at = Some(at(&entry.value_or("2")?)?),
            DEFAULT => self.default = Some(entry.value_or("an expression")?),
            FROM if self.word == RENAMED => self.from_key = Some(stored::key(entry.value_or("\"…\"")?)?),
            FROM => self.from_type = Some(entry.value_or("the type before")?),
            WITH => self.with = Some(entry.value_or("a function")?),
            TRY_WITH => self.try_with = Some(entry.value_or("a function")?),
            NAME => self.name = Some(stored::key(entry.value_or("\"…\"")?)?),
            TYPE => self.ty = Some(entry.value_or("the type it had")?),
            _ => self.held = Some(entry.parenthesized(Held::of_step)?),
        }
        Ok(())
    }

    /// Whether the key was given, or an unknown key may have been meant to be it.
    fn is_given_or_meant(&self, key: &str) -> bool {
        self.given.iter().chain(&self.meant).any(|known| known == key)
    }

    fn required<T: Clone>(&self, value: Option<&T>, key: &str, such_as: &str, mistakes: &mut Mistakes) -> Option<T> {
        if value.is_none() && !self.is_given_or_meant(key) {
            let word = &self.word;
            mistakes.at(word.span(), format!("`{word}` lacks `{key}`; write for example `{key} = {such_as}`"));
        }
        value.cloned()
    }

    fn at(&self, mistakes: &mut Mistakes) -> Option<(u32, Span)> {
        self.required(self.at.as_ref(), IN, "2", mistakes)
    }

    fn conversion(&self, mistakes: &mut Mistakes) -> Option<Conversion> {
        match (&self.with, &self.try_with) {
            (Some(_), Some(try_with)) => {
                mistakes
                    .spanning(try_with, "`with` and `try_with` are both given; keep the one that fits the function");
                None
            }
            (Some(with), None) => Some(Conversion::With(with.clone())),
            (None, Some(try_with)) => Some(Conversion::TryWith(try_with.clone())),
            (None, None) if self.is_given_or_meant(WITH) || self.is_given_or_meant(TRY_WITH) => None,
            (None, None) => {
                let text = "`changed` lacks `with`; write `with = ` and a function from the type before, or `try_with` if it may fail";
                mistakes.at(self.word.span(), text);
                None
            }
        }
    }

    fn step(&self, kind: Option<Kind>, mistakes: &mut Mistakes) -> Option<Step> {
        let (at, at_span) = self.at(mistakes)?;
        Some(Step { at, at_span, word: self.word.clone(), kind: kind? })
    }
}

fn at(number: &LitInt) -> Result<(u32, Span)> {
    let wrong = |text: &str| Err(Error::new(number.span(), text));
    match number.base10_parse() {
        Ok(0 | 1) => {
            wrong("schema version 1 has nothing before it; write the version that brought the change, from 2 on")
        }
        Ok(at) => Ok((at, number.span())),
        Err(_) => wrong("a schema version is a number; write for example `in = 2`"),
    }
}
