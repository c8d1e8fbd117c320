//! A crate that denies every lint hears nothing of generated code.

#![deny(warnings, missing_docs, unreachable_pub, unused_qualifications, unnameable_types, unused_results)]
#![deny(rust_2018_idioms, single_use_lifetimes, trivial_casts, unused_lifetimes, variant_size_differences)]

use es::Event;
use serde::{Deserialize, Serialize};

/// What it was.
pub mod before {
    use super::*;

    /// A fact.
    #[derive(Event, Clone, Debug, Serialize, Deserialize)]
    #[event(name = "account.opened")]
    pub struct Opened;
}

/// A fact.
#[derive(Event, Clone, Debug, Serialize, Deserialize)]
#[event(name = "account.opened", version = 4, previous = before::Opened)]
#[event(removed(in = 3, name = "Old Note", type = String))]
pub struct Opened {
    /// Who.
    #[event(renamed(in = 4, from = "OWNER"))]
    pub owner: String,
    /// How much.
    #[event(added(in = 3, default = 7), changed(in = 4, from = u8, with = u32::from))]
    pub limit: u32,
}

impl From<before::Opened> for Opened {
    fn from(_: before::Opened) -> Self {
        Self { owner: String::new(), limit: 0 }
    }
}

fn main() {
    drop(Opened::decode(es::SchemaVersion::FIRST, b"null").unwrap());
}
