//! A writer: appends at random, and sends again what it got no answer for.

use std::{collections::HashMap, sync::Arc, time::Instant};

use es_core::{
    Append, AppendError, Appended, EventName, EventStore, Expected, LimitError, NewEvent, SchemaVersion, StreamId,
    Version,
};
use uuid::Uuid;

use super::{Attempt, Outcome, Plan, faulty};
use crate::faulty::Dice;

/// How often an append is sent again before its outcome stays unknown.
const AGAIN: usize = 50;

/// Appends until `end`.
pub(super) async fn write(plan: Arc<Plan>, number: u64, end: Instant) -> Vec<Attempt> {
    let (store, dice) = faulty(&plan, number + 1);
    let mut known: HashMap<StreamId, Version> = HashMap::new();
    let mut attempts: Vec<Attempt> = Vec::new();
    while Instant::now() < end {
        // Now and then an old append once more: it must get its first answer.
        let old = attempts.iter().rev().nth(usize::try_from(dice.below(20)).unwrap_or_default());
        let appends = match old {
            Some(Attempt { appends, outcome: Outcome::Acknowledged(_) }) if dice.hits(0.05) => appends.clone(),
            _ => match draw(&plan, &dice, &known) {
                Ok(appends) => appends,
                Err(_) => continue,
            },
        };
        let outcome = send(&store, &appends, &dice, &mut known).await;
        attempts.push(Attempt { appends, outcome });
        tokio::task::yield_now().await;
    }
    attempts
}

/// Sends until there is an answer.
async fn send(
    store: &impl EventStore,
    appends: &[Append],
    dice: &Dice,
    known: &mut HashMap<StreamId, Version>,
) -> Outcome {
    for _ in 0..AGAIN {
        match store.append(appends.to_vec()).await {
            Ok(answer) => {
                let places = answer.iter().map(|Appended { stream, version, .. }| (stream.clone(), *version));
                known.extend(places);
                return Outcome::Acknowledged(answer);
            }
            Err(AppendError::Conflict(conflict)) => {
                known.extend(conflict.violations().map(|one| (one.stream.clone(), one.actual)));
                return Outcome::Refused;
            }
            // Nothing was sent, or nobody knows: both may be sent again, and some are left as they are.
            Err(AppendError::Store(_) | AppendError::Unknown(_)) if dice.hits(0.9) => {}
            Err(AppendError::Store(_) | AppendError::Unknown(_)) => return Outcome::Unknown,
            Err(_) => return Outcome::Refused,
        }
    }
    Outcome::Unknown
}

/// One to three streams, one to four events each, or an assertion beside them.
fn draw(plan: &Plan, dice: &Dice, known: &HashMap<StreamId, Version>) -> Result<Vec<Append>, LimitError> {
    let first = dice.below(plan.streams);
    let count = [1, 1, 1, 2, 2, 3][usize::try_from(dice.below(6)).unwrap_or_default()].min(plan.streams);
    (0..count)
        .map(|number| {
            let stream = (first + number) % plan.streams;
            let stream = StreamId::new(["torture", "other"][usize::from(stream % 2 == 1)], stream.to_string())?;
            let version = known.get(&stream).copied().unwrap_or_default();
            let expected = match dice.below(8) {
                0..4 => Expected::Exact(version),
                4 if version > Version::NONE => Expected::Exists,
                5 if dice.hits(0.2) => Expected::NoStream,
                _ => Expected::Any,
            };
            let events = if number > 0 && dice.hits(0.3) { 0 } else { 1 + dice.below(4) };
            let events = (0..events).map(|_| event(dice)).collect::<Result<_, _>>()?;
            Ok(Append::new(stream, expected, events))
        })
        .collect()
}

fn event(dice: &Dice) -> Result<NewEvent, LimitError> {
    let kind = ["torture.a", "torture.b", "torture.c"][usize::try_from(dice.below(3)).unwrap_or_default()];
    let payload = format!(r#"{{"number":{}}}"#, dice.next());
    let event = NewEvent::from_json(Uuid::now_v7(), EventName::from_static(kind)?, SchemaVersion::FIRST, payload);
    // A number in an object is JSON within every limit.
    event.map_err(|_| LimitError::Empty { what: "payload" })
}
