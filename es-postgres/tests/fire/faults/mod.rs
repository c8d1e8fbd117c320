//! What is broken on purpose, for the tests to catch: stores, readers, and functions of the log.

pub(crate) mod altered_sql;
pub(crate) mod faulty_store;
pub(crate) mod lenient_reader;
pub(crate) mod wasteful_store;
