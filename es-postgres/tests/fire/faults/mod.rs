//! Stores, readers and SQL functions with deliberate faults, which the tests must catch.

pub(crate) mod altered_sql;
pub(crate) mod faulty_store;
pub(crate) mod lenient_reader;
pub(crate) mod wasteful_store;
