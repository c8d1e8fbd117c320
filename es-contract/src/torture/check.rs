//! Checks the record of a torture against the log; it needs no store.

use std::{
    collections::{HashMap, HashSet},
    fmt,
};

use es_core::{Append, Appended, Expected, Filter, Position, StoredEvent, StreamId, Version};
use uuid::Uuid;

use super::{Attempt, AttemptOutcome, FinalLog, History, Seen};
use crate::BrokenPromise;

/// The result of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Every rule that was broken, and where; empty if all held.
    pub breaches: Vec<Breach>,
    /// How many events were acknowledged.
    pub acknowledged: usize,
    /// How many appends were refused.
    pub refused: usize,
    /// How many events subscribers saw.
    pub delivered: usize,
}

impl Report {
    /// Gives the report if every rule held.
    ///
    /// # Errors
    /// A rule was broken; the error names the first breaches.
    pub fn into_result(self) -> Result<Self, BrokenPromise> {
        if self.breaches.is_empty() {
            return Ok(self);
        }
        let first: Vec<_> = self.breaches.iter().take(5).map(ToString::to_string).collect();
        let seen = format!("{} breaches: {}", self.breaches.len(), first.join("; "));
        Err(BrokenPromise::new("answers, the log and what subscribers saw agree", seen))
    }
}

/// A rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Breach {
    /// An acknowledged event is not in the log.
    Lost {
        /// Its id.
        id: Uuid,
    },
    /// An event, a version of a stream, or a position is in the log twice.
    Twice {
        /// The id of the second one.
        id: Uuid,
    },
    /// An event in the log was not sent by any writer.
    Invented {
        /// Its id.
        id: Uuid,
    },
    /// The versions of a stream are not 1, 2, 3 … in the order of the log.
    Gap {
        /// The stream.
        stream: StreamId,
        /// The version that was found in place of `expected`.
        found: Version,
        /// The next version.
        expected: Version,
    },
    /// Only a part of an append is stored, or its events are not neighbours.
    Half {
        /// The first id of the append.
        id: Uuid,
    },
    /// An answer does not match the stored events.
    Answer {
        /// The stream of the answer.
        stream: StreamId,
    },
    /// An append was acknowledged although its stream was not as expected.
    Stale {
        /// The stream.
        stream: StreamId,
    },
    /// An event of a refused append is stored.
    Refused {
        /// The id of the event.
        id: Uuid,
    },
    /// A subscriber did not see exactly the events of the log.
    Subscriber {
        /// The number of the subscriber.
        number: usize,
        /// The first position where the two differ.
        at: Position,
    },
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost { id } => write!(f, "event `{id}` was acknowledged and is not stored"),
            Self::Twice { id } => write!(f, "event `{id}`, its version or its position is stored twice"),
            Self::Invented { id } => write!(f, "event `{id}` is stored and nobody sent it"),
            Self::Gap { stream, found, expected } => {
                write!(f, "stream `{stream}` has version {found} where {expected} comes next")
            }
            Self::Half { id } => write!(f, "the append that begins with event `{id}` is stored in part"),
            Self::Answer { stream } => write!(f, "an answer about stream `{stream}` is not what is stored"),
            Self::Stale { stream } => write!(f, "an append to stream `{stream}` was accepted at another version"),
            Self::Refused { id } => write!(f, "event `{id}` was refused and is stored"),
            Self::Subscriber { number, at } => write!(f, "subscriber {number} differs from the log at position {at}"),
        }
    }
}

/// Checks the record against the log: no acknowledged event is lost, no event is stored twice, versions have no gap, no append is
/// stored in part, every answer matches, no refused event is stored, and every subscriber saw exactly the log.
pub fn check(history: &History, log: &FinalLog) -> Report {
    let stored: HashMap<Uuid, &StoredEvent> = log.events.iter().map(|event| (event.id, event)).collect();
    let mut report = Report::default();
    check_log(log, &mut report);
    check_origin(history, log, &mut report);
    for attempt in &history.attempts {
        check_attempt(attempt, &stored, &mut report);
    }
    for (number, seen) in history.subscribers.iter().enumerate() {
        report.delivered += seen.events.len();
        report.breaches.extend(check_subscriber(number, seen, log));
    }
    report
}

fn check_log(log: &FinalLog, report: &mut Report) {
    let (mut ids, mut places, mut last) = (HashSet::new(), HashSet::new(), None);
    let mut versions: HashMap<&StreamId, Version> = HashMap::new();
    for event in &log.events {
        let twice = !ids.insert(event.id) | !places.insert((&event.stream, event.version));
        if twice || last.is_some_and(|last| event.position <= last) {
            report.breaches.push(Breach::Twice { id: event.id });
        }
        last = Some(event.position);
        let expected = versions.get(&event.stream).copied().unwrap_or_default().plus(1);
        if event.version != expected {
            let (stream, found) = (event.stream.clone(), event.version);
            report.breaches.push(Breach::Gap { stream, found, expected });
        }
        versions.insert(&event.stream, event.version);
    }
}

