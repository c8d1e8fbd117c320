//! Pages: each says how far the reader has looked, and none is too big.

use std::time::Instant;

use es_core::{Checkpoint, Direction, Expected, Filter, Page, Position, ReadError, StoredEvent, limits::PAYLOAD_BYTES};
use futures_core::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};

use super::{
    Subject, held, note, notes, same,
    subject::{ended, patiently, raw},
};
use crate::{BrokenPromise, Factory, contract::child::patience};

/// What no event of a promise is called.
fn nothing() -> Filter {
    Filter::all().name("nobody.is.called.this")
}

async fn pages(pages: BoxStream<'_, Result<Page, ReadError>>) -> Result<Vec<Page>, BrokenPromise> {
    Ok(pages.try_collect().await?)
}

fn events(pages: &[Page]) -> Vec<StoredEvent> {
    pages.iter().flat_map(|page| page.events.iter().cloned()).collect()
}

/// Two streams with 2,500 events, of which few are called otherwise.
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

/// Forward, each page lies between the one before and the frontier, and says no less than its last event.
fn in_order(pages: &[Page], last: Position) -> Result<(), BrokenPromise> {
    let mut before = Position::START;
    for page in pages {
        let lowest = page.events.last().map_or(before, |last| last.position).max(before);
        held("a page ends at or above its last event and the page before", page.up_to >= lowest, || {
            format!("{} after {lowest}", page.up_to)
        })?;
        held("a page ends at or below the last event", page.up_to <= last, || format!("{} of {last}", page.up_to))?;
        held("a page ends at or below the frontier", page.up_to <= page.frontier.position(), || {
            format!("{} of {}", page.up_to, page.frontier)
        })?;
        before = page.up_to;
    }
    Ok(())
}

/// Read in pages, the log is what it is event by event.
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
        same("pages hold exactly the events above the checkpoint", expected, &events(&read))?;
        in_order(&read, last)?;
        held("the last page ends at the frontier", read.last().is_some_and(Page::is_live), || format!("{read:?}"))?;
    }
    Ok(())
}

/// A reader that finds nothing learns how far it has looked all the same.
pub async fn a_page_says_how_far_the_reader_has_looked(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let empty = pages(subject.store.read_pages(Checkpoint::START, Direction::Forward, &nothing(), None)).await?;
    same("an empty log has no events", Vec::<StoredEvent>::new(), events(&empty))?;
    in_order(&empty, Position::START)?;
    let log = long(&subject).await?;
    let last = log.last().map_or(Position::START, |event| event.position);
    for filter in [nothing(), nothing().category("sample"), Filter::all().category("nothing")] {
        let read = pages(subject.store.read_pages(Checkpoint::START, Direction::Forward, &filter, None)).await?;
        same("nothing is found", Vec::<StoredEvent>::new(), events(&read))?;
        in_order(&read, last)?;
        same("everything was looked at", Some(last), read.last().map(|page| page.up_to))?;
        held("it has caught up", read.last().is_some_and(Page::is_live), || format!("{read:?}"))?;
    }
    Ok(())
}

/// Whatever page a reader stops at, it goes on behind that page.
pub async fn a_reader_goes_on_after_any_page(factory: &dyn Factory) -> Result<(), BrokenPromise> {
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
        same("page after page gives everything once", expected, &seen)?;
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
            held("a page is bounded", fits, || format!("{} events with {bytes} bytes", page.events.len()))?;
            count += page.events.len();
        }
        same("the pages hold all events", 5_020, count)?;
    }
    Ok(())
}

/// What a filter accepts, said a second time.
type Accepts = fn(&StoredEvent) -> bool;

/// Backward, the log is read from newer events to older ones, below the checkpoint.
pub async fn pages_backward_run_from_newer_to_older(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let read = pages(subject.store.read_pages(Position::MAX.into(), Direction::Backward, &Filter::all(), None)).await?;
    same("an empty log has no events", Vec::<StoredEvent>::new(), events(&read))?;
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
                same("backward, the events below stand in reverse", &expected, &events(&read))?;
                let mut before = Position::MAX;
                for page in &read {
                    let lowest = page.events.last().map_or(before, |last| last.position);
                    held("a page ends at or below its last event", page.up_to <= lowest.min(before), || {
                        format!("{} after {lowest}", page.up_to)
                    })?;
                    before = page.up_to;
                }
                if limit.is_none() && from > first {
                    held("the last page has looked at the first event", before <= first, || format!("{before}"))?;
                }
            }
        }
    }
    Ok(())
}

/// Where a page backward ends, the next one goes on.
pub async fn a_reader_goes_on_backward_after_any_page(factory: &dyn Factory) -> Result<(), BrokenPromise> {
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
    same("page after page gives everything once", &log, &seen)
}

/// A subscription that finds nothing can be asked how far it has looked.
pub async fn a_subscription_tells_how_far_it_has_looked(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let log = long(&subject).await?;
    let mut last = log.last().map_or(Position::START, |event| event.position);
    let filter = nothing();
    let mut live = subject.store.subscribe_pages(Checkpoint::START, &filter);
    for number in 0..5 {
        let mut before = Position::START;
        let deadline = Instant::now() + patience();
        while before < last {
            held("it looks up to the last event", Instant::now() < deadline, || format!("{before} of {last}"))?;
            let page = patiently("a page comes", live.next()).await?.ok_or_else(ended)??;
            same("nothing is found", Vec::<StoredEvent>::new(), page.events)?;
            held("it looks further and further", page.up_to >= before && page.up_to <= last, || {
                format!("{} after {before}", page.up_to)
            })?;
            before = page.up_to;
        }
        let appended = subject.append(&subject.stream("1")?, Expected::Any, vec![note(number)?]).await?;
        last = appended.positions.last().copied().unwrap_or_default();
    }
    Ok(())
}

/// No page ends above the last event, wherever it begins.
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
