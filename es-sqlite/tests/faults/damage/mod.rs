//! Damaged bytes: every event that is read is one that was written, in its place, or a typed error says where. Where less was
//! read without an error, `verify` finds the damage.

mod flips;
mod hidden;
mod looks;
mod wal;
mod written;

/// Random numbers that are the same in each run: `SplitMix64`.
struct Random(u64);

impl Random {
    /// A number below `limit`.
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut number = self.0;
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let number = number ^ (number >> 31);
        usize::try_from(number % limit as u64).unwrap()
    }

    /// Changes one byte of `bytes`: a bit of it, or to any other value. Half of the bytes are anywhere, and half among the first
    /// of a block, where the structure is. Says what it did.
    fn flip(&mut self, bytes: &mut [u8], block: usize) -> String {
        let place = match self.below(2) {
            0 => self.below(bytes.len()),
            _ => (self.below(bytes.len().div_ceil(block)) * block + self.below(64)).min(bytes.len() - 1),
        };
        let change = match self.below(2) {
            0 => 1 << self.below(8),
            _ => 1 + self.below(255),
        };
        bytes[place] ^= u8::try_from(change).unwrap();
        format!("byte {place} was changed by {change:#04x}")
    }
}
