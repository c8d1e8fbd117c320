//! The store of `es` on PostgreSQL 13 or newer.
//!
//! # Layout
//! `store` and `builder` are what is public; `append`, `read` and `subscribe` are the operations, `migrate` the schema's
//! history, `checks` what a log must be, `protection` least privilege, `server` the way to the server. An error is named for its
//! operation and stands beside it, that of opening a store in `error`. SQL stands in files beside the code that sends it.

mod append;
mod builder;
mod checks;
mod error;
mod migrate;
mod protection;
mod read;
mod server;
mod snapshot;
mod store;
mod subscribe;

pub use append::commit::{CallersTransaction, PostgresCommitError};
pub use append::error::PostgresAppendError;
pub use append::transaction::AppendStatement;
pub use builder::PostgresBuilder;
pub use error::PostgresConnectError;
pub use migrate::PostgresMigrateError;
pub use protection::MissingProtection;
pub use read::error::PostgresReadError;
pub use server::checks::PostgresUnfitError;
pub use server::error::PostgresError;
pub use server::schema_name::PostgresSchemaNameError;
pub use server::tls::PostgresUrlError;
pub use store::PostgresStore;
