//! The promises are themselves held to account: each fails for a store that breaks it, and each such store is caught.

#![expect(clippy::unwrap_used, reason = "a broken store may panic; the matrix takes that for broken")]
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
mod rewritten;
mod snapshots;
mod store;
mod subscribe;
