//! Subscribing: one task follows the log for all who wait.

pub(crate) mod head;
pub(crate) mod notify;
