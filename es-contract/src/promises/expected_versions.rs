//! Expected versions: an append is accepted only if its stream is as expected.

use es_core::{Append, AppendError, Appended, Expected, StreamId, Version, Violation};

use super::{
    Subject, conflict, ensure_eq, note, notes,
    subject::{failed, ids},
};
use crate::{BrokenPromise, Factory};

const EXACT_2: Expected = Expected::Exact(Version::new(2));

/// `Any` holds for an absent stream and for a present one.
pub async fn any_holds_whatever_the_stream_holds(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    holds_at(factory, Expected::Any, &[0, 1, 2, 3], 1).await
}

/// `NoStream` holds for an absent stream only.
pub async fn no_stream_holds_for_an_absent_stream_only(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    holds_at(factory, Expected::NoStream, &[0], 1).await
}

/// `Exists` holds for a present stream, at any version.
pub async fn exists_holds_for_a_present_stream_only(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    holds_at(factory, Expected::Exists, &[1, 2, 3], 1).await
}

/// `Exact` holds at that version only.
pub async fn exact_holds_at_that_version_only(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    holds_at(factory, EXACT_2, &[2], 1).await
}

/// `Exact` of version 0 means `NoStream`.
pub async fn exact_zero_is_no_stream(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    holds_at(factory, Expected::Exact(Version::NONE), &[0], 1).await?;
    holds_at(factory, Expected::Exact(Version::NONE), &[0], 0).await
}

/// A version that no stream reaches always conflicts, and is never taken for `Any` or `Exists`: alone and beside other streams,
/// for appends and assertions, for absent and present streams.
pub async fn a_version_that_no_stream_reaches_never_holds(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let (absent, present, beside) = (subject.stream("absent")?, subject.stream("present")?, subject.stream("beside")?);
    subject.fill(&present, 3).await?;
    for version in absurd_versions() {
        let expected = Expected::Exact(version);
        for (stream, actual) in [(&absent, 0), (&present, 3)] {
            for events in [Vec::new(), vec![note(9)?], notes(0..3)?] {
                let what = format!("{} event(s) expecting {expected} of a stream at version {actual}", events.len());
                let alone = conflict(&what, subject.append(stream, expected, events.clone()).await)?;
                ensure_eq(&format!("{what}: the actual version"), Some(Version::new(actual)), alone.actual())?;
                let together = vec![
                    Append::new(beside.clone(), Expected::Any, vec![note(1)?]),
                    Append::new(stream.clone(), expected, events),
                ];
                let together =
                    conflict(&format!("{what}, beside another"), only(subject.store.append(together.into()).await))?;
                ensure_eq(&format!("{what}, beside another: the stream"), Some(stream), together.stream())?;
            }
        }
    }
    ensure_eq("nothing is stored", 3, subject.log().await?.len())
}

/// Huge versions that the type accepts; serde must refuse numbers above the range of a `bigint`.
fn absurd_versions() -> Vec<Version> {
    let numbers = [1 << 53, i64::MAX.cast_unsigned() - 1, i64::MAX.cast_unsigned(), 1 << 63, u64::MAX - 1, u64::MAX];
    let read = numbers.iter().filter_map(|number| serde_json::from_value(serde_json::json!(number)).ok());
    numbers.iter().copied().map(Version::new).chain(read).collect()
}

/// The answer for the first stream.
fn only(answer: Result<Vec<Appended>, AppendError>) -> Result<Appended, AppendError> {
    let appended = answer?.pop();
    appended.ok_or_else(|| AppendError::Store(failed("it gave no answer")))
}

/// An assertion of `Any` never fails.
pub async fn an_assertion_of_any_holds_whatever_the_stream_holds(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    holds_at(factory, Expected::Any, &[0, 1, 2, 3], 0).await
}

/// An assertion of `NoStream` holds for an absent stream.
pub async fn an_assertion_of_no_stream_holds_for_an_absent_stream_only(
    factory: &dyn Factory,
) -> Result<(), BrokenPromise> {
    holds_at(factory, Expected::NoStream, &[0], 0).await
}

/// An assertion of `Exists` holds for a present stream.
pub async fn an_assertion_of_exists_holds_for_a_present_stream_only(
    factory: &dyn Factory,
) -> Result<(), BrokenPromise> {
    holds_at(factory, Expected::Exists, &[1, 2, 3], 0).await
}

/// An assertion of `Exact` holds at that version.
pub async fn an_assertion_of_exact_holds_at_that_version_only(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    holds_at(factory, EXACT_2, &[2], 0).await
}

