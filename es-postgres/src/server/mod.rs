//! Connections to the server, and what every statement needs.
//!
//! - `connection` opens and sets up one connection, `driver` is the task that drives it, `tls` encrypts it, and `checks`
//!   refuses a server that would lose or hide events.
//! - `pool` lends connections to readers, and `shared_connections` are the few that all readers share.
//! - `error` is the error of any statement, and `back_off` the pauses between retries.
//! - `schema_name` puts the schema's name into SQL, and `types` converts values to and from SQL types.

pub(crate) mod back_off;
pub(crate) mod checks;
pub(crate) mod connection;
pub(crate) mod driver;
pub(crate) mod error;
pub(crate) mod pool;
pub(crate) mod schema_name;
pub(crate) mod shared_connections;
pub(crate) mod tls;
pub(crate) mod types;
