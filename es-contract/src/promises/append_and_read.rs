//! Append and read: acknowledged events are stored whole, at the answered place.

use std::{ops::ControlFlow, time::Duration};

use es_core::{Checkpoint, Direction, Expected, Filter, Position, ReadError, StoredEvent, Version};
use futures_util::StreamExt;
use tokio::time::Instant;

use super::{
    Subject, ensure, ensure_eq, note, notes,
    subject::{collect, events, failed, ids, new_ids, versions},
};
use crate::{BrokenPromise, Factory, contract::child::patience};

/// An empty store has no events, and its frontier is the start.
pub async fn an_empty_store_has_no_events(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    ensure_eq("a fresh store is empty", 0, subject.log().await?.len())?;
    ensure_eq("the frontier of a fresh store is the start", Position::START, subject.frontier().await?)
}

/// One event comes back as it was appended.
pub async fn one_event_comes_back(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("one")?;
    let event = note(1)?;
    subject.append(&stream, Expected::NoStream, vec![event.clone()]).await?;
    let stored = subject.events(&stream).await?;
    ensure_eq("one event is stored", vec![event.id()], ids(&stored))?;
    ensure_eq("its payload is what was appended", Some(event.payload()), stored.first().map(|event| &event.payload))
}

/// The events of one append come back in its order.
pub async fn events_of_one_append_come_back_in_order(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("many")?;
    let appended = notes(1..=300)?;
    subject.append(&stream, Expected::NoStream, appended.clone()).await?;
    let stored = subject.events(&stream).await?;
    ensure_eq("300 events of one append are read in its order", new_ids(&appended), ids(&stored))
}

/// The events of many appends come back in the order of the appends.
pub async fn events_of_many_appends_come_back_in_order(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("many")?;
    let appended = subject.fill(&stream, 60).await?;
    let stored = subject.events(&stream).await?;
    ensure_eq("60 appends are read in their order", new_ids(&appended), ids(&stored))
}

/// The answer has the stream, versions, positions and time of the stored events.
pub async fn the_answer_is_what_is_stored(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("answer")?;
    for count in [1, 3, 2] {
        let events = notes(0..count)?;
        let answer = subject.append(&stream, Expected::Any, events.clone()).await?;
        let stored = subject.read(&stream, answer.first_version().get(), Direction::Forward, None).await?;
        ensure_eq("the answer names the stream", &stream, &answer.stream)?;
        ensure_eq("the answer is not a repeat", false, answer.repeated)?;
        ensure_eq("the answered versions hold the events", new_ids(&events), ids(&stored))?;
        let positions: Vec<_> = stored.iter().map(|event| event.position).collect();
        ensure_eq("the answered positions are the stored ones", &positions, &answer.positions)?;
        ensure_eq(
            "the answered version is the last event's",
            stored.last().map(|event| event.version),
            Some(answer.version),
        )?;
        for event in &stored {
            ensure_eq("the answered time is the stored one", answer.recorded_at, Some(event.recorded_at))?;
            ensure_eq("each event names its stream", &stream, &event.stream)?;
        }
    }
    Ok(())
}

/// Events that one handle appended are read through another one.
pub async fn the_second_handle_reads_what_the_first_appended(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let another = subject.another_handle().await?;
    let stream = subject.stream("shared")?;
    for number in 1..=20 {
        let event = note(number)?;
        subject.append(&stream, Expected::Any, vec![event.clone()]).await?;
        let stored = events(&another, &stream).await?;
        ensure_eq("another handle reads it at once", Some(event.id()), stored.last().map(|event| event.id))?;
    }
    Ok(())
}

/// A stream whose id begins with the id of another one is another stream.
pub async fn streams_do_not_mix(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    each_has_its_own(factory, &[("sample", "1"), ("sample", "10"), ("sample", "100"), ("samples", "1"), ("sam", "1")])
        .await
}

/// An id may contain any character that a store could use to separate a category from an id.
pub async fn ids_with_separators_do_not_mix(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let names = [
        ("a", "b/c"),
        ("a/b", "c"),
        ("a", "b-c"),
        ("a-b", "c"),
        ("a", "b:c"),
        ("a:b", "c"),
        ("a", "b_c"),
        ("a", "b%"),
        ("a", "B-C"),
        ("a", "b-c "),
    ];
    each_has_its_own(factory, &names).await
}

