//! One subscription: it catches up, and goes on live.

use std::sync::Arc;

use async_stream::try_stream;
use es_core::{Checkpoint, Filter, Page, Position, ReadError, StoredEvent};
use futures_core::stream::BoxStream;
use futures_util::StreamExt;
use tokio::sync::watch;
use tokio::time::timeout;
use uuid::Uuid;

use super::recent::{Advance, RecentEvents};
use crate::read::error::{PostgresReadError, read_error};
use crate::read::frontier::Frontier;
use crate::read::log::Log;
use crate::read::open_readers::OpenReader;
use crate::read::{Cursor, Reader};
use crate::server::back_off::BackOff;
use crate::server::error::PostgresError;
use crate::server::error::root_cause;

/// One who waits for events.
pub(super) struct Subscription {
    log: Arc<Log>,
    reader: Arc<Reader>,
    recent: watch::Receiver<RecentEvents>,
    /// Between looks at a server that is away, or at a log that moves.
    back_off: BackOff,
    #[expect(dead_code, reason = "it is counted until it is dropped")]
    open: OpenReader,
}

impl Subscription {
    pub(super) fn new(
        log: Arc<Log>,
        reader: Arc<Reader>,
        recent: watch::Receiver<RecentEvents>,
        open: OpenReader,
    ) -> Self {
        Self { log, reader, recent, back_off: BackOff::reconnecting(), open }
    }

    /// Catches up after `after` and goes on live, a page at a time.
    pub(super) fn pages(mut self, after: Checkpoint, filter: Filter) -> BoxStream<'static, Result<Page, ReadError>> {
        Box::pin(try_stream! {
            // the last event that was handled, in the incarnation that the subscription reads now; a bare position is taken
            // for one of today's log
            let mut handled = Checkpoint::new(self.current_incarnation(after).await?, after.position());
            // where to look from next; a filter may let the reader look further than it has handled
            let mut after = after.position();
            'log: loop {
                let (frontier, shared) = self.next_frontier(after, &handled).await?;
                if frontier.checkpoint().incarnation() != handled.incarnation() {
                    after = handled.position();
                    self.resume(&mut handled).await?;
                    continue 'log;
                }
                if let Some(advances) = shared {
                    let accepted = |event: &&StoredEvent| {
                        event.position > after && filter.accepts(&event.stream, &event.name)
                    };
                    let events: Vec<_> =
                        advances.iter().flat_map(|advance| &advance.events).filter(accepted).cloned().collect();
                    after = after.max(frontier.position);
                    handled = events.last().map_or(handled, |last| handled.at(last.position));
                    self.back_off.reset();
                    yield Page::new(events, after, frontier.checkpoint());
                    continue 'log;
                }
                while after < frontier.position {
                    let mut pages = self.reader.read_until(Cursor::until(after, &filter, frontier), None);
                    let lost = loop {
                        match pages.next().await {
                            Some(Ok(page)) => {
                                after = page.up_to;
                                handled = page.events.last().map_or(handled, |last| handled.at(last.position));
                                self.back_off.reset();
                                yield page;
                            }
                            Some(Err(error)) => break Some(error),
                            None => break None,
                        }
                    };
                    match lost {
                        None => after = after.max(frontier.position),
                        Some(error) if is_postgres(&error, |error| matches!(error, PostgresReadError::Moved)) => {
                            self.wait_for_move(frontier.incarnation).await?;
                            continue 'log;
                        }
                        Some(error) if is_postgres(&error, PostgresReadError::ends_session) => {
                            tracing::warn!(error = %root_cause(&error), "a subscription lost its connection and tries again");
                            self.back_off.wait().await;
                        }
                        Some(error) => Err(error)?,
                    }
                }
            }
        })
    }

    /// Waits for a frontier above `after`, or of another incarnation; with the events up to it, where they are shared.
    async fn next_frontier(
        &mut self,
        after: Position,
        handled: &Checkpoint,
    ) -> Result<(Frontier, Option<Vec<Arc<Advance>>>), ReadError> {
        let seen = handled.at(after);
        let new = |recent: &RecentEvents| recent.frontier.checkpoint().is_news_after(seen);
        let recent = self.recent.wait_for(new).await.map_err(|_| closed())?;
        Ok((recent.frontier, recent.since(after)))
    }

    /// Waits until the log is found in another incarnation; for a while, as it may have moved back.
    async fn wait_for_move(&mut self, incarnation: Uuid) -> Result<(), ReadError> {
        let other = self.recent.wait_for(|recent| recent.frontier.incarnation != incarnation);
        match timeout(self.back_off.next_pause(), other).await {
            Ok(Err(_)) => Err(closed()),
            Ok(Ok(_)) | Err(_) => Ok(()),
        }
    }

    /// Goes on in today's log, if what was handled is still in it.
    async fn resume(&mut self, handled: &mut Checkpoint) -> Result<(), ReadError> {
        match self.log.resume(*handled).await {
            // the follower has not found the log there yet, or finds it there no longer
            Ok(today) if Some(today) == handled.incarnation() => {
                match timeout(self.back_off.next_pause(), self.recent.changed()).await {
                    Ok(Err(_)) => Err(closed()),
                    Ok(Ok(())) | Err(_) => Ok(()),
                }
            }
            Ok(today) => {
                *handled = Checkpoint::new(today, handled.position());
                Ok(())
            }
            Err(error) if is_postgres(&error, is_temporary) => {
                self.back_off.wait().await;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Today's incarnation, as soon as there is a server to ask, if all up to the checkpoint is the same in it.
    async fn current_incarnation(&mut self, checkpoint: Checkpoint) -> Result<Uuid, ReadError> {
        loop {
            match self.log.resume(checkpoint).await {
                Err(error) if is_postgres(&error, is_temporary) => self.back_off.wait().await,
                answer => return answer,
            }
        }
    }
}

/// Whether it is over as soon as the server, or its successor, is there.
fn is_temporary(error: &PostgresReadError) -> bool {
    error.ends_session() || matches!(error, PostgresReadError::Server(PostgresError::Replica))
}

/// Who follows the log has ended.
pub(super) fn closed() -> ReadError {
    read_error(PostgresError::Closed)
}

fn is_postgres(error: &ReadError, kind: impl FnOnce(&PostgresReadError) -> bool) -> bool {
    matches!(error, ReadError::Store(source) if source.downcast_ref().is_some_and(kind))
}
