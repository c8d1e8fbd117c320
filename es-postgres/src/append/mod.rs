//! Appending: one call of the SQL function, whatever the number of appends.
//!
//! `columns` turns appends into parameters, `verdict` turns the answer into what each append hears, `statement` sends
//! it, `mark` finds who works on it, `writer` coalesces what waits, `group` makes one of several to one stream, `attempt` keeps at it when connections break.

pub(crate) mod attempt;
pub(crate) mod columns;
pub(crate) mod commit;
mod group;
pub(crate) mod joined;
mod lock_order;
mod mark;
pub(crate) mod statement;
pub(crate) mod transaction;
pub(crate) mod verdict;
pub(crate) mod writer;
