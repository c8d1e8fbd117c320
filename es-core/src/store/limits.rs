//! The limits of every store, checked before anything is sent.

use std::collections::HashSet;

use bytes::Bytes;

use crate::{
    event::limits::{check_length, check_name},
    store::{
        AppendError, AppendRequest, Claim, Filter, IdempotencyKey, NewEvent, ReadModelError, ReadModelStep, StoredRow,
        StreamId,
    },
};

pub use crate::event::limits::{
    APPEND_BYTES, EVENTS, JSON_DEPTH, KEYS, LimitError, METADATA_BYTES, NAME_BYTES, OUTCOME_BYTES, PAYLOAD_BYTES,
    READ_MODEL_NAME_BYTES, ROW_BYTES,
};

/// Checks a request. Every store must refuse these before it writes anything: too many events, streams, keys or bytes, and
/// a stream, an event id or a key that occurs twice.
///
/// Names, payloads, metadata and keys need no check here: [`StreamId`], [`NewEvent`] and [`IdempotencyKey`] cannot be
/// created with bad ones.
///
/// # Errors
/// [`AppendError::Limit`], [`AppendError::DuplicateStream`], [`AppendError::DuplicateEventId`],
/// [`AppendError::DuplicateKey`].
pub fn check(request: &AppendRequest) -> Result<(), AppendError> {
    let (appends, keys) = (request.appends(), request.keys());
    if let ([append], []) = (appends, keys)
        && let [] | [_] = append.events.as_slice()
    {
        return Ok(());
    }
    let count = request.events().count();
    if count > EVENTS {
        return Err(LimitError::TooMany { what: "events", count, limit: EVENTS }.into());
    }
    if appends.len() > EVENTS {
        return Err(LimitError::TooMany { what: "streams", count: appends.len(), limit: EVENTS }.into());
    }
    if keys.len() > KEYS {
        return Err(LimitError::TooMany { what: "idempotency keys", count: keys.len(), limit: KEYS }.into());
    }
    let outcomes: usize = keys.iter().map(|key| key.outcome().len()).sum();
    let bytes = request.events().map(bytes).sum::<usize>() + outcomes;
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
    let mut texts = HashSet::with_capacity(keys.len());
    let twice = keys.iter().map(IdempotencyKey::key).find(|key| !texts.insert(*key));
    twice.map_or(Ok(()), |key| Err(AppendError::DuplicateKey { key: key.to_owned() }))
}

fn bytes(event: &NewEvent) -> usize {
    event.payload().len() + event.metadata().map_or(0, Bytes::len)
}

/// Checks a filter. Every store must refuse a category, a name or a slice that no event can have before it reads anything.
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

/// Checks the schema of a snapshot. Every store must refuse one with more than [`NAME_BYTES`] or with a NUL, both when it
/// stores a snapshot and when it looks for one. It may be empty.
///
/// ```
/// # use es_core::limits;
/// assert!(limits::check_snapshot_schema("account 1").is_ok());
/// assert!(limits::check_snapshot_schema("acc\0unt").is_err());
/// ```
///
/// # Errors
/// [`LimitError`].
pub fn check_snapshot_schema(schema: &str) -> Result<(), LimitError> {
    if schema.is_empty() { Ok(()) } else { check_name("snapshot schema", schema) }
}

/// Checks the name of a read model: it has at least one character, at most [`READ_MODEL_NAME_BYTES`], and no NUL.
///
/// ```
/// # use es_core::limits;
/// assert!(limits::check_read_model_name("who-paid-whom").is_ok());
/// assert!(limits::check_read_model_name("").is_err());
/// ```
///
/// # Errors
/// [`LimitError`].
pub fn check_read_model_name(name: &str) -> Result<(), LimitError> {
    check_name("name of the read model", name)?;
    check_length("name of the read model", name.len(), READ_MODEL_NAME_BYTES)
}

/// Checks the name of the owner of a read model: it has at least one character, at most [`NAME_BYTES`], and no NUL. Every store
/// must refuse any other when it is asked for a claim.
///
/// ```
/// # use es_core::limits;
/// assert!(limits::check_owner("worker 7").is_ok());
/// assert!(limits::check_owner("").is_err());
/// ```
///
/// # Errors
/// [`LimitError`].
pub fn check_owner(owner: &str) -> Result<(), LimitError> {
    check_name("name of the owner", owner)
}

/// Checks a row of a read model: its key has at least one character, at most [`NAME_BYTES`] and no NUL, and its state at most
/// [`ROW_BYTES`].
///
/// ```
/// # use es_core::{StoredRow, limits};
/// assert!(limits::check_row(&StoredRow::new("4711", "{}")).is_ok());
/// assert!(limits::check_row(&StoredRow::new("", "{}")).is_err());
/// ```
///
/// # Errors
/// [`LimitError`].
pub fn check_row(row: &StoredRow) -> Result<(), LimitError> {
    check_name("key of the row", &row.key)?;
    check_length("state of the row", row.state.len(), ROW_BYTES)
}

/// Checks a step of a read model. Every store must refuse these before it writes anything: a row that
/// [`check_row`] refuses, two rows with one key, and a step that moves back.
///
/// ```
/// # use es_core::{Checkpoint, Claim, Position, ReadModelId, ReadModelState, ReadModelStep, limits};
/// let at = |position| Checkpoint::from(Position::new(position));
/// let claim = Claim::new(ReadModelId::new("balances", 1)?, 1, at(7), at(9), true);
/// assert!(limits::check_step(&claim, &ReadModelStep::new(at(7), at(10), ReadModelState::Live)).is_ok());
/// assert!(limits::check_step(&claim, &ReadModelStep::new(at(6), at(10), ReadModelState::Live)).is_err());
/// # Ok::<(), es_core::LimitError>(())
/// ```
///
/// # Errors
/// [`ReadModelError::Limit`], [`ReadModelError::DuplicateKey`] and [`ReadModelError::Backwards`].
pub fn check_step(claim: &Claim, step: &ReadModelStep) -> Result<(), ReadModelError> {
    let mut keys = HashSet::with_capacity(step.rows.len());
    for (index, row) in step.rows.iter().enumerate() {
        check_row(row)?;
        if !keys.insert(&row.key) {
            return Err(ReadModelError::DuplicateKey { model: claim.model.clone(), index });
        }
    }
    let moves = [(claim.handled, step.handled), (claim.seen, step.seen), (step.handled, step.seen)];
    match moves.into_iter().find(|(from, to)| to.position() < from.position()) {
        Some((from, to)) => {
            let model = claim.model.clone();
            Err(ReadModelError::Backwards { model, from: from.position(), to: to.position() })
        }
        None => Ok(()),
    }
}
