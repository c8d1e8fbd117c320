//! What streams are sorted by before they are locked.

use es_core::{StreamId, stable_hash};

/// What streams are sorted by, everywhere alike. The server makes a stream's lock from its name.
pub(crate) fn lock_order(stream: &StreamId) -> i32 {
    let hash = stable_hash(&[stream.category().as_bytes(), stream.id().as_bytes()]);
    u32::try_from(hash & 0xffff_ffff).unwrap_or_default().cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_streams_never_changes() {
        assert_eq!(lock_order(&StreamId::new("account", "4711").unwrap()), -1_833_571_695);
    }
}
