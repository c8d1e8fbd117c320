//! Limits of what a store takes: typed errors before anything is sent.

use std::collections::HashSet;

use bytes::Bytes;

use crate::{Append, AppendError, Filter, NewEvent, StreamId};

/// The longest payload of one event, in bytes: 1 MiB.
pub const PAYLOAD_BYTES: usize = 1024 * 1024;
/// The longest metadata of one event, in bytes: 64 KiB.
pub const METADATA_BYTES: usize = 64 * 1024;
/// The most events of one append, over all its streams; also the most streams.
pub const EVENTS: usize = 1_000;
/// The most bytes of one append, payloads and metadata together, over all its streams: 64 MiB.
pub const APPEND_BYTES: usize = 64 * 1024 * 1024;
/// The longest category, stream id, event name or snapshot schema, in bytes.
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
        /// `category`, `stream id` or `event name`.
        what: &'static str,
    },
    /// A name, a payload or metadata is too long.
    #[error("the {what} has {bytes} bytes; the limit is {limit}")]
    TooLong {
        /// `category`, `stream id`, `event name`, `snapshot schema`, `payload` or `metadata`.
        what: &'static str,
        /// Its length in bytes.
        bytes: usize,
        /// The longest there may be, in bytes.
        limit: usize,
    },
    /// A name holds a NUL character, which not every database can store.
    #[error("the {what} holds a NUL character; remove it")]
    Nul {
        /// `category`, `stream id`, `event name` or `snapshot schema`.
        what: &'static str,
    },
    /// One append has too many events, or names too many streams.
    #[error("one append has {count} {what}; the limit is {EVENTS}, append the rest with a second one")]
    TooMany {
        /// `events` or `streams`.
        what: &'static str,
        /// How many there are.
        count: usize,
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
    /// The payloads and metadata of one append are too long together.
    #[error(
        "one append has {bytes} bytes of payloads and metadata; the limit is {APPEND_BYTES}, append the rest with a \
         second one"
    )]
    TooLarge {
        /// How many bytes there are.
        bytes: usize,
    },
}

/// Checks what every store must refuse in an append before it writes anything: too many events, streams or
/// bytes, a stream that is named twice, an event id that is there twice.
///
/// Each name, payload and metadata needs no check: [`StreamId`] and
/// [`NewEvent`] cannot be made with bad ones.
///
/// # Errors
/// [`AppendError::Limit`], [`AppendError::DuplicateStream`], [`AppendError::DuplicateEventId`].
pub fn check(appends: &[Append]) -> Result<(), AppendError> {
    if let [append] = appends
        && let [] | [_] = append.events.as_slice()
    {
        return Ok(());
    }
    let count = appends.iter().map(|append| append.events.len()).sum();
    if count > EVENTS {
        return Err(LimitError::TooMany { what: "events", count }.into());
    }
    if appends.len() > EVENTS {
        return Err(LimitError::TooMany { what: "streams", count: appends.len() }.into());
    }
    let bytes = appends.iter().flat_map(|append| &append.events).map(bytes).sum();
    if bytes > APPEND_BYTES {
        return Err(LimitError::TooLarge { bytes }.into());
    }
    let mut streams = HashSet::with_capacity(appends.len());
    let mut ids = HashSet::with_capacity(count);
    for append in appends {
        if !streams.insert(&append.stream) {
            return Err(AppendError::DuplicateStream { stream: append.stream.clone() });
        }
        if let Some(event) = append.events.iter().find(|event| !ids.insert(event.id())) {
            return Err(AppendError::DuplicateEventId { id: event.id() });
        }
    }
    Ok(())
}

fn bytes(event: &NewEvent) -> usize {
    event.payload().len() + event.metadata().map_or(0, Bytes::len)
}

/// Checks what every store must refuse in a filter before it reads anything: a category, a name or a slice that no event
/// can have.
///
/// ```
/// # use es_core::{Filter, limits};
/// assert!(limits::check_filter(&Filter::all().category("account")).is_ok());
/// assert!(limits::check_filter(&Filter::all().category("acc\0unt")).is_err());
/// ```
///
/// # Errors
/// [`LimitError`].
pub fn check_filter(filter: &Filter) -> Result<(), LimitError> {
    filter.categories().into_iter().flatten().try_for_each(|category| check_name("category", category))?;
    filter.names().into_iter().flatten().try_for_each(|name| check_name("event name", name))?;
    match filter.slice_range() {
        Some((first, last)) if first > last || last >= StreamId::SLICES => Err(LimitError::Slices { first, last }),
        _ => Ok(()),
    }
}

/// Checks what every store must refuse as the schema of a snapshot, whether it is loaded or stored: more than
/// [`NAME_BYTES`], or a NUL. It may be empty.
///
/// # Errors
/// [`LimitError`].
pub fn check_snapshot_schema(schema: &str) -> Result<(), LimitError> {
    if schema.is_empty() { Ok(()) } else { check_name("snapshot schema", schema) }
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
