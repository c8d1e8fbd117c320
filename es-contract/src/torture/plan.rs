//! The plan of a torture: the store, the load and the faults.

use std::{
    env, fmt,
    hash::{BuildHasher, RandomState},
    sync::Arc,
    time::Duration,
};

use es_core::EventStore;
use es_testing::FaultyStore;

use crate::{BrokenPromise, Effort};

/// Puts faults in front of a store.
pub(super) type Faults = fn(FaultyStore<Arc<dyn EventStore>>) -> FaultyStore<Arc<dyn EventStore>>;

/// What a torture does, and with which store.
pub struct Plan {
    pub(super) handles: Vec<Arc<dyn EventStore>>,
    pub(super) seed: u64,
    pub(super) duration: Duration,
    pub(super) patience: Duration,
    pub(super) writers: u64,
    pub(super) subscribers: u64,
    pub(super) streams: u64,
    pub(super) faults: Option<Faults>,
}

impl Plan {
    /// A plan for one store, which is used through `handles`, with the random numbers of `seed`: 5 seconds, 8 writers, 4
    /// subscribers, 6 streams; appends fail, lose their answer, are delayed and cancelled.
    ///
    /// # Errors
    /// There is no handle.
    pub fn new(handles: Vec<Arc<dyn EventStore>>, seed: u64) -> Result<Self, BrokenPromise> {
        if handles.is_empty() {
            return Err(BrokenPromise::new("a torture has a handle to its store", "none"));
        }
        Ok(Self {
            handles,
            seed,
            duration: Duration::from_secs(5),
            patience: Duration::from_mins(1),
            writers: 8,
            subscribers: 4,
            streams: 6,
            faults: Some(|store| {
                store
                    .errors_before(0.03)
                    .lost_answers(0.03)
                    .cancellations(0.03)
                    .read_errors(0.000_2)
                    .delays(0.05, Duration::from_millis(2))
            }),
        })
    }

    /// The plan of [`new`](Self::new) with the seed of `TORTURE_SEED`, or a random one, and the duration that [`Effort`] sets.
    ///
    /// # Errors
    /// There is no handle, or a variable has a value that is not understood.
    pub fn from_env(handles: Vec<Arc<dyn EventStore>>) -> Result<Self, BrokenPromise> {
        let seed = number("TORTURE_SEED")?.unwrap_or_else(|| RandomState::new().hash_one("torture"));
        let plan = Self::new(handles, seed)?;
        let duration = Effort::from_env()?.lasting(plan.duration);
        Ok(plan.lasting(duration))
    }

    /// Sets the duration.
    #[must_use]
    pub fn lasting(self, duration: Duration) -> Self {
        Self { duration, ..self }
    }

    /// Sets the number of writers.
    #[must_use]
    pub fn writers(self, writers: u64) -> Self {
        Self { writers, ..self }
    }

    /// Sets the number of subscribers.
    #[must_use]
    pub fn subscribers(self, subscribers: u64) -> Self {
        Self { subscribers, ..self }
    }

    /// Sets the number of streams; few streams make many conflicts.
    #[must_use]
    pub fn streams(self, streams: u64) -> Self {
        Self { streams, ..self }
    }

    /// Sets other faults, or none.
    #[must_use]
    pub fn faults(self, faults: Option<Faults>) -> Self {
        Self { faults, ..self }
    }
}

fn number(name: &str) -> Result<Option<u64>, BrokenPromise> {
    match env::var(name) {
        Ok(text) => text.parse().map(Some).map_err(|_| BrokenPromise::new(format!("`{name}` is a number"), text)),
        Err(_) => Ok(None),
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan").field("seed", &self.seed).field("duration", &self.duration).finish_non_exhaustive()
    }
}
