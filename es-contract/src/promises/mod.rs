//! The promises, one module for each family.

pub mod append_and_read;
pub mod busy;
pub mod cancellation;
pub mod checkpoints;
pub mod concurrency;
pub mod durability;
pub mod expected_versions;
pub mod fields;
pub mod global_order;
pub mod idempotence;
pub mod keys;
pub mod limits;
pub mod memory_use;
pub mod pages;
pub(crate) mod race;
pub mod read_models;
pub mod reading_ahead;
pub mod sample;
pub mod several_streams;
pub mod slices;
pub mod snapshots;
pub(crate) mod subject;
pub mod subscriptions;

pub use sample::Sample;
pub(crate) use subject::{Subject, conflict, ensure, ensure_eq, note, notes};
