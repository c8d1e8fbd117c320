//! Tests each rule of the check with a history written by hand.

use bytes::Bytes;
use es_core::{EventName, Expected, Filter, NewEvent, SchemaVersion, Timestamp};

use super::*;

fn stream(id: &str) -> StreamId {
    StreamId::new("hand", id).unwrap()
}

fn event(id: u128) -> NewEvent {
    let name = EventName::from_static("hand.made").unwrap();
    NewEvent::from_json(Uuid::from_u128(id), name, SchemaVersion::FIRST, id.to_string()).unwrap()
}

fn stored(id: u128, stream: &StreamId, version: u64, position: u64) -> StoredEvent {
    event(id).into_stored(stream.clone(), Version::new(version), Position::new(position), Timestamp::UNIX_EPOCH)
}

fn answer(stream: &StreamId, version: u64, positions: &[u64]) -> Appended {
    let positions = positions.iter().map(|position| Position::new(*position)).collect();
    Appended::new(stream.clone(), Version::new(version), positions, Timestamp::UNIX_EPOCH)
}

/// Stream `a` holds the events 1 and 2 of one append, stream `b` event 3, which came with an assertion on `a`; event 4
/// was refused, and the outcome of event 5 is unknown.
fn sound() -> (History, FinalLog) {
    let (a, b) = (stream("a"), stream("b"));
    let exact = |version| Expected::Exact(Version::new(version));
    let attempts = vec![
        Attempt {
            appends: vec![Append::new(a.clone(), Expected::NoStream, vec![event(1), event(2)])],
            outcome: AttemptOutcome::Acknowledged(vec![answer(&a, 2, &[1, 2])]),
        },
        Attempt {
            appends: vec![
                Append::new(b.clone(), Expected::Any, vec![event(3)]),
                Append::assertion(a.clone(), exact(2)),
            ],
            outcome: AttemptOutcome::Acknowledged(vec![
                answer(&b, 1, &[3]),
                Appended::assertion(a.clone(), Version::new(2)),
            ]),
        },
        Attempt { appends: vec![Append::new(a.clone(), exact(1), vec![event(4)])], outcome: AttemptOutcome::Refused },
        Attempt { appends: vec![Append::new(a.clone(), exact(2), vec![event(5)])], outcome: AttemptOutcome::Unknown },
    ];
    let events = vec![stored(1, &a, 1, 1), stored(2, &a, 2, 2), stored(3, &b, 1, 3)];
    let seen = |from: usize| events[from..].iter().map(|event| (event.position, event.id)).collect();
    let subscribers = vec![
        Seen { after: Position::START, filter: Filter::all(), events: seen(0) },
        Seen { after: Position::new(1), filter: Filter::all().category("hand"), events: seen(1) },
        Seen { after: Position::START, filter: Filter::all().name("another"), events: Vec::new() },
    ];
    (History { seed: 0, attempts, subscribers }, FinalLog { events })
}

fn breaches(change: impl FnOnce(&mut History, &mut FinalLog)) -> Vec<Breach> {
    let (mut history, mut log) = sound();
    change(&mut history, &mut log);
    // Subscribers saw exactly the log, unless a test is about them.
    check(&history, &log).breaches.into_iter().filter(|breach| !matches!(breach, Breach::Subscriber { .. })).collect()
}

fn id(id: u128) -> Uuid {
    Uuid::from_u128(id)
}

#[test]
fn a_correct_history_has_no_breaches() {
    let (history, log) = sound();
    let report = check(&history, &log).into_result().unwrap();
    assert_eq!((report.acknowledged, report.refused, report.delivered), (3, 1, 5));
}

#[test]
fn a_lost_acknowledgement_is_found() {
    let found = breaches(|_, log| drop(log.events.pop()));
    assert_eq!(found, [Breach::Lost { id: id(3) }]);
}

#[test]
fn an_event_that_is_stored_twice_is_found() {
    for version in [1, 2] {
        let found = breaches(|_, log| log.events.push(stored(3, &stream("b"), version, 4)));
        assert!(found.contains(&Breach::Twice { id: id(3) }), "version {version}: {found:?}");
    }
}

#[test]
fn a_position_that_does_not_rise_is_found() {
    let found = breaches(|_, log| log.events[2].position = Position::new(2));
    assert!(found.contains(&Breach::Twice { id: id(3) }), "{found:?}");
}

#[test]
fn a_version_that_is_stored_twice_is_found() {
    let found = breaches(|_, log| log.events[1].version = Version::new(1));
    assert!(found.contains(&Breach::Twice { id: id(2) }), "{found:?}");
}

#[test]
fn a_gap_is_found() {
    let found = breaches(|_, log| log.events[1].version = Version::new(3));
    let gap = Breach::Gap { stream: stream("a"), found: Version::new(3), expected: Version::new(2) };
    assert!(found.contains(&gap), "{found:?}");
}

#[test]
fn an_event_that_no_writer_sent_is_found() {
    let found = breaches(|_, log| log.events.push(stored(9, &stream("b"), 2, 4)));
    assert_eq!(found, [Breach::Invented { id: id(9) }]);
}

