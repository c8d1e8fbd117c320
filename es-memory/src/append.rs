//! The verdict on an append, and its execution: all under the log's one lock.

use std::mem;

use es_core::{
    Append, AppendError, Appended, Conflict, Expected, Position, StoredEvent, Timestamp, Version, Violation,
};

use crate::log::{Log, Place};

/// Appends all of `appends` or none, at the time that `clock` shows. The limits are checked already.
pub(crate) fn append(
    log: &mut Log,
    appends: Vec<Append>,
    clock: impl Fn() -> Timestamp,
) -> Result<Vec<Appended>, AppendError> {
    let known = appends.iter().any(|append| knows_any(log, append));
    if known && appends.iter().all(|append| append.events.is_empty() || repeats(log, append)) {
        return Ok(appends.into_iter().map(|append| first_answer(log, append)).collect());
    }
    let violations = appends.iter().filter_map(|append| {
        let actual = log.version(&append.stream);
        let ids_taken = known && knows_any(log, append);
        (ids_taken || !append.expected.holds(actual)).then(|| Violation {
            stream: append.stream.clone(),
            expected: append.expected,
            actual,
            ids_taken,
        })
    });
    if let Some(conflict) = Conflict::from_all(violations) {
        return Err(conflict.into());
    }
    let now = clock();
    Ok(appends.into_iter().map(|append| execute(log, append, now)).collect())
}

fn knows_any(log: &Log, append: &Append) -> bool {
    append.events.iter().any(|event| log.ids.contains_key(&event.id()))
}

/// Whether these very events, and no others, came in one append to the place where this one would put them.
fn repeats(log: &Log, append: &Append) -> bool {
    let first = append.events.first().and_then(|event| log.ids.get(&event.id()));
    let Some(first) = first.filter(|first| first.together == append.events.len()) else { return false };
    let start = log.events[first.index].version;
    append.expected.version().is_none_or(|expected| expected.plus(1) == start)
        && (start.get()..).zip(&append.events).all(|(version, event)| {
            log.event(event.id())
                .is_some_and(|stored| stored.stream == append.stream && stored.version == Version::new(version))
        })
}

fn first_answer(log: &Log, append: Append) -> Appended {
    let stored: Vec<&StoredEvent> = append.events.iter().filter_map(|event| log.event(event.id())).collect();
    let version = match (stored.last(), append.expected) {
        (Some(last), _) => last.version,
        (None, Expected::Exact(version)) => version,
        (None, Expected::NoStream) => Version::NONE,
        (None, Expected::Any | Expected::Exists) => log.version(&append.stream),
    };
    Appended {
        version,
        positions: stored.iter().map(|event| event.position).collect(),
        recorded_at: stored.first().map(|event| event.recorded_at),
        repeated: true,
        stream: append.stream,
    }
}

fn execute(log: &mut Log, append: Append, now: Timestamp) -> Appended {
    let Append { stream, events, .. } = append;
    if events.is_empty() {
        let version = log.version(&stream);
        return Appended { stream, version, positions: Vec::new(), recorded_at: None, repeated: false };
    }
    // Not by `entry` alone: it takes a copy of the name, which only a new stream needs.
    let indexes = match log.streams.get_mut(&stream) {
        Some(indexes) => indexes,
        None => log.streams.entry(stream.clone()).or_default(),
    };
    let recorded_at = indexes.last().map_or(now, |&last| now.max(log.events[last].recorded_at));
    let mut version = Version::new(indexes.len() as u64);
    let mut positions = Vec::with_capacity(events.len());
    let mut together = events.len();
    for event in events {
        let index = log.events.len();
        let position = Position::new(index as u64 + 1);
        version = version.plus(1);
        positions.push(position);
        indexes.push(index);
        log.ids.insert(event.id(), Place { index, together: mem::take(&mut together) });
        log.events.push(event.into_stored(stream.clone(), version, position, recorded_at));
    }
    Appended { stream, version, positions, recorded_at: Some(recorded_at), repeated: false }
}
