//! Idempotence: an append that is sent again gets its first answer, and stores nothing.

use es_core::{Append, AppendError, Appended, Conflict, Expected, NewEvent, StreamId, Version, Violation};

use super::{Subject, conflict, ensure, ensure_eq, note, notes, subject};
use crate::{BrokenPromise, Factory};

const fn exact(version: u64) -> Expected {
    Expected::Exact(Version::new(version))
}

/// A stream that holds three events, of which the last two came in one append.
struct Repeated {
    subject: Subject,
    stream: StreamId,
    events: Vec<NewEvent>,
    first: Appended,
}

impl Repeated {
    async fn new(factory: &dyn Factory) -> Result<Self, BrokenPromise> {
        let subject = Subject::fresh(factory).await?;
        let stream = subject.stream("repeated")?;
        subject.append(&stream, Expected::NoStream, vec![note(1)?]).await?;
        let events = notes(2..=3)?;
        let first = subject.append(&stream, exact(1), events.clone()).await?;
        Ok(Self { subject, stream, events, first })
    }

    async fn again(&self, expected: Expected, events: &[NewEvent]) -> Result<Appended, AppendError> {
        self.subject.append(&self.stream, expected, events.to_vec()).await
    }

    /// An append of `events` is not a repeat: it conflicts, and nothing is stored.
    async fn conflicts(
        &self,
        promised: &str,
        expected: Expected,
        events: &[NewEvent],
    ) -> Result<Conflict, BrokenPromise> {
        let before = self.subject.log().await?;
        let conflict = conflict(promised, self.again(expected, events).await)?;
        ensure_eq(&format!("{promised}: nothing is stored"), before, self.subject.log().await?)?;
        let taken = conflict.violations().any(Violation::ids_taken);
        ensure_eq(&format!("{promised}: the conflict says that ids are taken"), true, taken)?;
        Ok(conflict)
    }
}

fn first_again(promised: &str, first: &Appended, again: Appended) -> Result<(), BrokenPromise> {
    ensure_eq(&format!("{promised}: it is marked as a repeat"), true, again.repeated)?;
    ensure_eq(&format!("{promised}: the first answer"), first, &again.with_repeated(first.repeated))
}

/// An append with the same ids at the same version gets the first answer again.
pub async fn a_repeat_gets_the_first_answer(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let repeated = Repeated::new(factory).await?;
    for _ in 0..3 {
        first_again("the same append", &repeated.first, repeated.again(exact(1), &repeated.events).await?)?;
    }
    Ok(())
}

/// A repeat gets the first answer even if more events were appended since.
pub async fn a_repeat_after_more_events_gets_the_first_answer(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let repeated = Repeated::new(factory).await?;
    repeated.subject.fill(&repeated.stream, 5).await?;
    repeated.subject.fill(&repeated.subject.stream("other")?, 5).await?;
    let again = repeated.again(exact(1), &repeated.events).await?;
    first_again("the same append after more events", &repeated.first, again)
}

/// A repeat through another handle gets the first answer.
pub async fn a_repeat_through_another_handle_gets_the_first_answer(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let repeated = Repeated::new(factory).await?;
    let another = repeated.subject.another_handle().await?;
    let again = subject::append(&another, &repeated.stream, exact(1), repeated.events.clone()).await?;
    first_again("the same append through another handle", &repeated.first, again)
}

/// A repeat stores nothing, and does not move the frontier.
pub async fn a_repeat_stores_nothing(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let repeated = Repeated::new(factory).await?;
    let (log, frontier) = (repeated.subject.log().await?, repeated.subject.frontier().await?);
    for expected in [exact(1), Expected::Any, Expected::Exists] {
        repeated.again(expected, &repeated.events).await?;
    }
    ensure_eq("a repeat stores nothing", log, repeated.subject.log().await?)?;
    ensure_eq("a repeat does not move the frontier", frontier, repeated.subject.frontier().await?)
}

/// The same ids at another version are a conflict.
pub async fn the_same_ids_at_another_version_conflict(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let repeated = Repeated::new(factory).await?;
    for expected in [Expected::NoStream, exact(0), exact(2), exact(3), exact(4)] {
        let promised = format!("the same ids expecting {expected}, when they are stored after version 1");
        let conflict = repeated.conflicts(&promised, expected, &repeated.events).await?;
        ensure_eq("the conflict carries the expected version", Some(expected), conflict.expected())?;
        ensure_eq("the conflict carries the actual version", Some(Version::new(3)), conflict.actual())?;
    }
    Ok(())
}

