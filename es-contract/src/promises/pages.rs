//! Pages: each page reports how far the reader has looked, and no page is too big.

use std::time::Instant;

use es_core::{Checkpoint, Direction, Expected, Filter, Page, Position, ReadError, StoredEvent, limits::PAYLOAD_BYTES};
use futures_core::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};

use super::{
    Subject, ensure, ensure_eq, note, notes,
    subject::{ended, raw, within_timeout},
};
use crate::{BrokenPromise, Factory, contract::child::patience};

/// A filter for a name that no event has.
fn nothing() -> Filter {
    Filter::all().name("nobody.is.called.this")
}

async fn pages(pages: BoxStream<'_, Result<Page, ReadError>>) -> Result<Vec<Page>, BrokenPromise> {
    Ok(pages.try_collect().await?)
}

fn events(pages: &[Page]) -> Vec<StoredEvent> {
    pages.iter().flat_map(|page| page.events.iter().cloned()).collect()
}

/// Appends 2,500 events to two streams, a few of them under the name `rare`.
async fn long(subject: &Subject) -> Result<Vec<StoredEvent>, BrokenPromise> {
    let (one, other) = (subject.stream("1")?, subject.stream("2")?);
    for hundred in 0..25 {
        let stream = if hundred % 2 == 0 { &one } else { &other };
        let mut events = notes(hundred * 100..hundred * 100 + 99)?;
        events.push(raw("rare", "{}")?);
        subject.append(stream, Expected::Any, events).await?;
    }
    subject.log().await
}

/// Checks forward pages: each ends at or above its last event and the page before, and at or below the frontier.
fn in_order(pages: &[Page], last: Position) -> Result<(), BrokenPromise> {
    let mut before = Position::START;
    for page in pages {
        let lowest = page.events.last().map_or(before, |last| last.position).max(before);
        ensure("a page ends at or above its last event and the page before", page.up_to >= lowest, || {
            format!("{} after {lowest}", page.up_to)
        })?;
        ensure("a page ends at or below the last event", page.up_to <= last, || format!("{} of {last}", page.up_to))?;
        ensure("a page ends at or below the frontier", page.up_to <= page.frontier.position(), || {
            format!("{} of {}", page.up_to, page.frontier)
        })?;
        before = page.up_to;
    }
    Ok(())
}

/// The pages together hold exactly the events of the log.
pub async fn pages_hold_exactly_the_log(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let log = long(&subject).await?;
    let last = log.last().map_or(Position::START, |event| event.position);
    let rare: Vec<_> = log.iter().filter(|event| event.name == "rare").cloned().collect();
    let middle = log.get(1_234).map_or(Position::START, |event| event.position);
    let above: Vec<_> = log.iter().filter(|event| event.position > middle).cloned().collect();
    for (from, filter, expected) in [
        (Position::START, Filter::all(), &log),
        (middle, Filter::all(), &above),
        (Position::START, Filter::all().name("rare"), &rare),
        (Position::START, Filter::all().category("sample").name("rare"), &rare),
        (Position::START, Filter::all().category("sample"), &log),
    ] {
        let read = pages(subject.store.read_pages(from.into(), Direction::Forward, &filter, None)).await?;
        ensure_eq("pages hold exactly the events above the checkpoint", expected, &events(&read))?;
        in_order(&read, last)?;
        ensure("the last page ends at the frontier", read.last().is_some_and(Page::is_live), || format!("{read:?}"))?;
    }
    Ok(())
}

/// A page without events still reports how far the reader has looked.
pub async fn a_page_reports_how_far_the_reader_has_looked(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let empty = pages(subject.store.read_pages(Checkpoint::START, Direction::Forward, &nothing(), None)).await?;
    ensure_eq("an empty log has no events", Vec::<StoredEvent>::new(), events(&empty))?;
    in_order(&empty, Position::START)?;
    let log = long(&subject).await?;
    let last = log.last().map_or(Position::START, |event| event.position);
    for filter in [nothing(), nothing().category("sample"), Filter::all().category("nothing")] {
        let read = pages(subject.store.read_pages(Checkpoint::START, Direction::Forward, &filter, None)).await?;
        ensure_eq("nothing is found", Vec::<StoredEvent>::new(), events(&read))?;
        in_order(&read, last)?;
        ensure_eq("the reader has looked at the whole log", Some(last), read.last().map(|page| page.up_to))?;
        ensure("the reader has caught up", read.last().is_some_and(Page::is_live), || format!("{read:?}"))?;
    }
    Ok(())
}

/// A reader that stopped after any page resumes after that page.
pub async fn a_reader_resumes_after_any_page(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let log = long(&subject).await?;
    let rare: Vec<_> = log.iter().filter(|event| event.name == "rare").cloned().collect();
    for (filter, limit, expected) in [(Filter::all(), 700, &log), (Filter::all().name("rare"), 7, &rare)] {
        let (mut at, mut seen) = (Checkpoint::START, Vec::new());
        loop {
            let mut some = subject.store.read_pages(at, Direction::Forward, &filter, Some(limit));
            let Some(page) = some.try_next().await? else { break };
            at = page.checkpoint();
            let live = page.is_live();
            seen.extend(page.events);
            if live {
                break;
            }
        }
        ensure_eq("the pages give every event once", expected, &seen)?;
    }
    Ok(())
}

