//! Reads the verdict on each append from the answer of the SQL function.
//!
//! The server decides, in the functions `append` and `decide` of `migrations/0006_append.sql`; this file only reads the
//! answer.

use es_core::{Append, Appended, Conflict, Position, Version, Violation};

use crate::{
    append::{
        columns::{Call, Columns},
        statement::Answer,
    },
    server::error::PostgresError,
};

/// The outcome of one append.
#[derive(Debug)]
pub(crate) enum ServerVerdict {
    /// Appended, now or by an earlier attempt.
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
) -> Result<Vec<ServerVerdict>, PostgresError> {
    let mut positions = answer.positions.iter();
    calls
        .iter()
        .enumerate()
        .map(|(number, Call { appends, .. })| {
            // The answer has an element for every event, also for those that were not appended.
            let own = appends.iter().map(|append| positions.by_ref().take(append.events.len()).collect()).collect();
            verdict(appends, own, columns.stream_indexes(number), answer).ok_or_else(incomplete)
        })
        .collect()
}

fn verdict(
    appends: &[Append],
    positions: Vec<Vec<&Option<i64>>>,
    stream_indexes: &[usize],
    answer: &Answer,
) -> Option<ServerVerdict> {
    let code = match (&answer.verdicts, stream_indexes.first()) {
        (Some(verdicts), Some(index)) => *verdicts.get(*index)?,
        _ => 0,
    };
    match code {
        BUSY => Some(ServerVerdict::Busy),
        CONFLICT => conflict(appends, stream_indexes, answer).map(ServerVerdict::Conflict),
        _ => {
            let repeated = code == REPEATED;
            let done = appends.iter().zip(positions).zip(stream_indexes);
            done.map(|((append, positions), index)| appended(append, &positions, *index, answer, repeated))
                .collect::<Option<_>>()
                .map(ServerVerdict::Done)
        }
    }
}

fn appended(
    append: &Append,
    positions: &[&Option<i64>],
    index: usize,
    answer: &Answer,
    repeated: bool,
) -> Option<Appended> {
    let (stream, count) = (append.stream.clone(), append.events.len() as u64);
    let actual = Version::try_from(*answer.actual.get(index)?).ok()?;
    let version = if repeated { actual } else { actual.plus(count) };
    let appended = if count == 0 {
        Appended::assertion(stream, version)
    } else {
        let positions =
            positions.iter().map(|position| Position::try_from((**position)?).ok()).collect::<Option<_>>()?;
        Appended::new(stream, version, positions, answer.recorded.get(index)?.0)
    };
    let appended = appended.with_repeated(repeated);
    Some(match answer.incarnation {
        Some(incarnation) => appended.with_incarnation(incarnation),
        None => appended,
    })
}

fn conflict(appends: &[Append], stream_indexes: &[usize], answer: &Answer) -> Option<Conflict> {
    let violations = appends.iter().zip(stream_indexes).filter_map(|(append, index)| {
        let actual = Version::try_from(*answer.actual.get(*index)?).ok()?;
        let ids_taken = answer.ids_taken.as_ref().and_then(|taken| taken.get(*index)).is_some_and(|taken| *taken);
        (ids_taken || !append.expected.holds(actual))
            .then(|| Violation::of_stream(append.stream.clone(), append.expected, actual).with_ids_taken(ids_taken))
    });
    Conflict::from_all(violations)
}

fn incomplete() -> PostgresError {
    PostgresError::Answer("the answer to an append does not match what was sent".into())
}