/// The same ids in another stream are a conflict, whatever is expected of it.
pub async fn the_same_ids_in_another_stream_conflict(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let repeated = Repeated::new(factory).await?;
    let other = repeated.subject.stream("other")?;
    repeated.subject.fill(&other, 1).await?;
    let before = repeated.subject.log().await?;
    for expected in [Expected::Any, Expected::Exists, exact(1)] {
        let answer = repeated.subject.append(&other, expected, repeated.events.clone()).await;
        let conflict = conflict("the same ids in another stream", answer)?;
        ensure_eq("the conflict names the stream that was asked for", Some(&other), conflict.stream())?;
    }
    ensure_eq("nothing is stored", before, repeated.subject.log().await?)
}

/// A prefix of the ids conflicts: the first answer was to another append.
pub async fn a_prefix_of_the_ids_conflicts(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let repeated = Repeated::new(factory).await?;
    for expected in [exact(1), Expected::Any] {
        repeated.conflicts("the first id alone", expected, &repeated.events[..1]).await?;
    }
    Ok(())
}

/// A suffix of the ids conflicts.
pub async fn a_suffix_of_the_ids_conflicts(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let repeated = Repeated::new(factory).await?;
    for expected in [exact(1), exact(2), Expected::Any] {
        repeated.conflicts("the last id alone", expected, &repeated.events[1..]).await?;
    }
    Ok(())
}

/// The ids together with new ones conflict, and the new events are not stored.
pub async fn more_ids_than_before_conflict(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let repeated = Repeated::new(factory).await?;
    let behind = [&repeated.events[..], &[note(4)?]].concat();
    let before = [&[note(4)?], &repeated.events[..]].concat();
    for expected in [exact(1), exact(3), Expected::Any] {
        repeated.conflicts("the ids and a new one behind", expected, &behind).await?;
        repeated.conflicts("a new id and then the old ones", expected, &before).await?;
    }
    Ok(())
}

/// The ids of two appends in one conflict, although their events are neighbours.
pub async fn ids_of_two_appends_in_one_conflict(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let repeated = Repeated::new(factory).await?;
    let more = vec![note(4)?];
    repeated.again(exact(3), &more).await?;
    let both = [&repeated.events[..], &more].concat();
    for expected in [exact(1), Expected::Any] {
        repeated.conflicts("the ids of two appends", expected, &both).await?;
    }
    Ok(())
}

/// The same ids in another order conflict.
pub async fn the_same_ids_in_another_order_conflict(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let repeated = Repeated::new(factory).await?;
    let reversed: Vec<_> = repeated.events.iter().rev().cloned().collect();
    for expected in [exact(1), exact(2), Expected::Any] {
        repeated.conflicts("the ids in reverse", expected, &reversed).await?;
    }
    Ok(())
}

/// A repeat that expects `Any` is found at the place of its first id.
pub async fn a_repeat_with_any_is_found_at_its_first_id(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    found_by(factory, Expected::Any).await
}

/// A repeat that expects `Exists` is found at the place of its first id.
pub async fn a_repeat_with_exists_is_found_at_its_first_id(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    found_by(factory, Expected::Exists).await
}

async fn found_by(factory: &dyn Factory, expected: Expected) -> Result<(), BrokenPromise> {
    let repeated = Repeated::new(factory).await?;
    let more = notes(4..=6)?;
    let first = repeated.again(expected, &more).await?;
    repeated.subject.fill(&repeated.stream, 2).await?;
    first_again("the same append", &first, repeated.again(expected, &more).await?)?;
    let promised = "an append of an exact version, repeated by one that names none";
    first_again(promised, &repeated.first, repeated.again(expected, &repeated.events).await?)
}

/// `NoStream` and `Exact` of version 0 name the same place.
pub async fn no_stream_and_exact_zero_are_the_same_place(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    for (id, first, second) in [("a", Expected::NoStream, exact(0)), ("b", exact(0), Expected::NoStream)] {
        let (stream, events) = (subject.stream(id)?, notes(1..=2)?);
        let answer = subject.append(&stream, first, events.clone()).await?;
        let again = subject.append(&stream, second, events).await?;
        first_again("the place before every event", &answer, again)?;
    }
    Ok(())
}

