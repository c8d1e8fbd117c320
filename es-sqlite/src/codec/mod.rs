//! The room of the rows: what a row of `events` says, and whether that is what was written.

pub(crate) mod checksum;
pub(crate) mod kinds;
pub(crate) mod row;
