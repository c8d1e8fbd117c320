//! The plan of a torture.

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

/// What a torture does, and to which store.
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
    /// Tortures one store through `handles`, of which there is at least one, with `seed`: 5 seconds, 8 writers, 4
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

    /// As [`new`](Self::new), with the seed of `TORTURE_SEED`, or a random one, and for as long as [`Effort`] says.
    ///
    /// # Errors
    /// There is no handle, or a variable is set to what is not understood.
    pub fn from_env(handles: Vec<Arc<dyn EventStore>>) -> Result<Self, BrokenPromise> {
        let seed = number("TORTURE_SEED")?.unwrap_or_else(|| RandomState::new().hash_one("torture"));
        let plan = Self::new(handles, seed)?;
        let duration = Effort::from_env()?.lasting(plan.duration);
        Ok(plan.lasting(duration))
    }

    /// For this long.
    #[must_use]
    pub fn lasting(self, duration: Duration) -> Self {
        Self { duration, ..self }
    }

    /// With this many writers.
    #[must_use]
    pub fn writers(self, writers: u64) -> Self {
        Self { writers, ..self }
    }

    /// With this many subscribers.
    #[must_use]
    pub fn subscribers(self, subscribers: u64) -> Self {
        Self { subscribers, ..self }
    }

    /// Over this many streams; few of them make many conflicts.
    #[must_use]
    pub fn streams(self, streams: u64) -> Self {
        Self { streams, ..self }
    }

    /// With other faults, or with none.
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
