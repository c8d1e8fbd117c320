//! Reads the arguments of `#[project(…)]`.

use proc_macro2::{Span, TokenStream};
use syn::{
    Error, Ident, LitInt, LitStr, Path, Result, Type,
    parse::{ParseStream, Parser},
};

use crate::{
    attribute::{self, Entry, ValueForm},
    mistakes::Mistakes,
    path_list::ListedPath,
    word,
};

const NAME: &str = "name";
const VERSION: &str = "version";
const EVERY: &str = "every";
const OF: &str = "of";
const IGNORES: &str = "ignores";
const KEY: &str = "key";
const ORDER: &str = "order";
const EVENT: &str = "event";
const CRATE: &str = "crate";
const KEYS: [&str; 9] = [NAME, VERSION, EVERY, OF, IGNORES, KEY, ORDER, EVENT, CRATE];

/// What the user wrote in `#[project(…)]`.
#[derive(Default)]
pub(crate) struct Arguments {
    pub(crate) name: Option<LitStr>,
    pub(crate) version: Option<LitInt>,
    /// The aggregates of which every event is handled.
    pub(crate) every: Vec<ListedPath>,
    /// The aggregates of which the events are handled that a method takes.
    pub(crate) of: Vec<ListedPath>,
    pub(crate) ignores: Vec<ListedPath>,
    pub(crate) key: Option<Type>,
    /// Where `order = global` is.
    pub(crate) order: Option<Span>,
    /// The name of the enum of its events.
    pub(crate) event: Option<Ident>,
    pub(crate) krate: Option<Path>,
    /// The keys that are given, also if their value is wrong.
    given: Vec<&'static str>,
    /// Whether a key was unknown, so that it may have been meant to be any other.
    unknown: bool,
}

/// Reads the arguments. Reports and leaves out what it cannot read.
pub(crate) fn read(arguments: TokenStream, mistakes: &mut Mistakes) -> Arguments {
    let mut read = Arguments::default();
    let parse = |input: ParseStream<'_>| {
        attribute::entries_of(input, "name = \"…\"", mistakes, |entry, mistakes| read.entry(entry, mistakes));
        Ok(())
    };
    let result: Result<()> = parse.parse2(arguments);
    mistakes.take(result);
    read
}

impl Arguments {
    fn entry(&mut self, entry: &Entry<'_>, mistakes: &mut Mistakes) -> Result<()> {
        let Some(key) = KEYS.into_iter().find(|key| entry.is(key)) else {
            let meant = attribute::suggestion(&entry.key, &KEYS);
            // A known key that it resembles, or whose form its value has, is not reported as missing too.
            match (meant, entry.value_form()) {
                (Some(meant), _) => self.given.push(meant),
                (None, ValueForm::Parentheses) => self.given.push(OF),
                (None, _) => self.unknown = true,
            }
            return Err(attribute::unknown_key(&entry.key, "`#[es::project(…)]`", &KEYS));
        };
        entry.refuse_repeat(self.given.contains(&key))?;
        self.given.push(key);
        match key {
            NAME => self.name = Some(word::read(entry, "balances")?),
            VERSION => self.version = Some(version(entry.value_or("2")?)?),
            EVERY => self.every = aggregates(entry, mistakes)?,
            OF => self.of = aggregates(entry, mistakes)?,
            IGNORES => self.ignores = entry.items(mistakes, ListedPath::event)?,
            KEY => self.key = Some(entry.value_or("CustomerId")?),
            ORDER => self.order = Some(order(entry)?),
            EVENT => self.event = Some(entry.value_or("BalancesEvent")?),
            _ => self.krate = Some(entry.path()?),
        }
        Ok(())
    }

    /// Whether there are none at all.
    pub(crate) fn is_empty(&self) -> bool {
        !self.unknown && self.given.is_empty()
    }

    /// Whether `name` is missing, and that is not reported already.
    pub(crate) fn lacks_name(&self) -> bool {
        !self.unknown && !self.given.contains(&NAME)
    }

    /// Whether both `every` and `of` are missing, and that is not reported already.
    pub(crate) fn lacks_aggregates(&self) -> bool {
        !self.given.contains(&EVERY) && !self.given.contains(&OF)
    }

    /// Whether `key` is there, also with a wrong value.
    pub(crate) fn has_key(&self) -> bool {
        self.given.contains(&KEY)
    }
}

fn version(number: LitInt) -> Result<LitInt> {
    match number.base10_parse::<u32>() {
        Ok(0) => Err(Error::new(number.span(), "versions start at 1; write `version = 1` or leave it out")),
        Ok(_) if number.suffix().is_empty() => Ok(number),
        _ => Err(Error::new(number.span(), "a version is a number from 1; write for example `version = 2`")),
    }
}

fn order(entry: &Entry<'_>) -> Result<Span> {
    let order: Ident = entry.value_or("global")?;
    if order == "global" {
        return Ok(entry.key.span());
    }
    let message =
        format!("`{order}` is no order; write `order = global`, or leave it out for the order of each stream");
    Err(Error::new(order.span(), message))
}

fn aggregates(entry: &Entry<'_>, mistakes: &mut Mistakes) -> Result<Vec<ListedPath>> {
    let before = mistakes.count();
    let aggregates = entry.items(mistakes, ListedPath::aggregate)?;
    if aggregates.is_empty() && mistakes.count() == before {
        let key = &entry.key;
        let message = format!("`{key}` names no aggregate; write those that hold the events, as in `{key}(Account)`");
        return Err(Error::new(key.span(), message));
    }
    Ok(aggregates)
}
