//! Cancellation: an append whose future is dropped is stored whole or not at all.

use es_core::{Append, Expected, NewEvent, Version};
use es_testing::DropAfter;

use super::{
    Subject, ensure, ensure_eq, note, notes,
    subject::{ids, new_ids, versions},
};
use crate::{BrokenPromise, Factory};

/// The number of await points of an append that are tried at most.
const POINTS: usize = 200;

/// An append that is dropped at any await point is stored whole or not at all. Sent again it gets a definite answer.
pub async fn a_dropped_append_is_whole_and_can_be_sent_again(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    for points in 0..POINTS {
        let stream = subject.stream(&format!("dropped-{points}"))?;
        subject.append(&stream, Expected::NoStream, vec![note(0)?]).await?;
        let events = notes(1..=3)?;
        let append = vec![Append::new(stream.clone(), Expected::Exact(Version::FIRST), events.clone())];
        let answered = DropAfter::new(subject.store.append(append.clone().into()), points).await;
        let half = subject.events(&stream).await?.len();
        ensure("a dropped append is stored whole or not at all", half == 1 || half == 4, || {
            format!("{half} events of 1 or 4")
        })?;
        let again = subject.store.append(append.into()).await?;
        ensure_eq(
            "the append that is sent again is answered",
            Some(4),
            again.first().map(|appended| appended.version.get()),
        )?;
        one_append(&subject, &stream, &events).await?;
        if answered.is_some() {
            return Ok(());
        }
    }
    Err(BrokenPromise::new(format!("an append is answered within {POINTS} await points"), "it is not"))
}

/// An append to several streams that is dropped at any await point is stored whole or not at all.
pub async fn a_dropped_append_to_several_streams_is_whole(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    for points in 0..POINTS {
        let (a, b) = (subject.stream(&format!("a-{points}"))?, subject.stream(&format!("b-{points}"))?);
        for stream in [&a, &b] {
            subject.append(stream, Expected::NoStream, vec![note(0)?]).await?;
        }
        let (to_a, to_b) = (notes(1..=3)?, notes(4..=6)?);
        let append = vec![
            Append::new(a.clone(), Expected::Exact(Version::FIRST), to_a.clone()),
            Append::new(b.clone(), Expected::Any, to_b.clone()),
        ];
        let answered = DropAfter::new(subject.store.append(append.clone().into()), points).await;
        subject.store.append(append.into()).await?;
        one_append(&subject, &a, &to_a).await?;
        one_append(&subject, &b, &to_b).await?;
        if answered.is_some() {
            return Ok(());
        }
    }
    Err(BrokenPromise::new(format!("an append is answered within {POINTS} await points"), "it is not"))
}

/// A stream has no gap after many dropped appends, and accepts further ones.
pub async fn a_stream_accepts_appends_after_dropped_ones(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("goes-on")?;
    for points in 0..20 {
        let append = vec![Append::new(stream.clone(), Expected::Any, notes(0..2)?)];
        let answered = DropAfter::new(subject.store.append(append.into()), points % 5).await;
        if let Some(answer) = answered {
            answer?;
        }
    }
    let last = note(99)?;
    subject.append(&stream, Expected::Any, vec![last.clone()]).await?;
    let stored = subject.events(&stream).await?;
    ensure_eq("versions have no gap", (1..=stored.len() as u64).collect::<Vec<_>>(), versions(&stored))?;
    ensure_eq("appends of two events are stored whole", 1, stored.len() % 2)?;
    ensure_eq("the stream accepts further appends", Some(last.id()), stored.last().map(|event| event.id))
}

/// The stream holds its first event, and then `events` once.
async fn one_append(subject: &Subject, stream: &es_core::StreamId, events: &[NewEvent]) -> Result<(), BrokenPromise> {
    let stored = subject.events(stream).await?;
    ensure_eq("an append that is sent twice is stored once", new_ids(events), ids(&stored[1.min(stored.len())..]))
}
