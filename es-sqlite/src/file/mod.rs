//! The room of the file: opens it, checks what is in it, and knows whether it is still the same one.

pub(crate) mod connection;
pub(crate) mod error;
pub(crate) mod identity;
pub(crate) mod incarnation;
pub(crate) mod migrate;
mod network;
pub(crate) mod open;
pub(crate) mod synchronous;
pub(crate) mod verify;
pub(crate) mod wal;
pub(crate) mod wal_base;
pub(crate) mod write_lock;
