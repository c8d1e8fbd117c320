//! The way to the server, and what goes over it.
//!
//! - `connection` opens one connection and sets it up, `driver` is its task, `tls` protects it, `checks` is what the server at
//!   its other end must be.
//! - `pool` lends connections to readers, and `shared` are those that all of them share.
//! - `error` is what any statement can meet, and `back_off` how long it is waited before the next try.
//! - `schema_name` puts the schema into SQL, and `types` are values on the wire.

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