async fn each_has_its_own(factory: &dyn Factory, names: &[(&str, &str)]) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let mut appended = Vec::new();
    for (category, id) in names {
        let stream = subject.fresh.stream(category, id)?;
        let event = note(appended.len() as u64)?;
        let answer = subject.append(&stream, Expected::NoStream, vec![event.clone()]).await?;
        ensure_eq("the first event of each stream has version 1", Version::FIRST, answer.version)?;
        appended.push((stream, event));
    }
    for (stream, event) in &appended {
        ensure_eq(&format!("`{stream}` holds its own event"), vec![event.id()], ids(&subject.events(stream).await?))?;
    }
    Ok(())
}

/// Versions of a stream run from 1 without a gap, and positions rise with them.
pub async fn versions_have_no_gap(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let streams = [subject.stream("a")?, subject.stream("b")?];
    for count in [1, 4, 1, 7, 2] {
        for stream in &streams {
            subject.append(stream, Expected::Any, notes(0..count)?).await?;
        }
    }
    for stream in &streams {
        let stored = subject.events(stream).await?;
        ensure_eq("15 events have the versions 1 to 15", (1..=15).collect::<Vec<u64>>(), versions(&stored))?;
        ensure("positions rise with the versions", stored.is_sorted_by(|a, b| a.position < b.position), || {
            format!("{:?}", stored.iter().map(|event| event.position).collect::<Vec<_>>())
        })?;
    }
    Ok(())
}

