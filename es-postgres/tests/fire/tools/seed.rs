//! Chance that can be repeated: a seed from `ES_SEED`, or a new one, printed either way.

use std::env;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use es_contract::Effort;

/// A generator of numbers (`SplitMix64`); a test that failed is repeated with the seed it printed.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    /// The seed of `ES_SEED`, or one that nobody used before.
    pub(crate) fn new(test: &str) -> Self {
        let fresh = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos().into();
        let seed = env::var("ES_SEED").map_or_else(|_| fresh(), |text| text.parse().expect("ES_SEED is a number"));
        println!("{test}: ES_SEED={seed}");
        Self(seed)
    }

    /// Another generator, for a task of its own.
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

    /// Whether something happens that happens once in `times`.
    pub(crate) fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// A time from nothing to `longest`.
    pub(crate) fn pause(&mut self, longest: Duration) -> Duration {
        Duration::from_micros(self.below(u64::try_from(longest.as_micros()).unwrap() + 1))
    }
}

/// How long a test goes on that goes on for `full` when everything is run.
pub(crate) fn duration(full: Duration) -> Duration {
    Effort::from_env().unwrap().lasting(full)
}
