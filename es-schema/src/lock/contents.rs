//! The contents of a lock as data: the events that each stream can hold, and every shape they ever had.
//!
//! [`Lock::contents`](crate::Lock::contents) reads a file, and [`Contents`] is read from its text by `parse`; its `Display`
//! writes that text.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use super::{json_type::RootType, types::DefinitionTable};

/// Everything that is promised to stay readable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Contents {
    /// By category, the names of the events of its streams.
    pub streams: BTreeMap<String, BTreeMap<String, Standing>>,
    /// By name.
    pub events: BTreeMap<String, History>,
    /// By category, its ids.
    pub ids: BTreeMap<String, Id>,
}

impl Contents {
    /// The named types that [`Entry::accepts`] refers to: by name, the lines of their sections in the text.
    pub fn types(&self) -> BTreeMap<String, Vec<String>> {
        let mut table = DefinitionTable::default();
        for history in self.events.values() {
            table.lines(history);
        }
        table.definitions.iter().map(|(name, node)| (name.clone(), node.lines())).collect()
    }
}

/// A line that is not a line of a lock.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is not a line of a lock: {what}")]
#[non_exhaustive]
pub struct Unreadable {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: &'static str,
}

/// The ids of a category.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Id {
    /// The type, as written in the source.
    pub ty: String,
    /// What each sample prints as, or `None` if it is refused. The list is absent for ids that are not read from text.
    pub prints: Option<Vec<Option<String>>>,
}

/// Whether an event is still written to a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standing {
    /// It is written.
    Written,
    /// It is only read.
    Retired,
}

/// The shapes of an event in each of its schema versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct History {
    /// Its former names, each with the last schema version that was stored under it.
    pub aliases: BTreeMap<String, u32>,
    /// By schema version, from 1 without a gap.
    pub layouts: BTreeMap<u32, Layout>,
    /// The serde attributes on the struct that change how payloads are read, by the last schema version that they hold for.
    pub words: BTreeMap<u32, BTreeSet<String>>,
}

/// The last schema version of something that still holds.
pub(super) const OPEN: u32 = u32::MAX;

impl History {
    /// The newest schema version.
    pub(super) fn newest(&self) -> u32 {
        self.layouts.last_key_value().map_or(0, |(&version, _)| version)
    }

    /// The serde attributes on the struct in schema version `version`.
    pub(super) fn words(&self, version: u32) -> BTreeSet<String> {
        self.words.range(version..).next().map(|(_, words)| words.clone()).unwrap_or_default()
    }

    /// The newest schema version and its shape.
    pub(super) fn summary(&self) -> String {
        self.layouts.last_key_value().map(|(version, layout)| format!("{version}: {layout}")).unwrap_or_default()
    }
}

/// How a payload is laid out in one schema version.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Layout {
    /// An object.
    Named(Named),
    /// An array.
    Tuple(Vec<Entry>),
    /// The value of the only field.
    Newtype(Entry),
    /// The payload of another type: `serde(from = "…")`.
    As(Entry),
    /// `null`.
    Unit,
    /// Nothing is known: the event was written by hand and describes no shape.
    NotDescribed,
}

impl Layout {
    /// Every entry.
    pub(super) fn entries(&self) -> Vec<&Entry> {
        match self {
            Self::Named(named) => named.keyed.values().chain(&named.flattened).collect(),
            Self::Tuple(entries) => entries.iter().collect(),
            Self::Newtype(entry) | Self::As(entry) => vec![entry],
            Self::Unit | Self::NotDescribed => Vec::new(),
        }
    }

    /// Lets `each` change every entry.
    pub(super) fn each_entry(&mut self, mut each: impl FnMut(&mut Entry)) {
        match self {
            Self::Named(named) => named.keyed.values_mut().chain(&mut named.flattened).for_each(each),
            Self::Tuple(entries) => entries.iter_mut().for_each(each),
            Self::Newtype(entry) | Self::As(entry) => each(entry),
            Self::Unit | Self::NotDescribed => {}
        }
    }
}

/// The fields of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Named {
    /// By stored key.
    pub keyed: BTreeMap<String, Entry>,
    /// The flattened fields, sorted. Their own names are not stored.
    pub flattened: Vec<Entry>,
}

/// A field of a layout.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Entry {
    /// The type, as written in the source.
    pub ty: String,
    /// Whether it may be absent.
    pub optional: bool,
    /// The path of `serde(with = "…")`.
    pub with: Option<String>,
    /// Other keys it is read from.
    pub aliases: BTreeSet<String>,
    /// What it accepts, if that is known.
    pub(super) accepted: AcceptedType,
}

impl Entry {
    /// What the field accepts, as in the `where` line of the text; `None` if there is no such line.
    ///
    /// ```
    /// # use es_schema::contents::{Contents, Layout};
    /// let lock: Contents = "
    /// event account.deposited
    ///   1: amount: Money
    ///   where Money is @Money
    ///
    /// type Money
    ///   cents: int64
    /// "
    /// .parse()?;
    /// let Layout::Named(named) = &lock.events["account.deposited"].layouts[&1] else { unreachable!() };
    /// assert_eq!(named.keyed["amount"].accepts().as_deref(), Some("@Money"));
    /// assert_eq!(lock.types()["Money"], ["cents: int64"]);
    /// # Ok::<(), es_schema::contents::Unreadable>(())
    /// ```
    pub fn accepts(&self) -> Option<String> {
        self.accepted.0.as_ref().map(|root| root.node.to_string())
    }

    /// The key of its `where` line: the type, and the function that reads it.
    pub(super) fn key(&self) -> String {
        match &self.with {
            Some(path) => format!("{} (with {path})", self.ty),
            None => self.ty.clone(),
        }
    }
}

/// What an entry accepts. It does not count for the equality of entries; it is compared on its own.
#[derive(Clone, Debug, Default)]
pub(super) struct AcceptedType(pub(super) Option<Rc<RootType>>);

impl PartialEq for AcceptedType {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for AcceptedType {}

impl PartialOrd for AcceptedType {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for AcceptedType {
    fn cmp(&self, _: &Self) -> Ordering {
        Ordering::Equal
    }
}
