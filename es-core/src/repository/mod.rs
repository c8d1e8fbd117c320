//! The room of the repository: loads aggregates from a store, decides on them and appends their events, for one aggregate or
//! several at a time. Also the extension methods of every store.
//!
//! It imports `event`, `aggregate`, `store` and `projection`.

mod batch;
mod consistent;
mod error;
mod execute;
mod projected_repository;
#[expect(clippy::module_inception, reason = "the first file of a room has its name")]
mod repository;
mod root;
mod settle;
mod store_ext;
mod store_repository;
mod unsettled;

pub use batch::Batch;
pub use consistent::{ConsistentCommands, ConsistentFuture, DEFAULT_WITHIN};
pub use error::{ConsistentError, ExecuteError, LoadError};
pub use execute::{Commands, DEFAULT_RETRIES, ExecuteFuture, Executed, RepositoryExt};
pub use projected_repository::ProjectedRepository;
pub use repository::Repository;
pub use root::Root;
pub use settle::DEFAULT_SETTLE_TIMEOUT;
pub use store_ext::EventStoreExt;
pub use store_repository::StoreRepository;
pub use unsettled::Unsettled;
