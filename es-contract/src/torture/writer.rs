//! A writer task: appends at random, and sends an append again whose answer was lost.

use std::{collections::HashMap, sync::Arc, time::Instant};

use es_core::{
    Append, AppendError, Appended, EventName, EventStore, Expected, LimitError, NewEvent, SchemaVersion, StreamId,
    Version,
};
use rand::{RngExt as _, rngs::StdRng};
use uuid::Uuid;

use super::{Attempt, AttemptOutcome, Plan, faulty};

/// How often an append is sent before its outcome stays unknown.
const AGAIN: usize = 50;

/// Appends until `end`.
pub(super) async fn write(plan: Arc<Plan>, number: u64, end: Instant) -> Vec<Attempt> {
    let (store, mut random) = faulty(&plan, number + 1);
    let mut known: HashMap<StreamId, Version> = HashMap::new();
    let mut attempts: Vec<Attempt> = Vec::new();
    while Instant::now() < end {
        // Now and then an old append is sent again: it must get its first answer.
        let old = attempts.iter().rev().nth(random.random_range(0..20));
        let appends = match old {
            Some(Attempt { appends, outcome: AttemptOutcome::Acknowledged(_) }) if random.random_bool(0.05) => {
                appends.clone()
            }
            _ => match draw(&plan, &mut random, &known) {
                Ok(appends) => appends,
                Err(_) => continue,
            },
        };
        let outcome = send(&store, &appends, &mut random, &mut known).await;
        attempts.push(Attempt { appends, outcome });
        tokio::task::yield_now().await;
    }
    attempts
}

/// Sends an append until there is an answer.
async fn send(
    store: &impl EventStore,
    appends: &[Append],
    random: &mut StdRng,
    known: &mut HashMap<StreamId, Version>,
) -> AttemptOutcome {
    for _ in 0..AGAIN {
        match store.append(appends.to_vec().into()).await {
            Ok(answer) => {
                let places = answer.iter().map(|Appended { stream, version, .. }| (stream.clone(), *version));
                known.extend(places);
                return AttemptOutcome::Acknowledged(answer);
            }
            Err(AppendError::Conflict(conflict)) => {
                known.extend(conflict.violations().filter_map(|one| Some((one.stream()?.clone(), one.actual()?))));
                return AttemptOutcome::Refused;
            }
            // Nothing was appended, or the outcome is unknown. Both may be sent again; one in ten is not.
            Err(AppendError::Store(_) | AppendError::Unknown(_)) if random.random_bool(0.9) => {}
            Err(AppendError::Store(_) | AppendError::Unknown(_)) => return AttemptOutcome::Unknown,
            Err(_) => return AttemptOutcome::Refused,
        }
    }
    AttemptOutcome::Unknown
}

/// Draws an append to one to three streams, each with one to four events or, beside the first, with an assertion.
fn draw(plan: &Plan, random: &mut StdRng, known: &HashMap<StreamId, Version>) -> Result<Vec<Append>, LimitError> {
    let first = random.random_range(0..plan.streams);
    let count = [1, 1, 1, 2, 2, 3][random.random_range(0..6)].min(plan.streams);
    (0..count)
        .map(|number| {
            let stream = (first + number) % plan.streams;
            let stream = StreamId::new(["torture", "other"][usize::from(stream % 2 == 1)], stream.to_string())?;
            let version = known.get(&stream).copied().unwrap_or_default();
            let expected = match random.random_range(0..8) {
                0..4 => Expected::Exact(version),
                4 if version > Version::NONE => Expected::Exists,
                5 if random.random_bool(0.2) => Expected::NoStream,
                _ => Expected::Any,
            };
            let events = if number > 0 && random.random_bool(0.3) { 0 } else { random.random_range(1..=4) };
            let events = (0..events).map(|_| event(random)).collect::<Result<_, _>>()?;
            Ok(Append::new(stream, expected, events))
        })
        .collect()
}

fn event(random: &mut StdRng) -> Result<NewEvent, LimitError> {
    let kind = ["torture.a", "torture.b", "torture.c"][random.random_range(0..3)];
    let payload = format!(r#"{{"number":{}}}"#, random.random::<u64>());
    let event = NewEvent::from_json(Uuid::now_v7(), EventName::from_static(kind)?, SchemaVersion::FIRST, payload);
    // Cannot fail: a number in an object is JSON within every limit.
    event.map_err(|_| LimitError::Empty { what: "payload" })
}