/// Tries streams of 0 to 3 events: `expected` holds at `versions` only.
async fn holds_at(
    factory: &dyn Factory,
    expected: Expected,
    versions: &[u64],
    events: u64,
) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    for version in 0..=3 {
        let stream = subject.stream(&format!("at-{version}"))?;
        subject.fill(&stream, version).await?;
        let what = format!("{events} event(s) expecting {expected} of a stream at version {version}");
        let answer = subject.append(&stream, expected, notes(0..events)?).await;
        if versions.contains(&version) {
            let answer =
                answer.map_err(|error| BrokenPromise::new(format!("{what}: appended"), format!("{error:?}")))?;
            ensure_eq(&format!("{what}: the answered version"), version + events, answer.version.get())?;
            ensure_eq(&format!("{what}: a position for each event"), events, answer.positions.len() as u64)?;
            let stored = subject.events(&stream).await?.len() as u64;
            ensure_eq(&format!("{what}: the stream holds them"), version + events, stored)?;
        } else {
            let conflict = conflict(&what, answer)?;
            ensure_eq(&format!("{what}: the actual version"), Some(Version::new(version)), conflict.actual())?;
            let stored = subject.events(&stream).await?.len() as u64;
            ensure_eq(&format!("{what}: the stream is as it was"), version, stored)?;
        }
    }
    Ok(())
}

/// An assertion stores nothing, and creates no stream.
pub async fn an_assertion_stores_nothing(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let (absent, present) = (subject.stream("absent")?, subject.stream("present")?);
    let appended = subject.fill(&present, 2).await?;
    let before = subject.frontier().await?;
    let on_absent = subject.append(&absent, Expected::NoStream, Vec::new()).await?;
    let on_present = subject.append(&present, EXACT_2, Vec::new()).await?;
    ensure_eq("an assertion on an absent stream answers version 0", Version::NONE, on_absent.version)?;
    ensure_eq("an assertion on a stream answers its version", Version::new(2), on_present.version)?;
    ensure_eq("an assertion answers no time", (None, None), (on_absent.recorded_at, on_present.recorded_at))?;
    ensure_eq("an assertion is no repeat", (false, false), (on_absent.repeated, on_present.repeated))?;
    ensure_eq("an assertion stores nothing", appended.len(), subject.log().await?.len())?;
    ensure_eq("an assertion does not move the frontier", before, subject.frontier().await?)?;
    subject.append(&absent, Expected::NoStream, vec![note(1)?]).await?;
    Ok(())
}

/// A conflict names the stream, the expected version and the actual one.
pub async fn a_conflict_carries_expected_and_actual(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let (absent, present) = (subject.stream("absent")?, subject.stream("present")?);
    subject.fill(&present, 3).await?;
    let cases: [(&StreamId, Expected, u64); 5] = [
        (&absent, Expected::Exists, 0),
        (&absent, EXACT_2, 0),
        (&present, Expected::NoStream, 3),
        (&present, EXACT_2, 3),
        (&present, Expected::Exact(Version::new(4)), 3),
    ];
    for (stream, expected, actual) in cases {
        for events in [Vec::new(), vec![note(9)?]] {
            let conflict = conflict("an unmet expectation", subject.append(stream, expected, events).await)?;
            ensure_eq("the conflict names the stream", Some(stream), conflict.stream())?;
            ensure_eq("the conflict carries what was expected", Some(expected), conflict.expected())?;
            ensure_eq("the conflict carries the actual version", Some(Version::new(actual)), conflict.actual())?;
            ensure_eq("the conflict is of one stream", 1, conflict.violations().count())?;
            let taken = conflict.violations().any(Violation::ids_taken);
            ensure_eq("the conflict is not about event ids", false, taken)?;
        }
    }
    Ok(())
}

/// A refused append leaves nothing: no event in the stream or the log, and its event ids stay free.
pub async fn a_refused_append_leaves_nothing(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("refused")?;
    let kept = subject.fill(&stream, 2).await?;
    let frontier = subject.frontier().await?;
    let refused = notes(10..15)?;
    conflict("a stale append", subject.append(&stream, Expected::NoStream, refused.clone()).await)?;
    ensure_eq("the stream is as it was", 2, subject.events(&stream).await?.len())?;
    ensure_eq("the log is as it was", 2, subject.log().await?.len())?;
    ensure_eq("the frontier is where it was", frontier, subject.frontier().await?)?;
    let answer = subject.append(&stream, EXACT_2, refused.clone()).await?;
    ensure_eq("the refused ids are free", (false, 7), (answer.repeated, answer.version.get()))?;
    let expected: Vec<_> = kept.iter().chain(&refused).map(es_core::NewEvent::id).collect();
    ensure_eq("the stream holds its events and then the new ones", expected, ids(&subject.events(&stream).await?))
}