fn check_origin(history: &History, log: &FinalLog, report: &mut Report) {
    let appends = || history.attempts.iter().flat_map(|attempt| &attempt.appends);
    let sent: HashSet<Uuid> = appends().flat_map(|append| &append.events).map(es_core::NewEvent::id).collect();
    let invented = log.events.iter().filter(|event| !sent.contains(&event.id));
    report.breaches.extend(invented.map(|event| Breach::Invented { id: event.id }));
}

fn check_attempt(attempt: &Attempt, stored: &HashMap<Uuid, &StoredEvent>, report: &mut Report) {
    let ids = || attempt.appends.iter().flat_map(|append| &append.events).map(es_core::NewEvent::id);
    match &attempt.outcome {
        AttemptOutcome::Acknowledged(answers) => {
            report.acknowledged += ids().count();
            let lost: Vec<_> = ids().filter(|id| !stored.contains_key(id)).collect();
            if !lost.is_empty() {
                report.breaches.extend(lost.into_iter().map(|id| Breach::Lost { id }));
                return;
            }
            if answers.len() != attempt.appends.len() {
                let stream = attempt.appends.first().map(|append| append.stream.clone());
                report.breaches.extend(stream.map(|stream| Breach::Answer { stream }));
            }
            for (append, answer) in attempt.appends.iter().zip(answers) {
                report.breaches.extend(check_answer(append, answer, stored));
            }
        }
        AttemptOutcome::Refused => {
            report.refused += 1;
            report.breaches.extend(ids().filter(|id| stored.contains_key(id)).map(|id| Breach::Refused { id }));
        }
        AttemptOutcome::Unknown => {}
    }
    let there = ids().filter(|id| stored.contains_key(id)).count();
    let apart = attempt.appends.iter().any(|append| !side_by_side(append, stored));
    if there > 0 && (there < ids().count() || apart) {
        report.breaches.extend(ids().next().map(|id| Breach::Half { id }));
    }
}

/// Whether the stored events of an append are neighbours in its order.
fn side_by_side(append: &Append, stored: &HashMap<Uuid, &StoredEvent>) -> bool {
    let events: Vec<_> = append.events.iter().filter_map(|event| stored.get(&event.id())).collect();
    events.windows(2).all(|two| two[0].version.plus(1) == two[1].version)
        && events.iter().all(|event| event.stream == append.stream)
}

fn check_answer(append: &Append, answer: &Appended, stored: &HashMap<Uuid, &StoredEvent>) -> Option<Breach> {
    let stream = append.stream.clone();
    let events: Vec<_> = append.events.iter().filter_map(|event| stored.get(&event.id())).collect();
    let (Some(first), Some(last)) = (events.first(), events.last()) else {
        let found = holds(append.expected, answer.version) || answer.repeated;
        return (!found).then_some(Breach::Stale { stream });
    };
    let same = answer.stream == append.stream
        && answer.version == last.version
        && answer.positions.iter().eq(events.iter().map(|event| &event.position))
        && events.iter().all(|event| answer.recorded_at == Some(event.recorded_at))
        && append.events.iter().zip(&events).all(|(new, stored)| {
            *new.payload() == stored.payload && *new.name() == stored.name && new.metadata() == stored.metadata.as_ref()
        });
    if !same {
        return Some(Breach::Answer { stream });
    }
    let before = Version::new(first.version.get() - 1);
    (!holds(append.expected, before)).then_some(Breach::Stale { stream })
}

/// Written again instead of calling [`Expected::holds`], which a store may use for its verdict.
fn holds(expected: Expected, actual: Version) -> bool {
    match expected {
        Expected::Any => true,
        Expected::Exists => actual.get() > 0,
        Expected::NoStream => actual.get() == 0,
        Expected::Exact(version) => actual.get() == version.get(),
    }
}

/// Written again instead of calling [`Filter::accepts`], which a store may use for its reads.
fn accepts(filter: &Filter, event: &StoredEvent) -> bool {
    let category = filter.categories().is_none_or(|mut all| all.any(|one| one == event.stream.category()));
    let name = filter.names().is_none_or(|mut all| all.any(|one| one == event.name.as_str()));
    category && name
}

fn check_subscriber(number: usize, seen: &Seen, log: &FinalLog) -> Option<Breach> {
    let accepted = |event: &&StoredEvent| accepts(&seen.filter, event);
    let above = |event: &&StoredEvent| event.position > seen.after;
    let mut expected = log.events.iter().filter(above).filter(accepted).map(|event| (event.position, event.id)).fuse();
    for delivered in &seen.events {
        if expected.next() != Some(*delivered) {
            return Some(Breach::Subscriber { number, at: delivered.0 });
        }
    }
    expected.next().map(|(at, _)| Breach::Subscriber { number, at })
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
