//! What a lock holds: which events a stream can hold, and every shape they ever had.

use std::collections::{BTreeMap, BTreeSet};

/// Everything that is promised to stay readable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Contents {
    /// By category, the names of the events of its streams.
    pub(super) streams: BTreeMap<String, BTreeMap<String, Standing>>,
    /// By name.
    pub(super) events: BTreeMap<String, History>,
    /// By name, the deep schemas of the types inside the payloads. Several when types of different modules share a
    /// name.
    pub(super) types: BTreeMap<String, BTreeSet<Vec<String>>>,
}

/// Whether an event is still written to a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Written,
    Retired,
}

/// What an event was in each of its schema versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct History {
    /// Names it was stored under before, each with the last schema version stored under it.
    pub(super) aliases: BTreeMap<String, u32>,
    /// By schema version, from 1 without a gap.
    pub(super) layouts: BTreeMap<u32, Layout>,
}

impl History {
    /// The newest schema version.
    pub(super) fn newest(&self) -> u32 {
        self.layouts.last_key_value().map_or(0, |(&version, _)| version)
    }

    /// The newest schema version and its shape.
    pub(super) fn summary(&self) -> String {
        self.layouts.last_key_value().map(|(version, layout)| format!("{version}: {layout}")).unwrap_or_default()
    }
}

/// How a payload is laid out in one schema version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// An object.
    Named(Named),
    /// An array.
    Tuple(Vec<Entry>),
    /// The value of the only field.
    Newtype(Entry),
    /// What another type makes of it: `serde(from = "…")`.
    As(String),
    /// `null`.
    Unit,
    /// Nothing is known: the event was written by hand and describes no shape.
    NotDescribed,
}

/// The fields of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Named {
    /// By stored key.
    pub(super) keyed: BTreeMap<String, Entry>,
    /// Those whose keys stand among the others, sorted. Their own names are stored nowhere.
    pub(super) flattened: Vec<Entry>,
}

/// A field of a layout.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    /// The type, as written in the source.
    pub(super) ty: String,
    /// Whether it may be absent.
    pub(super) optional: bool,
    /// The path of `serde(with = "…")`.
    pub(super) with: Option<String>,
    /// Other keys it is read from.
    pub(super) aliases: BTreeSet<String>,
}
