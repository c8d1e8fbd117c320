//! Appending: one call of the SQL function, whatever the number of appends.
//!
//! - `columns` turns appends into parameters, `statement` sends them, `verdict` turns the answer into what each append
//!   hears.
//! - `attempt` keeps at it when connections break, and `mark` finds the server's process that works on a lost append.
//! - `writer` sends together what waits: `job` is one append, `group` several to one stream, `lanes` those that go by
//!   themselves.
//! - `transaction` appends inside a transaction of the caller's, `commit` ends it, `joined` looks for its end.

pub(crate) mod attempt;
pub(crate) mod columns;
pub(crate) mod commit;
pub(crate) mod error;
mod group;
mod job;
pub(crate) mod joined;
mod lanes;
mod mark;
pub(crate) mod statement;
pub(crate) mod transaction;
pub(crate) mod verdict;
pub(crate) mod writer;
