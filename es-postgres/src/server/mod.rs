//! The way to the server: one connection, the pool, TLS, and the types of SQL.

pub(crate) mod back_off;
pub(crate) mod checks;
pub(crate) mod connection;
pub(crate) mod driver;
pub(crate) mod error;
pub(crate) mod pool;
pub(crate) mod schema_name;
pub(crate) mod shared;
pub(crate) mod tls;
pub(crate) mod types;
