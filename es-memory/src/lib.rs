//! The store of `es` in memory: for tests, examples, and logs that may end with the process.
//!
//! It keeps encoded events, so what does not survive serde fails here too. Clones of a [`MemoryStore`] share one log.
//!
//! ```
//! # use es_memory::MemoryStore;
//! let store = MemoryStore::new();
//! let the_same_log = store.clone();
//! ```
//!
//! # Layout
//! `store` is what is public, `log` the events and their indexes, `chunks` the events alone, `append` the verdict on
//! an append, `read` and `pages` what readers are given, `snapshots` what events were folded to, `shared` what clones and
//! readers share.

mod append;
mod chunks;
mod log;
mod pages;
mod read;
mod shared;
mod snapshots;
mod store;

pub use store::MemoryStore;
