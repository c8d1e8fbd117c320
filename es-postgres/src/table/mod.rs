//! What projections write to: a transaction of the store.
//!
//! `tx` is the transaction as a projection sees it, with the statements that it has `pushed`; `statement` tells which SQL it may
//! send, `parameters` encodes what goes with it, and `place` is the schema of its tables. `session` is a connection that one
//! transaction has for itself, and `sessions` are those of a store. `claim` and `step` are the transactions, and `work` does what
//! the projection does in them.

mod claim;
pub(crate) mod error;
mod parameters;
mod place;
mod pushed;
mod session;
mod sessions;
mod statement;
mod step;
pub(crate) mod tx;
mod work;

pub(crate) use place::Place;
pub(crate) use sessions::Sessions;
