//! The subscription: catch up from a position, then go on live.

use async_stream::try_stream;
use futures_core::stream::BoxStream;
use futures_util::StreamExt;

use crate::{EventStore, Filter, Position, ReadError, StoredEvent, limits};

/// Catches up and goes on live over [`read_all`](EventStore::read_all) and [`changed`](EventStore::changed).
pub(crate) fn subscribe<S: EventStore + ?Sized>(
    store: &S,
    mut after: Position,
    filter: Filter,
) -> BoxStream<'_, Result<StoredEvent, ReadError>> {
    Box::pin(try_stream! {
        limits::check_filter(&filter)?;
        loop {
            // Asked before the events: all up to it are read below, so a filter that accepts few of them advances too.
            let frontier = store.frontier().await?;
            {
                let mut events = store.read_all(after, &filter, None);
                while let Some(event) = events.next().await {
                    let event = event?;
                    after = event.position;
                    yield event;
                }
            }
            after = after.max(frontier);
            store.changed(after).await?;
        }
    })
}
