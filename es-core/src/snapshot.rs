//! The snapshot: folded state at a version, a shortcut and never the truth.

use bytes::Bytes;

use crate::{StreamId, Version};

/// Folded state at a version, encoded: a shortcut, never the truth.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "storage crates make it; a new field has to reach each of them")]
pub struct StoredSnapshot {
    /// The stream it was folded from.
    pub stream: StreamId,
    /// The version it was folded up to.
    pub version: Version,
    /// What the state looked like to the program that wrote it; another one is ignored.
    pub schema: String,
    /// The encoded state.
    pub payload: Bytes,
}
