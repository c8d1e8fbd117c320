//! Event sourcing from annotated domain code: macros write the rest, storage plugs in, nothing is lost.
//!
//! # From a struct to a stored event
//! An event is a struct, an aggregate says which events it holds and how each changes it, and a decision answers a command
//! with events:
//!
//! ```
//! use es::prelude::*;
//!
//! #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
//! #[event(name = "counter.counted")]
//! struct Counted { by: u32 }
//!
//! #[derive(Aggregate, Default)]
//! #[aggregate(category = "counter", id = String, events(Counted))]
//! struct Counter { sum: u32 }
//!
//! #[es::apply]
//! impl Counter {
//!     fn counted(&mut self, event: Counted) { self.sum += event.by; }
//! }
//!
//! #[derive(Clone)]
//! struct Count { by: u32 }
//!
//! #[derive(Debug, thiserror::Error)]
//! #[error("{0} is the most there may be")]
//! struct TooMuch(u32);
//!
//! impl Handle<Count> for Counter {
//!     type Error = TooMuch;
//!     fn handle(&self, Count { by }: Count) -> Result<impl IntoEvents<Self>, TooMuch> {
//!         if self.sum + by > 10 { Err(TooMuch(10)) } else { Ok(Counted { by }) }
//!     }
//! }
//!
//! # #[cfg(feature = "memory")]
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let store = es::connect("memory:").await?;
//!     let counters = store.repository::<Counter>();
//!     let done = counters.execute(&"a".into(), Count { by: 3 }).await?;
//!     assert_eq!((done.root.sum, done.root.version().get()), (3, 1));
//!     assert_eq!(done.events[0].event, Counted { by: 3 }.into());
//!     Ok(())
//! }
//! # #[cfg(not(feature = "memory"))]
//! # fn main() {}
//! ```
//!
//! # What do you want to do?
//! | | the guide | reference |
//! |---|---|---|
//! | describe what happens | [define events](guide::define_events) | [`derive(Event)`](macro@Event), [`derive(Aggregate)`](macro@Aggregate), [`#[es::apply]`](macro@apply) |
//! | accept or refuse | [decide](guide::decide) | [`Handle`], [`IntoEvents`], [`Events`] |
//! | keep it | [store and load](guide::store_and_load) | [`connect`], [`RepositoryExt`], [`Repository`], [`Root`], [`Metadata`] |
//! | be sure | [test](guide::test) | `es::testing` |
//! | pick a database | [choose a backend](guide::choose_a_backend) | [`connect`], `SqliteStore`, `PostgresStore`, `MemoryStore` |
//! | serve many at once | [run commands concurrently](guide::run_commands_concurrently) | [`ExecuteError`], [`AppendError`] |
//! | build read models | [projections](guide::projections) | [`#[es::project]`](macro@project), [`Projections`], [`start`](StartProjections::start), [`Live`], [`View`], [`Row`], [`Projection`] |
//! | read the log yourself | [read the log](guide::read_the_log) | [`derive(EventSet)`](macro@EventSet), [`AggregateEvent`], [`ReadEvents`], [`Reader`], [`Filter`], [`Page`], [`Checkpoint`] |
//! | answer requests | [answer HTTP requests](guide::answer_http_requests), [serve several tenants](guide::serve_several_tenants) | [`ExecuteError`], [`StoreErrorKind`] |
//! | change what is stored already | [change an event](guide::change_an_event), [guard stored events](guide::guard_stored_events) | [`schema`], [`Retired`] |
//! | run it in production | operations [on PostgreSQL](guide::operations), [on SQLite](guide::operations_on_sqlite) | [`StoreErrorKind`], `es::sqlite`, `es::postgres` |
//! | write a storage crate | [write your own store](guide::write_your_own_store) | [`store`], [`EventStore`], [`AppendRequest`], [`Verdict`](store::Verdict) |
//!
//! # Features
//! - `memory` (default): the store in memory.
//! - `sqlite`: the store in one SQLite file. It builds SQLite, which takes a C compiler. `sqlite-system` links the SQLite of the
//!   system instead; the store refuses to open with one that is older than 3.51.3.
//! - `postgres`: the store on PostgreSQL; `postgres-tls` with encryption on the way there.
//! - `jiff`, `chrono`: conversions between [`Timestamp`] and the timestamps of these crates.
//! - `testing`, for the dev-dependency: `es::testing`, given/when/then for aggregates, given/then for views and rows by key, the
//!   corpus and a store that fails on purpose; in [`schema`] the lock.
//! - `schema`, for the dev-dependency: the lock, which also sees what is inside the types of fields, by `JsonSchema`.

#[allow(unused_extern_crates, reason = "code generated in our own tests, doctests and examples names `::es`")]
extern crate self as es;

mod connect;
pub mod guide;
pub mod prelude;
pub mod schema;
mod start;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;

pub use connect::{ConnectError, connect};
#[doc(hidden)]
pub use es_core::__private;
pub use start::{EndError, RunningProjections, StartError, StartProjections};
// Aggregates and their events.
pub use es_core::{
    Aggregate, AggregateEvent, Apply, Command, DecodeError, EncodeError, Event, EventName, EventSet, Events, Handle,
    IntoEvents, LimitError, May, Metadata, PayloadError, PayloadErrorKind, Retired, SchemaVersion, Timestamp,
    TimestampError, TimestampRangeError, apply, decode_single,
};
// Projections.
pub use es_core::{
    AllRows, Behind, EventBatch, Fault, FoldError, FollowError, Live, Projection, ProjectionError, ProjectionStatus,
    Projections, ReadModelFailure, ReadModelState, Row, RowKey, RowShape, Rows, RowsError, RunError, RunsOn,
    StoredRows, Transactions, Unsupported, View, ViewError, WaitError, form, project,
};
// Repositories and commands.
pub use es_core::{
    Batch, Commands, ConsistentCommands, ConsistentError, ConsistentFuture, DEFAULT_RETRIES, DEFAULT_SETTLE_TIMEOUT,
    DEFAULT_WITHIN, EventStoreExt, ExecuteError, ExecuteFuture, Executed, LoadError, ProjectedRepository, Repository,
    RepositoryExt, Root, StoreRepository, Unsettled,
};
// What is read from a store and appended to it.
pub use es_core::{
    Append, AppendError, AppendRequest, Appended, AsOf, Checkpoint, CheckpointError, Conflict, Direction, EventStore,
    Expected, Filter, IdempotencyKey, KeysTaken, NewEvent, NumberTooHigh, Page, Position, ReadError, ReadEvents,
    ReadStream, Reader, Recorded, StoreError, StoreErrorKind, StoredEvent, StreamId, StreamReader, TakenKey,
    UnknownOutcome, Version, Violation,
};
#[cfg(feature = "memory")]
pub use es_memory::MemoryStore;
#[cfg(feature = "postgres")]
pub use es_postgres as postgres;
#[cfg(feature = "postgres")]
pub use es_postgres::PostgresStore;
#[cfg(any(feature = "sqlite", feature = "sqlite-system"))]
pub use es_sqlite as sqlite;
#[cfg(any(feature = "sqlite", feature = "sqlite-system"))]
pub use es_sqlite::SqliteStore;
