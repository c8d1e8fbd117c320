//! The store of `es` on PostgreSQL 13 or newer.
//!
//! # Layout
//! `store` and `builder` are what is public; `append`, `read` and `subscribe` are the operations, `migrate` the schema's
//! history, `server` the way to the server. SQL stands in files beside the code that sends it.

mod append;
mod builder;
mod checks;
mod migrate;
mod protection;
mod read;
mod server;
mod snapshot;
mod store;
mod subscribe;

pub use append::commit::CallersTransaction;
pub use append::transaction::AppendStatement;
pub use builder::PostgresBuilder;
pub use protection::MissingProtection;
pub use server::error::PostgresError;
pub use store::PostgresStore;
