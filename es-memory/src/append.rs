//! Decides on an append and executes it, both under the log's one lock.

use std::mem;

use es_core::{
    Append, AppendError, AppendRequest, Appended, Expected, Known, KnownKey, NewEvent, Position, StoredEvent, StreamId,
    Timestamp, Verdict, Version,
};
use uuid::Uuid;

use crate::log::{Key, Location, Log};

/// Appends all of `request` or nothing, at the time of `clock`. The caller has checked the limits.
pub(crate) fn append(
    log: &mut Log,
    request: AppendRequest,
    clock: impl Fn() -> Timestamp,
) -> Result<Vec<Appended>, AppendError> {
    match Verdict::on(&request, log) {
        Verdict::Append => {}
        Verdict::Repeated => {
            return Ok(request.into_parts().0.into_iter().map(|append| first_answer(log, append)).collect());
        }
        Verdict::KeyTaken(taken) => return Err(taken.into()),
        Verdict::Conflict(conflict) => return Err(conflict.into()),
    }
    let now = clock();
    let event = request.events().next().map(NewEvent::id);
    let (appends, keys) = request.into_parts();
    for key in keys {
        log.keys.insert(key.key().to_owned(), Key { key, event });
    }
    Ok(appends.into_iter().map(|append| execute(log, append, now)).collect())
}

impl Known for Log {
    fn version(&self, stream: &StreamId) -> Version {
        Log::version(self, stream)
    }

    fn event(&self, id: Uuid) -> Option<es_core::KnownEvent<'_>> {
        let location = self.ids.get(&id)?;
        let event = &self.events[location.index];
        Some(es_core::KnownEvent { stream: &event.stream, version: event.version, together: location.together })
    }

    fn key(&self, key: &str) -> Option<KnownKey<'_>> {
        let Key { key, event } = self.keys.get(key)?;
        Some(KnownKey { digest: key.digest(), outcome: key.outcome(), event: *event })
    }
}

fn first_answer(log: &Log, append: Append) -> Appended {
    let stored: Vec<&StoredEvent> = append.events.iter().filter_map(|event| log.event(event.id())).collect();
    let version = match (stored.last(), append.expected) {
        (Some(last), _) => last.version,
        (None, Expected::Exact(version)) => version,
        (None, Expected::NoStream) => Version::NONE,
        (None, Expected::Any | Expected::Exists) => log.version(&append.stream),
    };
    match stored.first() {
        None => Appended::assertion(append.stream, version),
        Some(first) => {
            let positions = stored.iter().map(|event| event.position).collect();
            Appended::new(append.stream, version, positions, first.recorded_at)
        }
    }
    .with_repeated(true)
    .with_incarnation(log.incarnation)
}

fn execute(log: &mut Log, append: Append, now: Timestamp) -> Appended {
    let Append { stream, events, .. } = append;
    if events.is_empty() {
        let version = log.version(&stream);
        return Appended::assertion(stream, version).with_incarnation(log.incarnation);
    }
    // Calls `entry` only for a new stream, since it needs a clone of the name.
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
        log.ids.insert(event.id(), Location { index, together: mem::take(&mut together) });
        log.events.push(event.into_stored(stream.clone(), version, position, recorded_at));
    }
    Appended::new(stream, version, positions, recorded_at).with_incarnation(log.incarnation)
}
