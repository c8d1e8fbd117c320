//! Which events of the whole store to read.

use std::{borrow::Cow, collections::BTreeSet, ops::RangeInclusive};

use crate::{
    event::{Event, EventSet},
    store::{StreamId, limits::check_filter},
};

/// Which events of the whole store to read: by category, by event, by slice, or all.
///
/// Several categories, or several event names, are alternatives. An event must match the categories, the names and the
/// slices. A filter that no event can match, such as by a name with a NUL, is refused by every store with
/// [`ReadError::Filter`](crate::ReadError::Filter).
///
/// ```
/// # use es_core::{Filter, StreamId};
/// let filter = Filter::all().category("account").name("account.opened").name("account.closed");
/// assert!(filter.accepts(&StreamId::new("account", "1")?, "account.closed"));
/// assert!(!filter.accepts(&StreamId::new("loan", "1")?, "account.closed"));
/// # Ok::<(), es_core::LimitError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    categories: Texts,
    names: Texts,
    slices: Option<(u16, u16)>,
}

impl Filter {
    /// Every event.
    pub const fn all() -> Self {
        Self { categories: None, names: None, slices: None }
    }

    /// Every event of the set `S`: in the categories of its aggregates, under its current names, its aliases, and the names
    /// of the retired events that may become an event of the set.
    pub fn events<S: EventSet>() -> Self {
        let all = |texts: &'static [&'static str]| Some(texts.iter().copied().map(Cow::Borrowed).collect());
        Self { categories: all(S::CATEGORIES), names: all(S::NAMES), slices: None }
    }

    /// Adds events of this category.
    #[must_use]
    pub fn category(mut self, category: impl Into<Cow<'static, str>>) -> Self {
        self.categories.get_or_insert_default().insert(category.into());
        self
    }

    /// Adds events of type `E`, under its current name and its aliases.
    #[must_use]
    pub fn event<E: Event>(self) -> Self {
        E::SCHEMA.names().fold(self, Self::name)
    }

    /// Adds events stored under `name`, but not under its aliases; [`event`](Self::event) adds these too.
    #[must_use]
    pub fn name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.names.get_or_insert_default().insert(name.into());
        self
    }

    /// Only events of streams in these [slices](crate::StreamId::slice); a second call replaces the range. A store refuses a
    /// range that is empty or ends above the last slice, as it refuses any bad filter.
    ///
    /// ```
    /// # use es_core::{Filter, StreamId};
    /// let half = Filter::all().category("account").slices(512..=1023);
    /// assert!(half.accepts(&StreamId::new("account", "4711")?, "account.opened"), "its slice is 787");
    /// assert!(!half.slices(0..=511).accepts(&StreamId::new("account", "4711")?, "account.opened"));
    /// # Ok::<(), es_core::LimitError>(())
    /// ```
    #[must_use]
    pub fn slices(mut self, slices: RangeInclusive<u16>) -> Self {
        self.slices = Some(slices.into_inner());
        self
    }

    /// Accepts what both filters accept. If a store refuses one of them, it refuses the result.
    ///
    /// ```
    /// # use es_core::{Filter, StreamId};
    /// let accounts = Filter::all().category("account").category("loan").and(&Filter::all().category("account"));
    /// assert!(accounts.accepts(&StreamId::new("account", "1")?, "account.opened"));
    /// assert!(!accounts.accepts(&StreamId::new("loan", "1")?, "loan.granted"));
    ///
    /// let nothing = accounts.and(&Filter::all().category("customer"));
    /// assert!(!nothing.accepts(&StreamId::new("customer", "1")?, "customer.registered"));
    /// # Ok::<(), es_core::LimitError>(())
    /// ```
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        if check_filter(&self).is_err() {
            return self;
        }
        if check_filter(other).is_err() {
            return other.clone();
        }
        let names = both(self.names, &other.names);
        let mut categories = both(self.categories, &other.categories);
        let mut slices = self.slices.or(other.slices);
        if let (Some((first, last)), Some((from, to))) = (self.slices, other.slices) {
            slices = Some((first.max(from), last.min(to)));
            if first > to || from > last {
                // No slice is in both ranges. A range cannot be empty, so an empty set of categories accepts nothing.
                (categories, slices) = (Some(BTreeSet::new()), None);
            }
        }
        Self { categories, names, slices }
    }

    /// Accepts at least what one of both filters accepts, and no category, name or slice that neither has: a reader for several
    /// consumers asks for it, and gives each what its own filter accepts.
    pub(crate) fn or(self, other: &Self) -> Self {
        let slices = match (self.slices, other.slices) {
            (Some((first, last)), Some((from, to))) => Some((first.min(from), last.max(to))),
            _ => None,
        };
        Self { categories: either(self.categories, &other.categories), names: either(self.names, &other.names), slices }
    }

    /// The first and the last slice to read, or `None` for all.
    pub const fn slice_range(&self) -> Option<(u16, u16)> {
        self.slices
    }

    /// The categories to read, or `None` for all.
    pub fn categories(&self) -> Option<impl ExactSizeIterator<Item = &str>> {
        self.categories.as_ref().map(|categories| categories.iter().map(AsRef::as_ref))
    }

    /// The names to read, or `None` for all.
    pub fn names(&self) -> Option<impl ExactSizeIterator<Item = &str>> {
        self.names.as_ref().map(|names| names.iter().map(AsRef::as_ref))
    }

    /// Whether an event of `stream` stored under `name` is to be read.
    pub fn accepts(&self, stream: &StreamId, name: &str) -> bool {
        self.categories.as_ref().is_none_or(|categories| categories.contains(stream.category()))
            && self.names.as_ref().is_none_or(|names| names.contains(name))
            && self.slices.is_none_or(|(first, last)| (first..=last).contains(&stream.slice()))
    }
}

type Texts = Option<BTreeSet<Cow<'static, str>>>;

/// The texts in one of the sets; `None` is the set of all texts.
fn either(one: Texts, other: &Texts) -> Texts {
    Some(one?.union(other.as_ref()?).cloned().collect())
}

/// The texts in both sets; `None` is the set of all texts.
fn both(one: Texts, other: &Texts) -> Texts {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.intersection(other).cloned().collect()),
        (one, other) => one.or_else(|| other.clone()),
    }
}
