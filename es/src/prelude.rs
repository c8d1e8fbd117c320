//! What domain code and its callers name all the time: `use es::prelude::*`.
//!
//! serde's two derives are here because every event needs them; they also want `serde` among the dependencies of the
//! crate that uses them.

pub use serde::{Deserialize, Serialize};

pub use crate::{
    Aggregate, AggregateEvent, AppendError, Apply, Event, EventSet, EventStore, EventStoreExt, Events, ExecuteError,
    Handle, IntoEvents, LoadError, Metadata, ReadError, Recorded, Repository, RepositoryExt, Retired, Root,
    StartProjections, StoreRepository, StreamId, Version,
};
