//! Limits of names and payloads, and the error for what is over a limit of any store.

/// The longest payload of one event, in bytes: 1 MiB.
pub const PAYLOAD_BYTES: usize = 1024 * 1024;
/// The longest metadata of one event, in bytes: 64 KiB.
pub const METADATA_BYTES: usize = 64 * 1024;
/// The most events of one append, over all its streams; also the most streams.
pub const EVENTS: usize = 1_000;
/// The most idempotency keys of one append: as many as events.
pub const KEYS: usize = EVENTS;
/// The longest outcome of an idempotency key, in bytes: 64 KiB.
pub const OUTCOME_BYTES: usize = 64 * 1024;
/// The most bytes of one append, payloads, metadata and outcomes of keys together, over all its streams: 64 MiB.
pub const APPEND_BYTES: usize = 64 * 1024 * 1024;
/// The longest category, stream id, event name, snapshot schema or idempotency key, in bytes.
pub const NAME_BYTES: usize = 512;
/// The deepest nesting of arrays and objects in a payload or metadata.
pub const JSON_DEPTH: usize = 100;

/// Something was over a limit of every store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LimitError {
    /// A name is empty.
    #[error("the {what} is empty; give it at least one character")]
    Empty {
        /// `category`, `stream id`, `event name` or `idempotency key`.
        what: &'static str,
    },
    /// A name, a payload or metadata is too long.
    #[error("the {what} has {bytes} bytes; the limit is {limit}")]
    TooLong {
        /// `category`, `stream id`, `event name`, `snapshot schema`, `idempotency key`, `outcome of an idempotency key`,
        /// `payload` or `metadata`.
        what: &'static str,
        /// Its length in bytes.
        bytes: usize,
        /// The longest there may be, in bytes.
        limit: usize,
    },
    /// A name holds a NUL character, which not every database can store.
    #[error("the {what} holds a NUL character; remove it")]
    Nul {
        /// `category`, `stream id`, `event name`, `snapshot schema` or `idempotency key`.
        what: &'static str,
    },
    /// The text is not the name of a stream.
    #[error("the name of the stream holds no `/`; write `category/id`")]
    NoSlash,
    /// One append has too many events or keys, or names too many streams.
    #[error("one append has {count} {what}; the limit is {limit}{}", advice(what))]
    TooMany {
        /// `events`, `streams` or `idempotency keys`.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
    /// A range of slices is empty, or ends above the last slice.
    #[error(
        "there are no slices {first} to {last}; a range begins and ends between 0 and 1023, and not before it begins"
    )]
    Slices {
        /// The first one asked for.
        first: u16,
        /// The last one asked for.
        last: u16,
    },
    /// The payloads, the metadata and the outcomes of one append are too long together.
    #[error(
        "one append has {bytes} bytes of payloads, metadata and outcomes; the limit is {APPEND_BYTES}, append the rest \
         with a second one"
    )]
    TooLarge {
        /// How many bytes there are.
        bytes: usize,
    },
}

/// What to do with more than one append may have. Keys of one command stay together.
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
