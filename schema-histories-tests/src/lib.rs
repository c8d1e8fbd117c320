//! Two hundred events with random histories, compiled.
//!
//! `build.rs` prints them with the crate `schema-histories`; the tests compare what `derive(Event)` reads with its reference.
//! `HISTORIES_SEED` draws others.

pub mod words;

#[allow(
    missing_docs,
    missing_debug_implementations,
    unused_qualifications,
    unused_variables,
    clippy::all,
    clippy::pedantic,
    reason = "nobody wrote it"
)]
pub mod generated {
    //! The events, as `build.rs` printed them.

    use es_core::{Aggregate, Apply, Event, EventSet};
    use serde::{Deserialize, Serialize};

    use crate::words;

    include!(concat!(env!("OUT_DIR"), "/histories.rs"));
}

/// The seed of the histories.
pub const SEED: &str = env!("HISTORIES_SEED");
/// The number of histories.
pub const COUNT: &str = env!("HISTORIES_COUNT");
