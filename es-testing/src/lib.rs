//! For tests of applications: given/when/then for aggregates, given/then for views, and a store that fails on purpose.
//!
//! # Layout
//! `scenario` is given, when and then for an aggregate, `view_scenario` given and then for a view, `difference` what both show, `faulty` a store that fails on purpose, `drop_after` a future that is dropped half
//! way.

mod difference;
mod drop_after;
mod faulty;
mod scenario;
mod view_scenario;

pub use drop_after::DropAfter;
pub use faulty::FaultyStore;
pub use scenario::{Decision, Scenario, scenario};
pub use view_scenario::{ViewScenario, view_scenario};
