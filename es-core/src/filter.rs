//! Which events of the whole store to read.

use std::{borrow::Cow, collections::BTreeSet};

use crate::{Event, EventSet};

/// Which events of the whole store to read: by category, by event, or all.
///
/// What is named several times widens; categories and events together narrow. What no event can have, such as a name
/// with a NUL, is refused by every store with [`ReadError::Filter`](crate::ReadError::Filter).
///
/// ```
/// # use es_core::Filter;
/// let filter = Filter::all().category("account").name("account.opened").name("account.closed");
/// assert!(filter.accepts("account", "account.closed"));
/// assert!(!filter.accepts("loan", "account.closed"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    categories: Option<BTreeSet<Cow<'static, str>>>,
    names: Option<BTreeSet<Cow<'static, str>>>,
}

impl Filter {
    /// Every event.
    pub const fn all() -> Self {
        Self { categories: None, names: None }
    }

    /// Every event of the set `S`: in the categories of its aggregates, under its names of today, its aliases, and the
    /// names of the retired events that may have become one of its own.
    pub fn events<S: EventSet>() -> Self {
        let all = |texts: &'static [&'static str]| Some(texts.iter().copied().map(Cow::Borrowed).collect());
        Self { categories: all(S::CATEGORIES), names: all(S::NAMES) }
    }

    /// Events of this category, too.
    #[must_use]
    pub fn category(mut self, category: impl Into<Cow<'static, str>>) -> Self {
        self.categories.get_or_insert_default().insert(category.into());
        self
    }

    /// Events of type `E`, too: under its name of today and its aliases.
    #[must_use]
    pub fn event<E: Event>(self) -> Self {
        E::SCHEMA.names().fold(self, Self::name)
    }

    /// Events stored under `name`, too; it says nothing of aliases, [`event`](Self::event) does.
    #[must_use]
    pub fn name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.names.get_or_insert_default().insert(name.into());
        self
    }

    /// The categories to read, or `None` for all.
    pub fn categories(&self) -> Option<impl ExactSizeIterator<Item = &str>> {
        self.categories.as_ref().map(|categories| categories.iter().map(AsRef::as_ref))
    }

    /// The names to read, or `None` for all.
    pub fn names(&self) -> Option<impl ExactSizeIterator<Item = &str>> {
        self.names.as_ref().map(|names| names.iter().map(AsRef::as_ref))
    }

    /// Whether an event of `category` stored under `name` is to be read.
    pub fn accepts(&self, category: &str, name: &str) -> bool {
        self.categories.as_ref().is_none_or(|categories| categories.contains(category))
            && self.names.as_ref().is_none_or(|names| names.contains(name))
    }
}
