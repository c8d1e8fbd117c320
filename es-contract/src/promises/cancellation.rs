//! Cancellation: an append that is dropped half way leaves the store whole.

use es_core::{Append, Expected, NewEvent, Version};
use es_testing::DropAfter;

use super::{
    Subject, held, note, notes, same,
    subject::{ids, new_ids, versions},
};
use crate::{BrokenPromise, Factory};

/// The most await points of an append that are tried.
const POINTS: usize = 200;

/// An append dropped at any await point is there whole or not at all, and sent again gets a definite answer.
pub async fn a_dropped_append_is_whole_and_can_be_sent_again(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    for points in 0..POINTS {
        let stream = subject.stream(&format!("dropped-{points}"))?;
        subject.append(&stream, Expected::NoStream, vec![note(0)?]).await?;
        let events = notes(1..=3)?;
        let append = vec![Append::new(stream.clone(), Expected::Exact(Version::FIRST), events.clone())];
        let answered = DropAfter::new(subject.store.append(append.clone().into()), points).await;
        let half = subject.events(&stream).await?.len();
        held("a dropped append is whole or not there", half == 1 || half == 4, || format!("{half} events of 1 or 4"))?;
        let again = subject.store.append(append.into()).await?;
        same("sent again it is answered", Some(4), again.first().map(|appended| appended.version.get()))?;
        one_append(&subject, &stream, &events).await?;
        if answered.is_some() {
            return Ok(());
        }
    }
    Err(BrokenPromise::new(format!("an append is answered within {POINTS} steps"), "it is not"))
}

/// The same for an append to several streams.
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
    Err(BrokenPromise::new(format!("an append is answered within {POINTS} steps"), "it is not"))
}

/// After many dropped appends to one stream it has no gap, and goes on.
pub async fn a_stream_goes_on_after_dropped_appends(factory: &dyn Factory) -> Result<(), BrokenPromise> {
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
    same("versions have no gap", (1..=stored.len() as u64).collect::<Vec<_>>(), versions(&stored))?;
    same("appends of two events are whole", 1, stored.len() % 2)?;
    same("the stream goes on", Some(last.id()), stored.last().map(|event| event.id))
}

/// The stream holds its first event and then `events`, once.
async fn one_append(subject: &Subject, stream: &es_core::StreamId, events: &[NewEvent]) -> Result<(), BrokenPromise> {
    let stored = subject.events(stream).await?;
    same("sent twice it is stored once", new_ids(events), ids(&stored[1.min(stored.len())..]))
}