#[test]
fn a_half_append_is_found() {
    let found = breaches(|history, _| {
        history.attempts[0].outcome = AttemptOutcome::Unknown;
        history.attempts[0].appends[0].events.push(event(7));
    });
    assert_eq!(found, [Breach::Half { id: id(1) }]);
}

#[test]
fn an_append_whose_events_are_not_neighbours_is_found() {
    let torn = |log: &mut FinalLog| {
        let (a, b) = (stream("a"), stream("b"));
        log.events = vec![stored(1, &a, 1, 1), stored(5, &a, 2, 2), stored(2, &a, 3, 3), stored(3, &b, 1, 4)];
    };
    assert!(breaches(|_, log| torn(log)).contains(&Breach::Half { id: id(1) }));
}

#[test]
fn an_append_in_another_stream_is_found() {
    let found = breaches(|history, _| {
        history.attempts[1].outcome = AttemptOutcome::Unknown;
        history.attempts[1].appends[0].stream = stream("c");
    });
    assert_eq!(found, [Breach::Half { id: id(3) }]);
}

#[test]
fn an_append_of_an_unknown_outcome_may_be_stored() {
    let found = breaches(|_, log| log.events.push(stored(5, &stream("a"), 3, 4)));
    assert_eq!(found, []);
}

#[test]
fn an_answer_that_does_not_match_the_log_is_found() {
    let wrong: [fn(&mut Appended); 4] = [
        |answer| answer.version = Version::new(3),
        |answer| answer.positions.reverse(),
        |answer| answer.recorded_at = None,
        |answer| answer.stream = stream("b"),
    ];
    for change in wrong {
        let found = breaches(|history, _| {
            if let AttemptOutcome::Acknowledged(answers) = &mut history.attempts[0].outcome {
                change(&mut answers[0]);
            }
        });
        assert_eq!(found, [Breach::Answer { stream: stream("a") }]);
    }
}

#[test]
fn a_missing_answer_is_found() {
    let found = breaches(|history, _| history.attempts[0].outcome = AttemptOutcome::Acknowledged(Vec::new()));
    assert_eq!(found, [Breach::Answer { stream: stream("a") }]);
}

#[test]
fn stored_bytes_that_differ_from_the_sent_ones_are_found() {
    let wrong: [fn(&mut StoredEvent); 3] = [
        |event| event.payload = Bytes::from_static(b"0"),
        |event| event.metadata = Some(Bytes::from_static(b"{}")),
        |event| event.name = EventName::from_static("renamed").unwrap(),
    ];
    for change in wrong {
        assert_eq!(breaches(|_, log| change(&mut log.events[1])), [Breach::Answer { stream: stream("a") }]);
    }
}

#[test]
fn a_stale_append_that_was_accepted_is_found() {
    let found = breaches(|history, _| history.attempts[0].appends[0].expected = Expected::Exists);
    assert_eq!(found, [Breach::Stale { stream: stream("a") }]);
}

#[test]
fn a_stale_assertion_that_was_accepted_is_found() {
    let found = breaches(|history, _| history.attempts[1].appends[1].expected = Expected::NoStream);
    assert_eq!(found, [Breach::Stale { stream: stream("a") }]);
}

#[test]
fn an_assertion_of_a_repeat_may_be_stale() {
    let found = breaches(|history, _| {
        history.attempts[1].appends[1].expected = Expected::NoStream;
        if let AttemptOutcome::Acknowledged(answers) = &mut history.attempts[1].outcome {
            for answer in answers {
                answer.repeated = true;
            }
        }
    });
    assert_eq!(found, []);
}

#[test]
fn a_refused_event_that_is_stored_is_found() {
    let found = breaches(|_, log| log.events.push(stored(4, &stream("a"), 3, 4)));
    assert_eq!(found, [Breach::Refused { id: id(4) }]);
}

#[test]
fn a_subscriber_that_differs_from_the_log_is_found() {
    type Change = fn(&mut Vec<(Position, Uuid)>);
    let wrong: [(Change, u64); 5] = [
        (|seen| seen.retain(|(position, _)| *position != 2), 3),
        (|seen| seen.truncate(2), 3),
        (|seen| seen.swap(0, 1), 2),
        (|seen| seen.push(seen[2]), 3),
        (|seen| seen[1].1 = Uuid::nil(), 2),
    ];
    for (change, at) in wrong {
        let (mut history, log) = sound();
        change(&mut history.subscribers[0].events);
        let found = check(&history, &log).breaches;
        assert_eq!(found, [Breach::Subscriber { number: 0, at: Position::new(at) }]);
    }
}

#[test]
fn a_subscriber_is_held_to_its_filter_and_its_start() {
    let (mut history, log) = sound();
    history.subscribers[1].after = Position::START;
    history.subscribers[2].filter = Filter::all();
    let found = check(&history, &log).breaches;
    let at = Position::new;
    assert_eq!(found, [Breach::Subscriber { number: 1, at: at(2) }, Breach::Subscriber { number: 2, at: at(1) }]);
}

#[test]
fn the_first_breaches_are_named() {
    let (history, _) = sound();
    let broken = check(&history, &FinalLog::default()).into_result().unwrap_err();
    assert!(broken.to_string().contains("5 breaches"), "{broken}");
    assert!(broken.to_string().contains("was acknowledged and is not stored"), "{broken}");
}