/// An append to several streams is a repeat if all of its streams are.
pub async fn several_streams_are_repeated_together(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let appends = vec![
        Append::new(subject.stream("a")?, Expected::NoStream, notes(1..=2)?),
        Append::new(subject.stream("b")?, Expected::Any, notes(3..=3)?),
    ];
    let first = subject.store.append(appends.clone().into()).await?;
    subject.fill(&subject.stream("a")?, 3).await?;
    let before = subject.log().await?;
    let again = subject.store.append(appends.into()).await?;
    ensure_eq("an answer for each stream", first.len(), again.len())?;
    for (first, again) in first.iter().zip(again) {
        first_again("the same append to two streams", first, again)?;
    }
    ensure_eq("nothing is stored", before, subject.log().await?)
}

/// An append to several streams of which some are repeated and some are new conflicts.
pub async fn a_mixture_of_repeated_and_new_conflicts(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let repeated = Repeated::new(factory).await?;
    let before = repeated.subject.log().await?;
    let old = Append::new(repeated.stream.clone(), exact(1), repeated.events.clone());
    let new = Append::new(repeated.subject.stream("new")?, Expected::NoStream, notes(7..=8)?);
    for appends in [vec![old.clone(), new.clone()], vec![new, old]] {
        let conflict = conflict("a repeat beside a new append", repeated.subject.store.append(appends.into()).await)?;
        let taken: Vec<_> = conflict.violations().filter(|one| one.ids_taken()).map(Violation::stream).collect();
        ensure_eq("the conflict names the stream whose ids are taken", vec![Some(&repeated.stream)], taken)?;
    }
    ensure_eq("nothing is stored", before, repeated.subject.log().await?)
}

/// A repeat is answered even if its assertions no longer hold.
pub async fn a_repeat_does_not_check_its_assertions_again(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    for (number, (asserted, before)) in [(Expected::NoStream, 0), (exact(0), 0), (exact(2), 2)].into_iter().enumerate()
    {
        let (guard, stream) = (subject.stream(&format!("guard-{number}"))?, subject.stream(&number.to_string())?);
        subject.fill(&guard, before).await?;
        let appends =
            vec![Append::assertion(guard.clone(), asserted), Append::new(stream, Expected::NoStream, notes(1..=2)?)];
        let first = subject.store.append(appends.clone().into()).await?;
        subject.fill(&guard, 2).await?;
        let again = subject.store.append(appends.into()).await?;
        ensure("an answer for each stream", again.len() == first.len(), || format!("{again:?}"))?;
        for (first, again) in first.iter().zip(again) {
            first_again("an append whose assertion no longer holds", first, again)?;
        }
    }
    Ok(())
}

/// One event id twice in one append is refused with a typed error.
pub async fn an_id_twice_in_one_append_is_refused(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let event = note(1)?;
    let events = vec![note(0)?, event.clone(), note(2)?, event.clone()];
    let answer = subject.append(&subject.stream("twice")?, Expected::NoStream, events).await;
    refused_as_twice(&subject, &event, answer).await
}

/// One event id in two streams of one append is refused with a typed error.
pub async fn an_id_twice_in_two_streams_of_one_append_is_refused(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let event = note(1)?;
    let appends = vec![
        Append::new(subject.stream("a")?, Expected::NoStream, vec![event.clone()]),
        Append::new(subject.stream("b")?, Expected::NoStream, vec![note(2)?, event.clone()]),
    ];
    let answer = subject.store.append(appends.into()).await;
    refused_as_twice(&subject, &event, answer).await
}

async fn refused_as_twice<T: std::fmt::Debug + Send>(
    subject: &Subject,
    event: &NewEvent,
    answer: Result<T, AppendError>,
) -> Result<(), BrokenPromise> {
    let refused = matches!(&answer, Err(AppendError::DuplicateEventId { id }) if *id == event.id());
    ensure("a duplicate id is refused with a typed error", refused, || format!("{answer:?}"))?;
    ensure_eq("nothing is stored", 0, subject.log().await?.len())
}
