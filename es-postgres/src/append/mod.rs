//! Appending: one call of the SQL function `append` sends any number of appends.
//!
//! - `columns` turns appends into the function's parameters, `statement` sends them, `verdict` reads the outcome of each
//!   append from the answer.
//! - `attempt` retries when connections break, and `session_tag` finds the backend that still works on an unanswered append.
//! - `writer` sends the queued appends in batches within `batch_limits`: `job` is one append, `group` several merged appends to
//!   one stream, `lanes` the appends that are sent outside batches.
//! - `transaction` appends inside a caller's transaction, `commit` ends it, `open_appends` notices its end.

pub(crate) mod attempt;
pub(crate) mod batch_limits;
pub(crate) mod columns;
pub(crate) mod commit;
pub(crate) mod error;
mod group;
mod job;
mod lanes;
pub(crate) mod open_appends;
mod session_tag;
pub(crate) mod statement;
pub(crate) mod transaction;
pub(crate) mod verdict;
pub(crate) mod writer;
