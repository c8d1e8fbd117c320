//! For tests of applications: given/when/then for aggregates, given/then for views and rows by key, and a store that fails on purpose.
//!
//! # Layout
//! `scenario` is given, when and then for an aggregate, `view_scenario` given and then for a view and
//! `row_scenario` for rows by key, `given` the events that both are given, `difference` what all of them show, `faulty` a store that
//! fails on purpose, `drop_after` a future that is dropped half way.

mod difference;
mod drop_after;
mod faulty;
mod given;
mod row_scenario;
mod scenario;
mod view_scenario;

pub use drop_after::DropAfter;
pub use faulty::FaultyStore;
pub use row_scenario::{RowScenario, row_scenario};
pub use scenario::{Decision, Scenario, scenario};
pub use view_scenario::{ViewScenario, view_scenario};
