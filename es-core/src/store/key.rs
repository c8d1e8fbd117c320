//! The idempotency key: a name that makes a request run once, however often it is sent.

use std::{fmt, sync::Arc};

use bytes::Bytes;

use crate::event::{
    LimitError,
    limits::{OUTCOME_BYTES, check_length, check_name},
};

/// A key that a store takes once, with a digest of the command and the outcome that a repeat of the command is answered
/// with.
///
/// The digest distinguishes a repeat from another command that was given the same key by mistake. It has 32 bytes, as
/// SHA-256 and BLAKE3 do, so that two commands do not have the same digest by chance. The caller chooses the hash, and must
/// not change it for keys that are still in use.
///
/// The outcome is any bytes; a store does not interpret them.
///
/// ```
/// # use es_core::IdempotencyKey;
/// # fn sha256(_: &[u8]) -> [u8; 32] { [7; 32] }
/// let key = IdempotencyKey::new("request-4711", sha256(br#"{"amount":5}"#), r#"{"receipt":12}"#)?;
/// assert_eq!(key.key(), "request-4711");
/// assert_eq!(key.outcome(), r#"{"receipt":12}"#);
/// # Ok::<(), es_core::LimitError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct IdempotencyKey {
    key: Arc<str>,
    digest: [u8; 32],
    outcome: Bytes,
}

impl IdempotencyKey {
    /// Creates the key `key` (1 to 512 bytes of UTF-8 without NUL) of a command with this digest, and the outcome (at most
    /// 64 KiB) that a repeat of the command is answered with.
    ///
    /// # Errors
    /// [`LimitError`] when the key is empty, too long or holds a NUL, or the outcome is too long.
    pub fn new(key: impl AsRef<str>, digest: [u8; 32], outcome: impl Into<Bytes>) -> Result<Self, LimitError> {
        let (key, outcome) = (key.as_ref(), outcome.into());
        check_name("idempotency key", key)?;
        check_length("outcome of an idempotency key", outcome.len(), OUTCOME_BYTES)?;
        Ok(Self { key: key.into(), digest, outcome })
    }

    /// The key.
    pub fn key(&self) -> &str {
        &self.key
    }

    pub(crate) fn shared_text(&self) -> Arc<str> {
        Arc::clone(&self.key)
    }

    /// The digest of the command.
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// The outcome that a repeat of the command is answered with.
    pub fn outcome(&self) -> &Bytes {
        &self.outcome
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Errors hold keys, so this shows the length of the outcome and not its bytes.
        f.debug_struct("IdempotencyKey")
            .field("key", &self.key)
            .field("outcome_bytes", &self.outcome.len())
            .finish_non_exhaustive()
    }
}
