//! A bank on a real ledger: an example of all of `es`.
//!
//! # Layout
//! [`domain`] holds the account, its events and its decisions, and knows nothing of stores. [`ledger`] reads the rows,
//! [`import`] books them, [`overview`] and [`statement`] read the log, [`read_models`] are kept by projections.

pub mod domain;
pub mod import;
pub mod ledger;
pub mod overview;
pub mod read_models;
pub mod statement;
