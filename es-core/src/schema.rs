//! What is known of an event's stored shapes: schema versions, aliases, fields.

use std::{fmt, num::NonZeroU32};

use serde::{Deserialize, Serialize};

/// Which shape of an event's payload was stored: 1, 2, 3 …
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SchemaVersion(NonZeroU32);

impl SchemaVersion {
    /// The first.
    pub const FIRST: Self = Self(NonZeroU32::MIN);

    /// The schema version `number`, or `None` for 0, which cannot be said.
    pub const fn new(number: u32) -> Option<Self> {
        match NonZeroU32::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Display for SchemaVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Every shape an event ever had, as `derive(Event)` writes it.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// The name the event is stored under.
    pub name: &'static str,
    /// The schema version of today's type.
    pub version: SchemaVersion,
    /// Names it was stored under before.
    pub aliases: &'static [Alias],
}

/// A name an event was stored under before.
#[derive(Clone, Copy, Debug)]
pub struct Alias {
    /// The name.
    pub name: &'static str,
    /// The last schema version that was stored under it.
    pub up_to: SchemaVersion,
}
