//! The subscription: catch up from a checkpoint, then go on live.

use std::{future::poll_fn, mem, task::Poll};

use async_stream::try_stream;
use futures_core::stream::BoxStream;
use futures_util::StreamExt;

use crate::store::{Checkpoint, Direction, EventStore, Filter, Page, ReadError};

/// Catches up and goes on live over [`read_pages`](EventStore::read_pages) and [`changed`](EventStore::changed).
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
                    // not back, where `after` lies above the last event
                    after = page.frontier.at(page.up_to.max(after.position()));
                    yield page;
                }
            }
            store.changed(after).await?;
            let_others_run().await;
        }
    })
}

/// Yields once: a store that always answers at once would keep the thread from every other task.
async fn let_others_run() {
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
