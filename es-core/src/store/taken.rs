//! The idempotency keys of a request that were taken before, each with its first outcome.

use std::{error::Error, fmt, iter, sync::Arc};

use bytes::Bytes;

use crate::store::IdempotencyKey;

/// The keys of a request that were taken before, in the order of the request: at least one.
///
/// ```
/// # use es_core::*;
/// let first = IdempotencyKey::new("request-4711", [7; 32], "done")?;
/// let again = IdempotencyKey::new("request-4711", [7; 32], "done again")?;
/// let taken = KeysTaken::new(TakenKey::new(&again, first.digest(), first.outcome().clone()));
/// assert_eq!(taken.first().key(), "request-4711");
/// assert_eq!(taken.first().outcome(), "done");
/// assert!(taken.first().same_digest());
/// # Ok::<(), LimitError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeysTaken {
    first: TakenKey,
    more: Vec<TakenKey>,
}

/// A key that was taken before.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TakenKey {
    key: Arc<str>,
    outcome: Bytes,
    same_digest: bool,
}

impl KeysTaken {
    /// This key alone.
    pub fn new(key: TakenKey) -> Self {
        Self { first: key, more: Vec::new() }
    }

    /// All of `keys`, or `None` when there are none.
    ///
    /// ```
    /// # use es_core::KeysTaken;
    /// assert_eq!(KeysTaken::from_all([]), None);
    /// ```
    pub fn from_all(keys: impl IntoIterator<Item = TakenKey>) -> Option<Self> {
        let mut keys = keys.into_iter();
        Some(Self { first: keys.next()?, more: keys.collect() })
    }

    /// The first of the request's keys that is taken.
    pub fn first(&self) -> &TakenKey {
        &self.first
    }

    /// Every key of the request that is taken.
    pub fn keys(&self) -> impl Iterator<Item = &TakenKey> {
        iter::once(&self.first).chain(&self.more)
    }
}

impl TakenKey {
    /// The requested key `asked` was taken with this digest and this outcome.
    pub fn new(asked: &IdempotencyKey, digest: &[u8; 32], outcome: Bytes) -> Self {
        Self { key: asked.shared_text(), outcome, same_digest: asked.digest() == digest }
    }

    /// The key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The outcome that was stored with the key.
    pub fn outcome(&self) -> &Bytes {
        &self.outcome
    }

    /// Whether the request has the digest that was stored with the key. Then it repeats the same command, and the first
    /// outcome is the answer. Otherwise the caller gave two commands the same key, which is a mistake.
    pub fn same_digest(&self) -> bool {
        self.same_digest
    }
}

/// How many keys `Display` names.
const SHOWN: usize = 3;

impl fmt::Display for KeysTaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, taken) in self.keys().take(SHOWN).enumerate() {
            let separator = if number == 0 { "" } else { "; " };
            let by = if taken.same_digest {
                "was taken by the same command before; its first outcome is the answer"
            } else {
                "was taken by another command; give each command a key of its own"
            };
            write!(f, "{separator}idempotency key `{}` {by}", taken.key)?;
        }
        match self.keys().count().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

impl fmt::Debug for TakenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Errors hold it, so this shows the length of the outcome and not its bytes.
        f.debug_struct("TakenKey")
            .field("key", &self.key)
            .field("outcome_bytes", &self.outcome.len())
            .field("same_digest", &self.same_digest)
            .finish()
    }
}

impl Error for KeysTaken {}
