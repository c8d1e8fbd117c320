//! The room of appends: one thread writes, and takes all appends that wait in one transaction. It also writes snapshots and read
//! models.

pub(crate) mod batch_limits;
pub(crate) mod execute;
pub(crate) mod found;
mod job;
pub(crate) mod queue;
pub(crate) mod read_models;
pub(crate) mod snapshots;
pub(crate) mod tables;
pub(crate) mod transaction;
pub(crate) mod writer;
