//! Durability, where it is declared: acknowledged events survive closing and opening the store.

use es_core::{Checkpoint, Expected, Filter, Version};

use super::{
    Subject, ensure, ensure_eq, note, notes,
    subject::{append, collect, events, new_ids},
};
use crate::{BrokenPromise, Factory, Property};

/// A store that was closed and opened again holds the same log.
pub async fn a_reopened_store_holds_the_same_log(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(subject) = durable(factory).await? else { return Ok(()) };
    for id in ["a", "b"] {
        subject.fill(&subject.stream(id)?, 5).await?;
    }
    let (log, frontier) = (subject.log().await?, subject.store.frontier().await?);
    let reopened = subject.fresh.reopened().await?;
    let seen = collect(reopened.read_all(Checkpoint::START, &Filter::all(), None)).await?;
    ensure_eq("the log is the same", log, seen)?;
    let now = reopened.frontier().await?;
    ensure_eq("the incarnation is the same", frontier.incarnation(), now.incarnation())?;
    ensure("the frontier does not move back", now.position() >= frontier.position(), || "it did".to_owned())
}

/// A store that was closed and opened again continues its versions and positions, and recognises repeats.
pub async fn a_reopened_store_accepts_appends(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(subject) = durable(factory).await? else { return Ok(()) };
    let (stream, appended) = (subject.stream("goes-on")?, notes(1..=3)?);
    let first = subject.append(&stream, Expected::NoStream, appended.clone()).await?;
    let reopened = subject.fresh.reopened().await?;
    let again = append(&reopened, &stream, Expected::NoStream, appended.clone()).await?;
    ensure_eq("a repeat is recognised", (true, &first.positions), (again.repeated, &again.positions))?;
    let last = note(4)?;
    let next = append(&reopened, &stream, Expected::Exact(Version::new(3)), vec![last.clone()]).await?;
    ensure("positions rise", next.positions > first.positions, || format!("{next:?} after {first:?}"))?;
    let expected = [new_ids(&appended), vec![last.id()]].concat();
    ensure_eq("the stream continues", expected, super::subject::ids(&events(&reopened, &stream).await?))
}

async fn durable(factory: &dyn Factory) -> Result<Option<Subject>, BrokenPromise> {
    if factory.properties().contains(&Property::Durable) { Subject::fresh(factory).await.map(Some) } else { Ok(None) }
}
