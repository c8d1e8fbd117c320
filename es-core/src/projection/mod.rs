//! The room of the projection: what keeps a read model by events, and the runner that folds views in memory. Nothing here
//! knows what an aggregate is.
//!
//! It imports `event` and `store`.
//!
//! # Layout
//! `projection`, `row` and `view` are the three forms, `event_batch` is what they are given, and
//! `event_filter` says which events those are. `fold` folds stored events into a
//! view; `followed` is a view in a runner, `live` its handle, `runner` the reader of the log for all of them, and
//! `projections` what an application calls.

mod back_off;
mod board;
mod error;
mod event_batch;
mod event_filter;
mod feed;
mod fold;
mod followed;
mod follower;
mod keeper;
mod live;
mod owning;
#[expect(clippy::module_inception, reason = "the first file of a room has its name")]
mod projection;
mod projections;
mod reached;
mod row;
mod row_order;
mod runner;
mod runs_on;
mod settings;
pub mod sql;
mod status;
mod stored_rows;
mod table_keeper;
mod transactions;
mod view;

pub use error::{
    Behind, FoldError, FollowError, ProjectionError, RowsError, RunError, Unsupported, ViewError, WaitError,
};
pub use event_batch::EventBatch;
pub use follower::Follower;
pub use keeper::RowShape;
pub use live::Live;
pub use projection::{Fault, Projection};
pub use projections::Projections;
pub use row::{Row, RowKey, Rows};
pub use runs_on::{RunsOn, form};
pub use status::ProjectionStatus;
pub use stored_rows::{AllRows, StoredRows};
pub use transactions::{StepPlan, TargetWork, Transactions, WorkError, WorkInTransaction};
pub use view::View;
