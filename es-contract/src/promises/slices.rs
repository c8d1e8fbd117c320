//! Slices: readers share the log by ranges of slices.

use es_core::{Checkpoint, Direction, Expected, Filter, Position, StoredEvent, StreamId};
use futures_util::{StreamExt, TryStreamExt};

use super::{
    Subject, ensure_eq, note,
    subject::{collect, raw, within_timeout},
};
use crate::{BrokenPromise, Factory};

/// A function that accepts the same events as a filter, independently of it.
type Accepts = fn(&StoredEvent) -> bool;

/// A filter by slices gives the events of the streams in them that the rest of the filter accepts.
pub async fn a_filter_by_slices_gives_their_events(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    for id in 0..40 {
        let stream = StreamId::new(if id % 3 == 0 { "order" } else { "sample" }, format!("slice-{id}"))?;
        subject.append(&stream, Expected::NoStream, vec![note(id)?, raw("other", "{}")?]).await?;
    }
    let log = subject.log().await?;
    let mut borders: Vec<u16> = log.iter().map(|event| slice_of(&event.stream)).take(6).collect();
    borders.extend([0, 511, 1_023]);
    let mut ranges = Vec::new();
    for from in &borders {
        ranges.extend(borders.iter().filter(|to| from <= to).map(|to| (*from, *to)));
    }
    let filters: [(Filter, Accepts); 4] = [
        (Filter::all(), |_| true),
        (Filter::all().category("order"), |event| event.stream.category() == "order"),
        (Filter::all().name("other"), |event| event.name == "other"),
        (Filter::all().category("order").name("other"), |event| {
            event.stream.category() == "order" && event.name == "other"
        }),
    ];
    for (filter, wanted) in &filters {
        for (from, to) in &ranges {
            let filter = filter.clone().slices(*from..=*to);
            let within = |event: &&StoredEvent| (*from..=*to).contains(&slice_of(&event.stream)) && wanted(event);
            let mut expected: Vec<_> = log.iter().filter(within).cloned().collect();
            let seen = collect(subject.store.read_all(Checkpoint::START, &filter, None)).await?;
            ensure_eq("the events of the slices are read", &expected, &seen)?;
            if from == to {
                let live = subject.store.subscribe(Checkpoint::START, &filter).take(expected.len());
                ensure_eq(
                    "a subscription delivers the events of the slices",
                    &expected,
                    &within_timeout("a subscription gives the events", collect(live)).await??,
                )?;
            }
            let backward = subject.store.read_pages(Position::MAX.into(), Direction::Backward, &filter, None);
            let pages: Vec<_> = backward.try_collect().await?;
            expected.reverse();
            ensure_eq(
                "a backward read gives the events of the slices",
                expected,
                pages.into_iter().flat_map(|page| page.events).collect::<Vec<_>>(),
            )?;
        }
    }
    Ok(())
}

/// Computes the slice of a stream independently of the core.
fn slice_of(stream: &StreamId) -> u16 {
    let text = format!("{}\0{}\0", stream.category(), stream.id());
    let hash = text
        .bytes()
        .fold(14_695_981_039_346_656_037_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(1_099_511_628_211));
    let hash = (hash ^ (hash >> 33)).wrapping_mul(18_397_679_294_719_823_053);
    let hash = (hash ^ (hash >> 33)).wrapping_mul(14_181_476_777_654_086_739);
    let high = (hash ^ (hash >> 33)) >> 32;
    u16::try_from(high & 1_023).unwrap_or(u16::MAX)
}
