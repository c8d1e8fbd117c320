//! The store of `es` on PostgreSQL 13 or newer.
//!
//! ```no_run
//! # async fn example() -> Result<(), es_postgres::PostgresConnectError> {
//! let store = es_postgres::PostgresStore::connect("postgres://localhost/bank").await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Layout
//! `store` and `builder` have the public types. `append`, `read` and `subscribe` are the operations; `snapshot` stores
//! snapshots, `read_model` keeps read models, `table` is what projections write to, which `tables` lets them do, `migrate` runs migrations, `checks` refuses a log that would hide events,
//! `protection` sets up least privilege, and `server` opens connections. The error of an operation is beside the operation, that of opening a store in `error`. SQL
//! is in files beside the code that sends it.

mod append;
mod builder;
mod checks;
mod error;
mod migrate;
mod protection;
mod read;
mod read_model;
mod server;
mod snapshot;
mod store;
mod subscribe;
mod table;
mod tables;

pub use append::batch_limits::BatchLimits;
pub use append::commit::{CallersTransaction, PostgresCommitError};
pub use append::error::PostgresAppendError;
pub use append::transaction::AppendStatement;
pub use builder::PostgresBuilder;
pub use error::PostgresConnectError;
pub use migrate::PostgresMigrateError;
pub use protection::{MissingProtection, PostgresProtectionError};
pub use read::error::PostgresReadError;
pub use read_model::error::PostgresReadModelError;
pub use server::checks::PostgresUnfitError;
pub use server::error::PostgresError;
pub use server::schema_name::PostgresSchemaNameError;
pub use server::tls::PostgresUrlError;
pub use snapshot::PostgresSnapshotError;
pub use store::PostgresStore;
pub use table::{error::PostgresTxError, tx::PostgresTx};
