//! The store of `es` in memory: for tests, examples, and logs that may end with the process.
//!
//! It keeps encoded events, so an event that does not survive serde fails here too. Clones of a [`MemoryStore`] share one log.
//!
//! ```
//! # use es_memory::MemoryStore;
//! let store = MemoryStore::new();
//! let the_same_log = store.clone();
//! ```
//!
//! # Layout
//! `store` is the public store, `log` the events and their indexes, `chunks` the list of events, `append` decides on and executes
//! appends, `read` reads streams, `pages` reads the whole log, `snapshots` keeps snapshots, `read_models` keeps read
//! models, `shared` is the state that clones and readers share.

mod append;
mod chunks;
mod log;
mod pages;
mod read;
mod read_models;
mod shared;
mod snapshots;
mod store;

pub use store::MemoryStore;
