//! The snapshot: folded state at a version, a shortcut and never the truth.

use std::fmt;

use bytes::Bytes;

use crate::store::{StreamId, Version};

/// Folded state at a version, encoded: a shortcut, never the truth.
#[derive(Clone, PartialEq, Eq)]
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

impl fmt::Debug for StoredSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stream, version, schema, payload } = self;
        f.debug_struct("StoredSnapshot")
            .field("stream", stream)
            .field("version", version)
            .field("schema", schema)
            .field("payload_bytes", &payload.len())
            .finish()
    }
}
