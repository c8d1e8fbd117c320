//! For tests of applications: given/when/then for aggregates, and a store that fails on purpose.
//!
//! # Layout
//! `scenario` is given, when and then, `faulty` a store that fails on purpose, `drop_after` a future that is dropped half
//! way.

mod drop_after;
mod faulty;
mod scenario;

pub use drop_after::DropAfter;
pub use faulty::FaultyStore;
pub use scenario::{Decision, Scenario, scenario};
