//! Reading ahead: a store may read the next pages before they are asked for, and shows nothing of it.

use std::sync::atomic::{AtomicBool, Ordering};

use es_core::{Checkpoint, Direction, Expected, Filter, Position, StoredEvent, Version};
use futures_util::TryStreamExt;

use super::{
    Subject, ensure, ensure_eq, note, notes,
    subject::{collect, raw},
};
use crate::{BrokenPromise, Factory};

/// Among small events come some so large that few of them fill a page, wherever a store believes the next page to begin.
pub async fn large_and_small_events_come_once_each(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("1")?;
    let text = format!("\"{}\"", "x".repeat(40_000));
    let mut ids = Vec::new();
    for part in 0..6 {
        for small in [notes(0..1_000)?, notes(0..200)?] {
            ids.extend(small.iter().map(es_core::NewEvent::id));
            subject.append(&stream, Expected::Any, small).await?;
        }
        let large = (0..30 * part).map(|_| raw("large", text.clone())).collect::<Result<Vec<_>, _>>()?;
        ids.extend(large.iter().map(es_core::NewEvent::id));
        for large in large.chunks(30) {
            subject.append(&stream, Expected::Any, large.to_vec()).await?;
        }
    }
    let reversed: Vec<_> = ids.iter().rev().copied().collect();
    let given = |events: Vec<StoredEvent>| events.iter().map(|event| event.id).collect::<Vec<_>>();
    for (direction, first, start, expected) in [
        (Direction::Forward, Version::FIRST, Position::START, &ids),
        (Direction::Backward, Version::MAX, Position::MAX, &reversed),
    ] {
        for limit in [None, Some(3_000)] {
            let expected = &expected[..limit.unwrap_or(usize::MAX).min(expected.len())];
            let read = collect(subject.store.read_stream(&stream, first, direction, limit)).await?;
            ensure("the stream gives each event once, in order", given(read) == expected, || format!("{direction:?}"))?;
            for filter in [Filter::all(), Filter::all().category("sample"), Filter::all().name("large")] {
                let mut read = subject.store.read_pages(start.into(), direction, &filter, limit);
                let mut events = Vec::new();
                while let Some(page) = read.try_next().await? {
                    events.extend(page.events);
                }
                let is_large = filter.names().is_some();
                ensure(
                    "the log gives each event once, in order",
                    if is_large { events.len() == 450 } else { given(events) == expected },
                    || format!("{direction:?}, {filter:?}"),
                )?;
            }
        }
    }
    Ok(())
}

/// While others append, the frontiers that the pages of one reader tell never move back.
pub async fn the_frontiers_of_pages_never_move_back(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let (long, busy) = (subject.stream("long")?, subject.stream("busy")?);
    for _ in 0..8 {
        subject.append(&long, Expected::Any, notes(0..1_000)?).await?;
    }
    let is_read = AtomicBool::new(false);
    let write = async {
        let mut numbers = 0..;
        while !is_read.load(Ordering::Relaxed)
            && let Some(number) = numbers.next()
        {
            subject.append(&busy, Expected::Any, vec![note(number)?]).await?;
            // A store that never waits would not let the reader run.
            tokio::task::yield_now().await;
        }
        Ok::<_, BrokenPromise>(())
    };
    let read = async {
        for _ in 0..40 {
            let (mut before, mut last) = (Position::START, Position::START);
            let mut pages = subject.store.read_pages(Checkpoint::START, Direction::Forward, &Filter::all(), None);
            while let Some(page) = pages.try_next().await? {
                let frontier = page.frontier.position();
                ensure("a page tells no frontier below the one before", frontier >= before, || {
                    format!("{frontier} after {before}")
                })?;
                (before, last) = (frontier, page.up_to);
            }
            ensure_eq("the last page ends at the frontier", before, last)?;
        }
        is_read.store(true, Ordering::Relaxed);
        Ok::<_, BrokenPromise>(())
    };
    tokio::try_join!(write, read).map(drop)
}
