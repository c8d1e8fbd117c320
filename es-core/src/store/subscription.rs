//! The subscription of a store that polls: catches up from a checkpoint, then reads new events as they are appended.

use std::{future::poll_fn, mem, task::Poll};

use async_stream::try_stream;
use futures_core::stream::BoxStream;
use futures_util::StreamExt;

use crate::store::{Checkpoint, Direction, EventStore, Filter, Page, ReadError};

/// Subscribes with [`read_pages`](EventStore::read_pages) and [`changed`](EventStore::changed).
pub(crate) fn subscribe<S: EventStore + ?Sized>(
    store: &S,
    mut after: Checkpoint,
    filter: Filter,
) -> BoxStream<'_, Result<Page, ReadError>> {
    Box::pin(try_stream! {
        loop {
            {
                let mut pages = store.read_pages(after, Direction::Forward, &filter, None);
                while let Some(page) = pages.next().await {
                    let page = page?;
                    // Never moves back, also when `after` is above the last event.
                    after = page.frontier.at(page.up_to.max(after.position()));
                    yield page;
                }
            }
            store.changed(after).await?;
            yield_once().await;
        }
    })
}

/// Yields once. Without it, a store whose futures are always ready would keep the thread from every other task.
pub(crate) async fn yield_once() {
    let mut yielded = false;
    poll_fn(|context| {
        if mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
