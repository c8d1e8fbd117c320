//! The room of the tables of projections: where they are, and what a projection may do in a transaction of the store.
//!
//! It imports `error`.

pub(crate) mod guard;
pub(crate) mod place;
pub(crate) mod tx;
