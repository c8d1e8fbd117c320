//! Describes the stored shapes of events as `derive(Event)` knows them: schema versions, aliases and fields. The schema
//! lock, a test-time tool in the crate `es-schema`, compares a program with a committed description.

use std::{fmt, num::NonZeroU32};

use serde::{Deserialize, Serialize};

use crate::event::May;

mod id;
mod probe;
mod shape;
#[cfg(feature = "schema")]
#[doc(hidden)]
pub mod trace;

pub use id::{ID_SAMPLES, IdSchema};
#[doc(hidden)]
pub use id::{IdProbe, NotParsed};
pub use probe::Probed;
#[doc(hidden)]
pub use probe::{NotRead, Probe, WithoutJsonSchema};
/// The crate whose `JsonSchema` types inside payloads derive, for `#[schemars(crate = "es::schema::schemars")]`.
#[cfg(feature = "schema")]
#[doc(no_inline)]
pub use schemars;
pub use shape::{Field, Form, Presence, Shape};

/// Which shape of an event's payload was stored: 1, 2, 3 …
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SchemaVersion(NonZeroU32);

impl SchemaVersion {
    /// The first schema version.
    pub const FIRST: Self = Self(NonZeroU32::MIN);

    /// The schema version `number`, or `None` for 0.
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
    pub schema_version: SchemaVersion,
    /// The names it was stored under before.
    pub aliases: &'static [Alias],
    /// The shapes that today's type declares, oldest first; the schema versions rise by one.
    pub shapes: &'static [Shape],
    /// The schema of the `previous` type, which has the older schema versions.
    pub previous: Option<&'static Schema>,
    /// Passes each type of a field, as written in the source, with its probe. The type of a field with a `with` of its own is
    /// followed by that, as in `i64 (with cents)`. A serde attribute of the struct that changes how payloads are read is
    /// passed as `serde deny_unknown_fields`.
    pub types: fn(&mut dyn FnMut(&'static str, Option<Probed>)),
}

/// A name an event was stored under before.
#[derive(Clone, Copy, Debug)]
pub struct Alias {
    /// The name.
    pub name: &'static str,
    /// The last schema version that was stored under it.
    pub up_to: SchemaVersion,
}

/// An event that the streams of an aggregate can hold.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// Its shapes.
    pub schema: &'static Schema,
    /// Whether it is retired: still read, no longer written.
    pub retired: bool,
    /// The events that it may become: itself, by its index among the members, or the successors of a retired event.
    pub becomes: May,
}

impl Schema {
    /// The shape that `schema_version` has, if this event ever had it.
    pub fn shape(&self, schema_version: SchemaVersion) -> Option<&'static Shape> {
        let declared = self.shapes.iter().find(|shape| shape.schema_version == schema_version);
        declared.or_else(|| self.previous.and_then(|previous| previous.shape(schema_version)))
    }

    /// Every name it was ever stored under: its own, its aliases, and those of its `previous` types.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        let older = std::iter::successors(self.previous, |schema| schema.previous);
        let aliases = self.aliases.iter().chain(older.flat_map(|schema| schema.aliases));
        std::iter::once(self.name).chain(aliases.map(|alias| alias.name))
    }
}
