//! One subscription: catches up with the log, then follows it live.
//!
//! After a restore or a failover it goes on if the log still has the last event that it returned, and ends with
//! `ReadError::Restored` if not.

use std::sync::Arc;

use async_stream::try_stream;
use es_core::{Checkpoint, Filter, Page, Position, ReadError, StoredEvent};
use futures_core::stream::BoxStream;
use futures_util::StreamExt;
use tokio::{sync::watch, time::timeout};
use uuid::Uuid;

use crate::{
    read::{
        Cursor, Reader,
        error::{PostgresReadError, read_error},
        frontier::Frontier,
        log_state::LogState,
        open_readers::OpenReader,
    },
    server::{
        back_off::BackOff,
        error::{PostgresError, root_cause},
    },
    subscribe::recent::{Advance, RecentEvents},
};

/// One subscription to the log.
pub(super) struct Subscription {
    log: Arc<LogState>,
    reader: Arc<Reader>,
    recent: watch::Receiver<RecentEvents>,
    /// The pauses between attempts while the server is unavailable or the log moves.
    back_off: BackOff,
    #[expect(dead_code, reason = "the subscription is counted until this is dropped")]
    open: OpenReader,
}

impl Subscription {
    pub(super) fn new(
        log: Arc<LogState>,
        reader: Arc<Reader>,
        recent: watch::Receiver<RecentEvents>,
        open: OpenReader,
    ) -> Self {
        Self { log, reader, recent, back_off: BackOff::reconnecting(), open }
    }

    /// Catches up after `after` and then follows the log live, page by page.
    pub(super) fn pages(mut self, after: Checkpoint, filter: Filter) -> BoxStream<'static, Result<Page, ReadError>> {
        Box::pin(try_stream! {
            // The last event that was returned, in the incarnation that the subscription reads now. A position without an
            // incarnation is taken as one of the current log.
            let mut returned = Checkpoint::new(self.current_incarnation(after).await?, after.position());
            // Where to read from next. With a filter this may be above the last event that was returned.
            let mut after = after.position();
            'log: loop {
                let (frontier, shared) = self.next_frontier(after, &returned).await?;
                if frontier.checkpoint().incarnation() != returned.incarnation() {
                    after = returned.position();
                    self.resume(&mut returned).await?;
                    continue 'log;
                }
                if let Some(advances) = shared {
                    let accepted = |event: &&StoredEvent| {
                        event.position > after && filter.accepts(&event.stream, &event.name)
                    };
                    let events: Vec<_> =
                        advances.iter().flat_map(|advance| &advance.events).filter(accepted).cloned().collect();
                    after = after.max(frontier.position);
                    returned = events.last().map_or(returned, |last| returned.at(last.position));
                    self.back_off.reset();
                    yield Page::new(events, after, frontier.checkpoint());
                    continue 'log;
                }
                while after < frontier.position {
                    let mut pages = self.reader.read_until(Cursor::until(after, &filter, frontier), None);
                    let failed = loop {
                        match pages.next().await {
                            Some(Ok(page)) => {
                                after = page.up_to;
                                returned = page.events.last().map_or(returned, |last| returned.at(last.position));
                                self.back_off.reset();
                                yield page;
                            }
                            Some(Err(error)) => break Some(error),
                            None => break None,
                        }
                    };
                    match failed {
                        None => after = after.max(frontier.position),
                        Some(error) if source_is(&error, |error| matches!(error, PostgresReadError::Moved)) => {
                            self.wait_for_move(frontier.incarnation).await?;
                            continue 'log;
                        }
                        Some(error) if source_is(&error, PostgresReadError::ends_session) => {
                            tracing::warn!(error = %root_cause(&error), "a subscription lost its connection and reconnects");
                            self.back_off.wait().await;
                        }
                        Some(error) => Err(error)?,
                    }
                }
            }
        })
    }

    /// Waits for a frontier above `after`, or of another incarnation. Returns the events up to it where they are shared.
    async fn next_frontier(
        &mut self,
        after: Position,
        returned: &Checkpoint,
    ) -> Result<(Frontier, Option<Vec<Arc<Advance>>>), ReadError> {
        let seen = returned.at(after);
        let new = |recent: &RecentEvents| recent.frontier.checkpoint().is_news_after(seen);
        let recent = self.recent.wait_for(new).await.map_err(|_| closed())?;
        Ok((recent.frontier, recent.since(after)))
    }

    /// Waits until the follower publishes another incarnation, but no longer than a pause: the log may have moved back.
    async fn wait_for_move(&mut self, incarnation: Uuid) -> Result<(), ReadError> {
        let other = self.recent.wait_for(|recent| recent.frontier.incarnation != incarnation);
        match timeout(self.back_off.next_pause(), other).await {
            Ok(Err(_)) => Err(closed()),
            Ok(Ok(_)) | Err(_) => Ok(()),
        }
    }

    /// Continues in the current incarnation if it still has the events that were returned.
    async fn resume(&mut self, returned: &mut Checkpoint) -> Result<(), ReadError> {
        match self.log.resume(*returned).await {
            // The follower and this query see different incarnations: one of the two answers is older.
            Ok(current) if Some(current) == returned.incarnation() => {
                match timeout(self.back_off.next_pause(), self.recent.changed()).await {
                    Ok(Err(_)) => Err(closed()),
                    Ok(Ok(())) | Err(_) => Ok(()),
                }
            }
            Ok(current) => {
                *returned = Checkpoint::new(current, returned.position());
                Ok(())
            }
            Err(error) if source_is(&error, is_temporary) => {
                self.back_off.wait().await;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Waits for the server, then returns the current incarnation if it has the same events up to the checkpoint.
    async fn current_incarnation(&mut self, checkpoint: Checkpoint) -> Result<Uuid, ReadError> {
        loop {
            match self.log.resume(checkpoint).await {
                Err(error) if source_is(&error, is_temporary) => self.back_off.wait().await,
                answer => return answer,
            }
        }
    }
}

/// Whether the error lasts only until the server, or its successor after a failover, is available.
fn is_temporary(error: &PostgresReadError) -> bool {
    error.ends_session() || matches!(error, PostgresReadError::Server(PostgresError::Replica))
}

/// The error when the follower task has ended.
pub(super) fn closed() -> ReadError {
    read_error(PostgresError::Closed)
}

/// Whether the source of `error` is an error of this store that `kind` accepts.
fn source_is(error: &ReadError, kind: impl FnOnce(&PostgresReadError) -> bool) -> bool {
    matches!(error, ReadError::Store(source) if source.downcast_ref().is_some_and(kind))
}
