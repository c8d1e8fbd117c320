//! Behaviour that is specific to PostgreSQL; the test `contract` covers the promises of every store.

#![expect(clippy::unwrap_used, reason = "a failed `unwrap` fails the test")]

mod append;
mod builder_settings;
mod caller_transactions;
mod closed;
mod error_kinds;
mod extreme_settings;
mod failed_commits;
mod fast_path;
mod fixture;
mod held_stream_latency;
mod migrations;
mod notifications;
mod plans;
mod pools;
mod read_models;
mod reading;
mod server_settings;
mod size_limits;
mod snapshots;
mod startup_checks;
mod subscriptions;
mod tables;
mod too_many_connections;
#[path = "../shared/warnings.rs"]
mod warnings;
