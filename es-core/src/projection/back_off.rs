//! The pauses between attempts to read a log whose store cannot be reached.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use tokio::time::sleep;

const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(5);

/// A pause that is twice as long after each wait, up to [`LONGEST`]. Each wait takes a random part of it, at least a half: the
/// processes that lost the same server do not all come back at once.
#[derive(Debug)]
pub(crate) struct BackOff(Duration);

impl BackOff {
    pub(crate) const fn new() -> Self {
        Self(FIRST)
    }

    /// Waits, by tokio's timer.
    pub(crate) async fn wait(&mut self) {
        sleep(self.0.mul_f64(0.5 + random_half())).await;
        self.0 = (self.0 * 2).min(LONGEST);
    }
}

/// A random number from 0 to a half. The standard library seeds each `RandomState` differently.
fn random_half() -> f64 {
    let [byte, ..] = RandomState::new().hash_one(0).to_ne_bytes();
    f64::from(byte) / 510.0
}
