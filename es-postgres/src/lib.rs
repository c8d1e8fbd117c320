//! The store of `es` on PostgreSQL 13 or newer.
//!
//! # Layout
//! `store` and `builder` are what is public; `append` and `read` are the two operations, `migrate` the schema's
//! history, `connection` and `pool` the way to the server. SQL stands in files beside the code that sends it.

mod append;
mod builder;
mod checks;
mod commit;
mod connection;
mod error;
mod frontier;
mod hash;
mod head;
mod incarnation;
mod joined;
mod migrate;
mod open;
mod pool;
mod protection;
mod read;
mod schema_name;
mod snapshot;
mod store;
mod tls;
mod transaction;
mod wake;
mod wire;

pub use builder::PostgresBuilder;
pub use commit::CallersTransaction;
pub use error::PostgresError;
pub use protection::MissingProtection;
pub use store::PostgresStore;
pub use transaction::AppendStatement;
