//! Seats of a conference: many at once want the last ones.
//!
//! # Layout
//! [`conference`] is the aggregate and knows nothing of stores; [`rush`] is many tasks at once.

pub mod conference;
pub mod rush;
