//! For tests of applications: given/when/then for aggregates, stored payloads, and a store that fails on purpose.
//!
//! # Layout
//! `scenario` is given, when and then, `corpus` stored payloads beside what they are today, `faulty` a store that fails on
//! purpose, `drop_after` a future that is dropped half way.

#[path = "../../es-schema/src/corpus/mod.rs"]
pub mod corpus;
mod drop_after;
mod faulty;
mod scenario;

pub use corpus::Corpus;
pub use drop_after::DropAfter;
pub use faulty::FaultyStore;
pub use scenario::{Outcome, Scenario, scenario};
