//! What is broken on purpose, for the tests to catch: stores, readers, and functions of the log.

pub(crate) mod altered;
pub(crate) mod broken;
pub(crate) mod lenient;
pub(crate) mod wasteful;
