//! Faults of pages and of checkpoints.

use es_core::{Checkpoint, Direction, EventStore, Filter, Page, Position, ReadError};
use futures_core::stream::BoxStream;
use futures_util::{StreamExt, future::ready, stream};
use uuid::Uuid;

use crate::{
    fault::Fault,
    read::{Events, read_all},
    store::Reads,
};

type Pages<'a> = BoxStream<'a, Result<Page, ReadError>>;

pub(crate) fn read_pages<'a>(
    store: &'a Reads,
    from: Checkpoint,
    direction: Direction,
    filter: &Filter,
    limit: Option<usize>,
) -> Pages<'a> {
    if store.fault == Fault::TakesNoBarePosition && from.incarnation().is_none() && from != Checkpoint::START {
        return stream::once(ready(Err(ReadError::Restored { checkpoint: from, common: None }))).boxed();
    }
    let read = |from, direction, limit| store.inner.read_pages(from, direction, filter, limit);
    let pages = match (store.fault, direction) {
        (Fault::TakesAnyCheckpoint, _) => read(from.position().into(), direction, limit),
        (Fault::ReadsPagesForwardOnly, _) => read(from, Direction::Forward, limit),
        (Fault::ReadsBackwardFromThePositionItself, Direction::Backward) => {
            read(from.at(from.position().plus(1)), direction, limit)
        }
        (_, Direction::Backward) => read(from, direction, limit),
        _ => {
            let events = read_all(store, from.position(), filter, limit);
            of_this_log(store, from, paged(store, events, limit.is_none()))
        }
    };
    in_one(store, pages).map(move |page| Ok(paging(store, direction, page?))).boxed()
}

fn of_this_log<'a>(store: &'a Reads, from: Checkpoint, mut pages: Pages<'a>) -> Pages<'a> {
    async_stream::try_stream! {
        let today = store.inner.frontier().await?;
        let (today, last) = (today.incarnation(), today.position());
        if from.incarnation().is_some_and(|incarnation| today != Some(incarnation)) {
            Err(ReadError::Restored { checkpoint: from, common: None })?;
        }
        if from.incarnation().is_some() && from.position() > last {
            Err(ReadError::Restored { checkpoint: from, common: Some(last) })?;
        }
        while let Some(page) = pages.next().await {
            yield page?;
        }
    }
    .boxed()
}

fn in_one<'a>(store: &'a Reads, mut pages: Pages<'a>) -> Pages<'a> {
    if store.fault != Fault::PutsAllIntoOnePage {
        return pages;
    }
    async_stream::try_stream! {
        let mut all: Option<Page> = None;
        while let Some(page) = pages.next().await {
            let page = page?;
            let before = all.take().map_or_else(Vec::new, |all| all.events);
            all = Some(Page::new([before, page.events].concat(), page.up_to, page.frontier));
        }
        if let Some(all) = all {
            yield all;
        }
    }
    .boxed()
}

/// Changes a page as the fault does.
fn paging(store: &Reads, direction: Direction, mut page: Page) -> Page {
    match store.fault {
        Fault::LosesTheEventBehindALargeOne => {
            let mut behind = false;
            page.events.retain(|event| !std::mem::replace(&mut behind, event.payload.len() > 32 * 1024));
        }
        Fault::TellsOlderFrontiers if page.up_to.get().is_multiple_of(2) => {
            page.frontier = page.frontier.at(page.up_to);
        }
        Fault::LosesTheLastOfAPage => drop(page.events.pop()),
        Fault::TellsOfItsEventsAlone => page.up_to = page.events.last().map_or(Position::START, |last| last.position),
        Fault::EndsEachPageAtTheFrontier if direction == Direction::Forward => page.up_to = page.frontier.position(),
        Fault::EndsAPageAheadOfIt => page.up_to = page.up_to.plus(1),
        Fault::SkipsBetweenPagesBackward if direction == Direction::Backward => {
            page.up_to = Position::new(page.up_to.get().saturating_sub(1));
        }
        Fault::HasNoIncarnation => page.frontier = page.frontier.position().into(),
        Fault::GivesEachPageAnIncarnation => page.frontier = Checkpoint::new(Uuid::now_v7(), page.frontier.position()),
        _ => {}
    }
    page
}

/// Pages of these events, followed by an empty page at the frontier if they reach it.
pub(crate) fn paged<'a>(store: &'a Reads, events: Events<'a>, to_the_frontier: bool) -> Pages<'a> {
    async_stream::try_stream! {
        let before = store.inner.frontier().await?;
        let mut events = events.ready_chunks(15); // of 1 MiB each, they fit into a page
        while let Some(ready) = events.next().await {
            let (mut good, mut error) = (Vec::new(), None);
            for event in ready {
                match event {
                    Ok(event) => good.push(event),
                    Err(failed) => error = error.or(Some(failed)),
                }
            }
            if let Some(last) = good.last() {
                let up_to = last.position;
                yield Page::new(good, up_to, store.inner.frontier().await?);
            }
            if let Some(error) = error {
                Err(error)?;
            }
        }
        if to_the_frontier {
            yield Page::new(Vec::new(), before.position(), before);
        }
    }
    .boxed()
}
