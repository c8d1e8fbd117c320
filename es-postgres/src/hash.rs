//! The stable hash of a stream: FNV-1a over its parts, mixed.
//!
//! It is stored (as `slice`): it never changes.

use es_core::StreamId;

/// How many slices the log is divided into.
const SLICES: u64 = 1024;

/// FNV-1a with 64 bits over the parts, each followed by a zero byte, mixed by the finalizer of `MurmurHash3`.
pub(crate) fn of(parts: &[&[u8]]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        for byte in part.iter().chain(&[0]) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

/// What the store derives from a stream's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StreamHash(u64);

impl StreamHash {
    pub(crate) fn of(stream: &StreamId) -> Self {
        Self(of(&[stream.category().as_bytes(), stream.id().as_bytes()]))
    }

    /// What streams are sorted by, everywhere alike. The server makes a stream's lock from its name.
    pub(crate) fn lock(self) -> i32 {
        low(self.0).cast_signed()
    }

    /// The share of the log it belongs to, 0 to 1023.
    pub(crate) fn slice(self) -> i16 {
        i16::try_from((self.0 >> 32) % SLICES).unwrap_or_default()
    }
}

/// The low half.
pub(crate) fn low(hash: u64) -> u32 {
    u32::try_from(hash & 0xffff_ffff).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_a_stream_never_changes() {
        let hash = StreamHash::of(&StreamId::new("account", "4711").unwrap());
        assert_eq!((hash.slice(), hash.lock()), (787, -1_833_571_695));
    }

    #[test]
    fn the_border_between_category_and_id_counts() {
        assert_ne!(of(&[b"ab", b"c"]), of(&[b"a", b"bc"]));
    }
}
