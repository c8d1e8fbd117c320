//! Seats of a conference: many tasks book the last ones concurrently.
//!
//! # Layout
//! [`conference`] is the aggregate and knows nothing of stores; [`rush`] is many tasks at once.

pub mod conference;
pub mod rush;
