//! The limits of names, payloads and requests, and the error for a value that is over one.

/// The longest payload of one event: 1 MiB.
pub const PAYLOAD_BYTES: usize = 1024 * 1024;
/// The longest metadata of one event: 64 KiB.
pub const METADATA_BYTES: usize = 64 * 1024;
/// The most events of one request, over all its streams; also the most streams.
pub const EVENTS: usize = 1_000;
/// The most idempotency keys of one request: as many as events.
pub const KEYS: usize = EVENTS;
/// The longest outcome of an idempotency key: 64 KiB.
pub const OUTCOME_BYTES: usize = 64 * 1024;
/// The most bytes of payloads, metadata and outcomes of one request, over all its streams: 64 MiB.
pub const APPEND_BYTES: usize = 64 * 1024 * 1024;
/// The longest category, stream id, event name, snapshot schema, idempotency key, key of a row or name of an owner, in bytes.
pub const NAME_BYTES: usize = 512;
/// The longest name of a read model, in bytes: a database may keep one in a place of that name.
pub const READ_MODEL_NAME_BYTES: usize = 48;
/// The longest state of one row of a read model: 16 MiB.
pub const ROW_BYTES: usize = 16 * 1024 * 1024;
/// The deepest nesting of arrays and objects in a payload or metadata.
pub const JSON_DEPTH: usize = 100;

/// Why no store can take a value: it is over a limit, or malformed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LimitError {
    /// A name is empty.
    #[error("the {what} is empty; give it at least one character")]
    Empty {
        /// `category`, `stream id`, `event name`, `idempotency key`, `name of the read model`, `name of the owner` or `key of
        /// the row`.
        what: &'static str,
    },
    /// A name, a payload or metadata is too long.
    #[error("the {what} has {bytes} bytes; the limit is {limit}")]
    TooLong {
        /// `category`, `stream id`, `event name`, `snapshot schema`, `idempotency key`, `outcome of an idempotency key`,
        /// `payload`, `metadata`, `name of the read model`, `name of the owner`, `key of the row` or `state of the row`.
        what: &'static str,
        /// How many bytes it has.
        bytes: usize,
        /// How many bytes it may have.
        limit: usize,
    },
    /// A name holds a NUL character, which not every database can store.
    #[error("the {what} holds a NUL character; remove it")]
    Nul {
        /// `category`, `stream id`, `event name`, `snapshot schema`, `idempotency key`, `name of the read model`, `name of the
        /// owner` or `key of the row`.
        what: &'static str,
    },
    /// The text is not the name of a stream.
    #[error("the name of the stream holds no `/`; write `category/id`")]
    NoSlash,
    /// One request has too many events, streams or keys.
    #[error("one append has {count} {what}; the limit is {limit}{}", advice(what))]
    TooMany {
        /// `events`, `streams` or `idempotency keys`.
        what: &'static str,
        /// How many it has.
        count: usize,
        /// How many it may have.
        limit: usize,
    },
    /// A range of slices is empty, or ends above the last slice.
    #[error("the range of slices {first} to {last} is empty or ends above the last slice, which is 1023")]
    Slices {
        /// The first slice of the range.
        first: u16,
        /// The last slice of the range.
        last: u16,
    },
    /// A store cannot name tables after the read model without mistaking them for those of another one.
    #[error(
        "the name of the read model holds a capital letter or `_v` with a number behind it, so that this store cannot name \
         tables after it; leave that out"
    )]
    TableName,
    /// The payloads, metadata and outcomes of one request are too long together.
    #[error(
        "one append has {bytes} bytes of payloads, metadata and outcomes; the limit is {APPEND_BYTES}, append the rest \
         with a second one"
    )]
    TooLarge {
        /// How many bytes they have.
        bytes: usize,
    },
}

/// What the caller should do. The keys of one command must stay together, events need not.
fn advice(what: &str) -> &'static str {
    if what == "idempotency keys" { ", give the command fewer" } else { ", append the rest with a second one" }
}

pub(crate) fn check_name(what: &'static str, name: &str) -> Result<(), LimitError> {
    if name.is_empty() {
        return Err(LimitError::Empty { what });
    }
    check_length(what, name.len(), NAME_BYTES)?;
    if name.as_bytes().contains(&0) {
        return Err(LimitError::Nul { what });
    }
    Ok(())
}

pub(crate) fn check_length(what: &'static str, bytes: usize, limit: usize) -> Result<(), LimitError> {
    if bytes > limit { Err(LimitError::TooLong { what, bytes, limit }) } else { Ok(()) }
}
