//! Tests the promises with broken stores: each promise fails for a store that breaks it, and each broken store is caught.

#![expect(clippy::unwrap_used, reason = "a broken store may panic; the matrix counts that as a broken promise")]
#![expect(clippy::too_many_lines, reason = "one match over all faults of an operation reads best")]
#![expect(clippy::needless_for_each, reason = "a fault is one line")]

mod append;
mod caught;
mod encoding;
mod fault;
mod keys;
mod matrix;
mod pages;
mod read;
mod read_models;
mod rewritten;
mod snapshots;
mod store;
mod subscribe;
