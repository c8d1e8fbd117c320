//! The room of appends: one thread writes, and takes all appends that wait in one transaction.

pub(crate) mod batch_limits;
pub(crate) mod execute;
pub(crate) mod found;
mod job;
pub(crate) mod queue;
pub(crate) mod snapshots;
pub(crate) mod transaction;
pub(crate) mod writer;
