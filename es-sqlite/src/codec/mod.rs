//! The room of the rows: what a row of the tables says, and whether that is what was written.

pub(crate) mod checksum;
pub(crate) mod kinds;
pub(crate) mod read_models;
pub(crate) mod row;
