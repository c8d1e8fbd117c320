//! Orders of a shop: a state machine in types, compensation, and a decision on two aggregates.
//!
//! # Layout
//! [`customer`] and [`order`] are the aggregates and know nothing of stores; [`shop`] is what a program calls.

pub mod customer;
pub mod order;
pub mod shop;
