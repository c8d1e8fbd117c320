//! Pseudo-random numbers with a seed from `ES_SEED` or a new one, which is printed.

use std::{
    env,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use es_contract::Effort;

/// A `SplitMix64` generator; set `ES_SEED` to the printed seed to repeat a failed test.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    /// Takes the seed of `ES_SEED`, or one from the clock.
    pub(crate) fn new(test: &str) -> Self {
        let fresh = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos().into();
        let seed = env::var("ES_SEED").map_or_else(|_| fresh(), |text| text.parse().expect("ES_SEED is a number"));
        println!("{test}: ES_SEED={seed}");
        Self(seed)
    }

    /// A new generator, for another task.
    pub(crate) fn fork(&mut self) -> Self {
        Self(self.next())
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// `true` once in `times` on average.
    pub(crate) fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// A duration from zero to `longest`.
    pub(crate) fn pause(&mut self, longest: Duration) -> Duration {
        Duration::from_micros(self.below(u64::try_from(longest.as_micros()).unwrap() + 1))
    }
}

/// How long a test runs, which runs for `full` with `ES_FIRE=full`.
pub(crate) fn duration(full: Duration) -> Duration {
    Effort::from_env().unwrap().lasting(full)
}