/// A visitor gets the events of a stream from the first to the last, until it asks to stop.
pub async fn a_visitor_sees_what_a_reader_reads(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("visited")?;
    subject.append(&stream, Expected::NoStream, notes(1..=600)?).await?;
    subject.fill(&subject.stream("other")?, 2).await?;
    let stored = subject.events(&stream).await?;
    for enough in [0, 1, 255, 256, 257, 599, 600, 1_000] {
        let mut seen = Vec::new();
        let mut visit = |event: &StoredEvent| {
            seen.push(event.clone());
            Ok(if seen.len() < enough { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        };
        subject.store.visit_stream(&stream, Version::FIRST, &mut visit).await?;
        let expected = stored.get(..enough.clamp(1, 600));
        ensure_eq("a visitor gets the events until it asks to stop", expected, Some(&seen[..]))?;
    }
    let mut visit = |event: &StoredEvent| Err(ReadError::Store(failed(format!("no further than {}", event.version))));
    let answer = subject.store.visit_stream(&stream, Version::FIRST, &mut visit).await;
    ensure("a visitor's error ends the visit", answer.is_err(), || "it went on".to_owned())?;
    let mut visit = |_: &StoredEvent| Err(ReadError::Store(failed("something was visited")));
    Ok(subject.store.visit_stream(&subject.stream("unknown")?, Version::FIRST, &mut visit).await?)
}

/// A visitor gets the events of a stream from the version it asks for, including that one.
pub async fn a_visitor_starts_at_its_version(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("visited")?;
    subject.append(&stream, Expected::NoStream, notes(1..=600)?).await?;
    let stored = subject.events(&stream).await?;
    for from in [0, 1, 2, 256, 257, 600, 601, 10_000, Version::MAX.get()] {
        let mut seen = Vec::new();
        let mut visit = |event: &StoredEvent| {
            seen.push(event.clone());
            Ok(ControlFlow::Continue(()))
        };
        subject.store.visit_stream(&stream, Version::new(from), &mut visit).await?;
        let expected: Vec<_> = stored.iter().filter(|event| event.version.get() >= from).cloned().collect();
        ensure_eq("a visitor gets the events from its version on", expected, seen)?;
    }
    Ok(())
}

/// An append that names no stream is answered with nothing.
pub async fn an_append_of_nothing_answers_nothing(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    ensure_eq("an append of nothing answers nothing", 0, subject.store.append(Vec::new().into()).await?.len())?;
    ensure_eq("an append of nothing stores nothing", 0, subject.log().await?.len())
}

/// A read gives no more events than its limit.
pub async fn a_read_stops_at_its_limit(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("range")?;
    subject.fill(&stream, 10).await?;
    for (limit, last) in [(0, 0), (1, 1), (9, 9), (10, 10), (11, 10), (usize::MAX, 10)] {
        let forward = subject.read(&stream, 1, Direction::Forward, Some(limit)).await?;
        ensure_eq(&format!("limit {limit} forwards"), (1..=last).collect::<Vec<u64>>(), versions(&forward))?;
        let backward = subject.read(&stream, u64::MAX, Direction::Backward, Some(limit)).await?;
        let expected: Vec<u64> = (11 - last..=10).rev().collect();
        ensure_eq(&format!("limit {limit} backwards"), expected, versions(&backward))?;
        let all = collect(subject.store.read_all(Checkpoint::START, &Filter::all(), Some(limit))).await?;
        ensure_eq(&format!("limit {limit} of the whole log"), (1..=last).collect::<Vec<u64>>(), versions(&all))?;
    }
    Ok(())
}

/// A read starts at its version, including that one.
pub async fn a_read_starts_at_its_version(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("range")?;
    subject.fill(&stream, 10).await?;
    for (from, limit, expected) in [(0, 2, vec![1, 2]), (1, 2, vec![1, 2]), (4, 3, vec![4, 5, 6]), (10, 3, vec![10])] {
        let seen = subject.read(&stream, from, Direction::Forward, Some(limit)).await?;
        ensure_eq(&format!("{limit} events from version {from}"), expected, versions(&seen))?;
    }
    Ok(())
}

/// A read that starts past the end is empty.
pub async fn a_read_past_the_end_is_empty(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("range")?;
    subject.fill(&stream, 3).await?;
    for from in [4, 5, u64::MAX] {
        let seen = subject.read(&stream, from, Direction::Forward, None).await?;
        ensure_eq(&format!("nothing is read from version {from} of 3"), Vec::<u64>::new(), versions(&seen))?;
    }
    let seen = collect(subject.store.read_all(Position::MAX.into(), &Filter::all(), None)).await?;
    ensure_eq("nothing is read after the last possible position", 0, seen.len())
}

/// A backward read runs from its version to the first one.
pub async fn a_read_backwards_runs_from_newer_to_older(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("range")?;
    subject.append(&stream, Expected::NoStream, notes(1..=600)?).await?;
    let expected: Vec<u64> = (1..=600).rev().collect();
    let seen = subject.read(&stream, u64::MAX, Direction::Backward, None).await?;
    ensure_eq("600 events backwards", expected, versions(&seen))?;
    for (from, expected) in [(0, vec![]), (1, vec![1]), (3, vec![3, 2, 1]), (600, vec![600, 599, 598])] {
        let seen = subject.read(&stream, from, Direction::Backward, Some(3)).await?;
        ensure_eq(&format!("at most 3 events backwards from version {from}"), expected, versions(&seen))?;
    }
    Ok(())
}

/// The first event of a backward read from the end is the last one of the stream.
pub async fn the_last_event_is_read_backwards_from_the_end(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("last")?;
    let appended = subject.fill(&stream, 5).await?;
    subject.fill(&subject.stream("other")?, 2).await?;
    let last = subject.read(&stream, Version::MAX.get(), Direction::Backward, Some(1)).await?;
    ensure_eq("the last event alone", new_ids(&appended[4..]), ids(&last))
}

/// A stream that does not exist is empty, in both directions.
pub async fn an_unknown_stream_is_empty(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    subject.fill(&subject.stream("known")?, 3).await?;
    let unknown = subject.stream("unknown")?;
    for (from, direction) in [(1, Direction::Forward), (u64::MAX, Direction::Backward)] {
        let seen = subject.read(&unknown, from, direction, None).await?;
        ensure_eq("a stream without events is empty", Vec::<u64>::new(), versions(&seen))?;
    }
    Ok(())
}

/// A reader that is dropped before its end no longer counts as open.
pub async fn a_reader_dropped_early_is_closed(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("long")?;
    subject.append(&stream, Expected::NoStream, notes(1..=1000)?).await?;
    let before = subject.fresh.open_readers();
    for _ in 0..20 {
        let mut one = subject.store.read_stream(&stream, Version::FIRST, Direction::Forward, None);
        let mut all = subject.store.read_all(Checkpoint::START, &Filter::all(), None);
        ensure("a reader gives the first event", one.next().await.is_some() && all.next().await.is_some(), || {
            "it ended".to_owned()
        })?;
        ensure("a reader that is read counts as open", subject.fresh.open_readers() > before, || {
            format!("{} open", subject.fresh.open_readers())
        })?;
    }
    closed(&subject, before).await
}

/// Waits until no more than `before` readers are open: a store may close them in the background.
pub(crate) async fn closed(subject: &Subject, before: usize) -> Result<(), BrokenPromise> {
    let end = Instant::now() + patience();
    let mut open = subject.fresh.open_readers();
    while open > before && Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(10)).await;
        open = subject.fresh.open_readers();
    }
    ensure("dropped readers are closed", open <= before, || format!("{open} open, {before} before"))
}
