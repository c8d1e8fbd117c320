//! The room of the projection: what keeps a read model by events, and the runner that folds views in memory. Nothing here
//! knows what an aggregate is.
//!
//! It imports `event` and `store`.
//!
//! # Layout
//! `projection`, `row` and `view` are the three forms, `event_batch` is what they are given. `fold` folds stored events into a
//! view; `followed` is a view in a runner, `live` its handle, `runner` the reader of the log for all of them, and
//! `projections` what an application calls.

mod back_off;
mod error;
mod event_batch;
mod fold;
mod followed;
mod live;
#[expect(clippy::module_inception, reason = "the first file of a room has its name")]
mod projection;
mod projections;
mod row;
mod runner;
mod view;

pub use error::{AlreadyRunning, Behind, FoldError, ViewError, WaitError};
pub use event_batch::EventBatch;
pub use live::Live;
pub use projection::{Fault, Projection};
pub use projections::Projections;
pub use row::{Row, RowKey, Rows};
pub use view::View;
