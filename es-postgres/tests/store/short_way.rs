//! One event for one stream goes a shorter way through the function that appends: it must answer as the long one does.

use es_core::{Append, AppendError, EventStore, Expected, NewEvent};

use crate::fixture::{Fixture, event, exact, stream, with_append};

/// So many appends, most of them of one event, many of them repeated or refused.
const APPENDS: usize = 600;

#[derive(Debug, Default)]
struct Answers {
    appended: usize,
    repeated: usize,
    refused: usize,
}

#[tokio::test]
async fn the_short_way_answers_as_the_long_one() {
    let long = with_append("cardinality(calls) = 1 AND cardinality(event_ids) = 1", "false");
    let answers = compare(&long).await.unwrap();
    let enough = APPENDS / 10;
    assert!(answers.appended > enough && answers.repeated > enough && answers.refused > enough, "{answers:?}");
}

#[tokio::test]
async fn a_short_way_that_answers_otherwise_is_caught() {
    let variants = [
        (
            "refused := NOT CASE WHEN expected[1] >= 0 THEN expected[1] = actual[1]",
            "refused := NOT CASE WHEN expected[1] >= 0 THEN true",
        ),
        ("ELSE last_version IS NOT NULL END", "ELSE true END"),
        ("actual[1] + steps[1], event_ids[1]", "actual[1] + steps[1] + 1, event_ids[1]"),
        ("IF NOT check_repeats AND (-1 = ANY", "IF NOT single AND (-1 = ANY"),
    ];
    for (right, wrong) in variants {
        let caught = compare(&with_append(right, wrong)).await.unwrap_err();
        assert!(caught.starts_with("to ["), "{wrong}: {caught}");
    }
}

/// Sends the same appends to a log as it is and to one with another function: the first that is answered otherwise.
async fn compare(function: &str) -> Result<Answers, String> {
    let (ours, other) = (Fixture::new().await, Fixture::new().await);
    other.database.run(&[function]).unwrap();
    let mut chance = Chance(7);
    let mut events: Vec<NewEvent> = (0..6).map(|_| event("{}")).collect();
    let mut answers = Answers::default();
    for number in 0..APPENDS {
        if number % 3 == 0 {
            let place = chance.below(events.len());
            events[place] = event("{}");
        }
        let appends = chance.appends(&events);
        let first = answer(&ours, appends.clone(), &mut answers).await;
        let second = answer(&other, appends.clone(), &mut Answers::default()).await;
        if first != second {
            return Err(format!("to {appends:?}: {first} and {second}"));
        }
    }
    Ok(answers)
}

/// What was answered, without its time.
async fn answer(fixture: &Fixture, appends: Vec<Append>, answers: &mut Answers) -> String {
    match fixture.store.append(appends.into()).await {
        Ok(appended) => {
            let repeated = appended.iter().any(|appended| appended.repeated);
            *(if repeated { &mut answers.repeated } else { &mut answers.appended }) += 1;
            let parts = appended.iter().map(|it| (it.version, &it.positions, it.repeated, it.recorded_at.is_some()));
            format!("{:?}", parts.collect::<Vec<_>>())
        }
        Err(AppendError::Conflict(conflict)) => {
            answers.refused += 1;
            format!("{conflict:?}")
        }
        Err(error) => format!("{error:?}"),
    }
}

/// The same numbers each time: what is compared must not depend on luck.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn appends(&mut self, events: &[NewEvent]) -> Vec<Append> {
        let streams = if self.below(5) == 0 { 2 } else { 1 };
        let append = |place: usize| {
            let id = ["1", "2", "3", "absent"][(self.below(2) + place * 2) % 4];
            let expected = match self.below(4) {
                0 => Expected::Any,
                1 => Expected::Exists,
                2 => Expected::NoStream,
                _ => exact(self.below(20) as u64 + 1),
            };
            let assertion = self.below(if place == 0 { 6 } else { 2 }) == 0;
            // an append has an event once
            let chosen = events[(self.below(3) * 2 + place) % events.len()].clone();
            Append::new(stream(id), expected, if assertion { Vec::new() } else { vec![chosen] })
        };
        (0..streams).map(append).collect()
    }
}
