//! The store of `es` in one SQLite file: durable, without a server, and shared by several programs on one computer.
//!
//! ```no_run
//! # use es_sqlite::{SqliteOpenError, SqliteStore};
//! # async fn example() -> Result<(), SqliteOpenError> {
//! let store = SqliteStore::open("bank.db").await?;
//! # Ok(())
//! # }
//! ```
//!
//! Applications take it by the feature `sqlite` of `es`, whose guide says how to operate it: backups, restores, what other
//! programs may do with the file.
//!
//! It runs on Unix. Beside the file stand `bank.db-wal` and `bank.db-shm`, which belong to SQLite, and `bank.db-lock`, on which
//! the writers of several programs wait for their turn.
//!
//! # Features
//! - `bundled` (default): builds SQLite 3.51.3. Without it the system's library is linked; [`SqliteStore::open`] refuses one
//!   that is older.
//!
//! # Layout
//! `store` is the public store and `read_models` its read models, `shared` what its clones share, and `builder` its settings. `codec` decodes rows and their
//! checksums. `file` opens the file and knows its incarnations; `read` has the threads that read, `append` the one that writes.
//! `table` is what projections write to, which `tables` lets them do. `wake` wakes those who wait, `backup` copies the log, and `asides` counts backups and the like while they run.

#[cfg(not(unix))]
compile_error!("es-sqlite runs on Unix: it recognises a file by its device and inode");

mod append;
mod asides;
mod backup;
mod builder;
mod codec;
mod error;
mod file;
mod read;
mod read_models;
mod shared;
mod store;
mod table;
mod tables;
mod url;
mod wake;

pub use append::{batch_limits::BatchLimits, transaction::SqliteTransactionError};
pub use backup::SqliteBackupError;
pub use builder::SqliteBuilder;
pub use error::SqliteError;
pub use file::{error::SqliteOpenError, migrate::SqliteMigrateError, synchronous::Synchronous, verify::Verification};
/// The driver, for connections of your own: of the version whose transactions [`SqliteStore::append_in`] takes.
pub use rusqlite;
pub use store::SqliteStore;
pub use table::tx::{SqliteTx, SqliteTxError};
pub use url::SqliteUrlError;
