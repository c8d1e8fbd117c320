//! What each append of a batch hears.

use es_core::{Append, Appended, Conflict, Position, Version, Violation};

use crate::append::columns::{Call, Columns};
use crate::append::statement::Answer;
use crate::server::error::PostgresError;

/// What became of one append.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Appended, now or when it was sent before.
    Done(Vec<Appended>),
    /// A stream was not as expected.
    Conflict(Conflict),
    /// Another transaction holds one of its streams.
    Busy,
}

const CONFLICT: i16 = 1;
const REPEATED: i16 = 2;
const BUSY: i16 = 3;

/// The verdict on each call, in order.
pub(crate) fn verdicts(
    calls: &[Call<'_>],
    columns: &Columns<'_>,
    answer: &Answer,
) -> Result<Vec<Verdict>, PostgresError> {
    let mut positions = answer.positions.iter();
    calls
        .iter()
        .enumerate()
        .map(|(number, Call { appends, .. })| {
            // every event has its place in the answer, also one that was not appended
            let own = appends.iter().map(|append| positions.by_ref().take(append.events.len()).collect()).collect();
            verdict(appends, own, columns.places(number), answer).ok_or_else(incomplete)
        })
        .collect()
}

fn verdict(
    appends: &[Append],
    positions: Vec<Vec<&Option<i64>>>,
    places: &[usize],
    answer: &Answer,
) -> Option<Verdict> {
    let code = match (&answer.verdicts, places.first()) {
        (Some(verdicts), Some(place)) => *verdicts.get(*place)?,
        _ => 0,
    };
    match code {
        BUSY => Some(Verdict::Busy),
        CONFLICT => conflict(appends, places, answer).map(Verdict::Conflict),
        _ => {
            let repeated = code == REPEATED;
            let done = appends.iter().zip(positions).zip(places);
            done.map(|((append, positions), place)| appended(append, &positions, *place, answer, repeated))
                .collect::<Option<_>>()
                .map(Verdict::Done)
        }
    }
}

fn appended(
    append: &Append,
    positions: &[&Option<i64>],
    place: usize,
    answer: &Answer,
    repeated: bool,
) -> Option<Appended> {
    let (stream, count) = (append.stream.clone(), append.events.len() as u64);
    let actual = Version::try_from(*answer.actual.get(place)?).ok()?;
    let version = if repeated { actual } else { actual.plus(count) };
    let appended = if count == 0 {
        Appended::assertion(stream, version)
    } else {
        let positions =
            positions.iter().map(|position| Position::try_from((**position)?).ok()).collect::<Option<_>>()?;
        Appended::new(stream, version, positions, answer.recorded.get(place)?.0)
    };
    let appended = appended.with_repeated(repeated);
    Some(match answer.incarnation {
        Some(incarnation) => appended.with_incarnation(incarnation),
        None => appended,
    })
}

fn conflict(appends: &[Append], places: &[usize], answer: &Answer) -> Option<Conflict> {
    let violations = appends.iter().zip(places).filter_map(|(append, place)| {
        let actual = Version::try_from(*answer.actual.get(*place)?).ok()?;
        let ids_taken = answer.ids_taken.as_ref().and_then(|taken| taken.get(*place)).is_some_and(|taken| *taken);
        (ids_taken || !append.expected.holds(actual))
            .then(|| Violation::of_stream(append.stream.clone(), append.expected, actual).with_ids_taken(ids_taken))
    });
    Conflict::from_all(violations)
}

fn incomplete() -> PostgresError {
    PostgresError::Answer("the append's answer does not fit what was sent".into())
}