/// No page holds too many events or bytes.
pub async fn a_page_is_bounded_in_events_and_bytes(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("1")?;
    let payload = format!("\"{}\"", "x".repeat(PAYLOAD_BYTES - 2));
    for _ in 0..2 {
        let big = (0..10).map(|_| raw("big", payload.clone())).collect::<Result<_, _>>()?;
        subject.append(&stream, Expected::Any, big).await?;
    }
    for _ in 0..5 {
        subject.append(&stream, Expected::Any, notes(0..1_000)?).await?;
    }
    for direction in [Direction::Forward, Direction::Backward] {
        let from = if direction == Direction::Forward { Position::START } else { Position::MAX };
        let mut count = 0;
        let mut read = subject.store.read_pages(from.into(), direction, &Filter::all(), None);
        while let Some(page) = read.try_next().await? {
            let bytes: usize = page.events.iter().map(|event| event.payload.len()).sum();
            let fits = page.events.len() <= Page::EVENTS && (bytes <= Page::BYTES || page.events.len() == 1);
            ensure("a page is bounded", fits, || format!("{} events with {bytes} bytes", page.events.len()))?;
            count += page.events.len();
        }
        ensure_eq("the pages hold all events", 5_020, count)?;
    }
    Ok(())
}

/// A function that accepts the same events as a filter, independently of it.
type Accepts = fn(&StoredEvent) -> bool;

/// A backward read gives the events below the checkpoint, from newer to older ones.
pub async fn pages_backward_run_from_newer_to_older(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let read = pages(subject.store.read_pages(Position::MAX.into(), Direction::Backward, &Filter::all(), None)).await?;
    ensure_eq("an empty log has no events", Vec::<StoredEvent>::new(), events(&read))?;
    let log = long(&subject).await?;
    let (first, middle) = (log[0].position, log[1_234].position);
    let filters: [(Filter, Accepts); 4] = [
        (Filter::all(), |_| true),
        (Filter::all().name("rare"), |event| event.name == "rare"),
        (Filter::all().category("sample").name("rare"), |event| event.name == "rare"),
        (nothing(), |_| false),
    ];
    for (filter, wanted) in &filters {
        for from in [Position::MAX, middle, first.plus(1), first, Position::START] {
            let below: Vec<_> =
                log.iter().rev().filter(|event| event.position < from && wanted(event)).cloned().collect();
            for limit in [None, Some(0), Some(1), Some(300)] {
                let read = pages(subject.store.read_pages(from.into(), Direction::Backward, filter, limit)).await?;
                let expected: Vec<_> = below.iter().take(limit.unwrap_or(usize::MAX)).cloned().collect();
                ensure_eq("a backward read gives the events below in reverse", &expected, &events(&read))?;
                let mut before = Position::MAX;
                for page in &read {
                    let lowest = page.events.last().map_or(before, |last| last.position);
                    ensure("a page ends at or below its last event", page.up_to <= lowest.min(before), || {
                        format!("{} after {lowest}", page.up_to)
                    })?;
                    before = page.up_to;
                }
                if limit.is_none() && from > first {
                    ensure("the last page has looked at the first event", before <= first, || format!("{before}"))?;
                }
            }
        }
    }
    Ok(())
}

/// A backward reader that stopped after any page resumes below that page.
pub async fn a_backward_reader_resumes_after_any_page(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let mut log = long(&subject).await?;
    log.reverse();
    let (mut at, mut seen) = (Checkpoint::from(Position::MAX), Vec::new());
    while seen.len() < log.len() {
        let mut some = subject.store.read_pages(at, Direction::Backward, &Filter::all(), Some(700));
        let Some(page) = some.try_next().await? else { break };
        if page.events.is_empty() {
            break;
        }
        at = page.checkpoint();
        seen.extend(page.events);
    }
    ensure_eq("the pages give every event once", &log, &seen)
}

/// A subscription that finds nothing reports how far it has looked.
pub async fn a_subscription_reports_how_far_it_has_looked(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let log = long(&subject).await?;
    let mut last = log.last().map_or(Position::START, |event| event.position);
    let filter = nothing();
    let mut live = subject.store.subscribe_pages(Checkpoint::START, &filter);
    for number in 0..5 {
        let mut before = Position::START;
        let deadline = Instant::now() + patience();
        while before < last {
            ensure("the subscription looks as far as the last event", Instant::now() < deadline, || {
                format!("{before} of {last}")
            })?;
            let page = within_timeout("a page comes", live.next()).await?.ok_or_else(ended)??;
            ensure_eq("nothing is found", Vec::<StoredEvent>::new(), page.events)?;
            ensure(
                "the subscription looks further with each page",
                page.up_to >= before && page.up_to <= last,
                || format!("{} after {before}", page.up_to),
            )?;
            before = page.up_to;
        }
        let appended = subject.append(&subject.stream("1")?, Expected::Any, vec![note(number)?]).await?;
        last = appended.positions.last().copied().unwrap_or_default();
    }
    Ok(())
}

/// No page ends above the last event, wherever the read begins.
pub async fn no_page_ends_above_the_last_event(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    subject.fill(&subject.stream("1")?, 3).await?;
    let last = subject.log().await?.last().map_or(Position::START, |event| event.position);
    for filter in [Filter::all(), nothing()] {
        for from in [Position::START, last, last.plus(1_000), Position::MAX] {
            let read = pages(subject.store.read_pages(from.into(), Direction::Forward, &filter, None)).await?;
            in_order(&read, last)?;
        }
    }
    Ok(())
}
