//! Random numbers, of which no test depends on a particular one.

use uuid::Uuid;

/// A sequence of random numbers (xorshift).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new() -> Self {
        Self(Uuid::now_v7().as_u64_pair().1 | 1)
    }

    /// A number from 0 up to below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}
