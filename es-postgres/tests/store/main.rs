//! What is PostgreSQL's own business: the promises of every store are tested by `contract`.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod append;
mod busy;
mod checks;
mod closed;
mod commits;
mod crowded;
mod extremes;
mod fixture;
mod held;
mod large;
mod migrations;
mod pinned;
mod plans;
mod pools;
mod reading;
mod settings;
mod short_way;
mod snapshots;
mod subscriptions;
mod transactions;
mod wakes;
#[path = "../shared/warnings.rs"]
mod warnings;
