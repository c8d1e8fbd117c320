//! The head of the log: one task asks for the frontier and reads the newest events, for all subscriptions together.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_stream::try_stream;
use es_core::{Checkpoint, Filter, Page, Position, ReadError, StoredEvent};
use futures_core::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;
use uuid::Uuid;

use crate::PostgresError;
use crate::read::frontier::Frontier;
use crate::read::incarnation;
use crate::read::open::{Open, OpenReaders};
use crate::read::{Cursor, Reader};
use crate::subscribe::notify::Wake;

/// How long an idle log is left alone before the frontier is asked for again, at first and at last.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LAST_PAUSE: Duration = Duration::from_millis(250);
/// How many of the newest events, and bytes of them, subscriptions share.
const EVENTS: usize = 2_000;
const BYTES: usize = 4 * 1024 * 1024;
/// Below this many subscriptions each reads for itself, and what it does not want stays on the server.
const SHARED_BY: usize = 2;

/// What is known of the newest events.
#[derive(Debug, Clone)]
struct Newest {
    frontier: Frontier,
    /// The events of the last advances, without a gap up to the frontier.
    advances: VecDeque<Arc<Advance>>,
}

/// The events by which the frontier advanced once.
#[derive(Debug)]
struct Advance {
    after: Position,
    events: Vec<StoredEvent>,
    bytes: usize,
}

/// The head of the log, for all who wait.
#[derive(Debug)]
pub(crate) struct Head {
    /// The sender is the follower's: when that one has ended with its runtime, nobody waits any more.
    newest: watch::Receiver<Newest>,
    /// Somebody began to wait.
    joined: Arc<Notify>,
    subscriptions: OpenReaders,
}

/// Follows the log for all who wait.
#[derive(Debug)]
pub(crate) struct Follower {
    newest: watch::Sender<Newest>,
    joined: Arc<Notify>,
    subscriptions: OpenReaders,
}

impl Head {
    /// The head, and who has to follow the log for it.
    pub(crate) fn new(incarnation: Uuid) -> (Self, Follower) {
        let (sender, newest) =
            watch::channel(Newest { frontier: Frontier::start(incarnation), advances: VecDeque::new() });
        let (joined, subscriptions) = (Arc::<Notify>::default(), OpenReaders::default());
        let follower = Follower { newest: sender, joined: Arc::clone(&joined), subscriptions: subscriptions.clone() };
        (Self { newest, joined, subscriptions }, follower)
    }

    /// How many subscriptions are open.
    pub(crate) fn subscriptions(&self) -> usize {
        self.subscriptions.count()
    }

    /// Waits until the frontier is above `seen`, or in another incarnation.
    pub(crate) async fn changed(&self, seen: Checkpoint) -> Result<Checkpoint, ReadError> {
        let mut newest = self.join();
        // also where the head was above `seen` already: a store that is closed answers nothing
        newest.has_changed().map_err(|_| closed())?;
        let news = newest.wait_for(|newest| newest.frontier.checkpoint().is_news_after(seen)).await;
        news.map(|newest| newest.frontier.checkpoint()).map_err(|_| closed())
    }

    /// Catches up after `after` and goes on live, a page at a time.
    pub(crate) fn subscribe(
        &self,
        reader: Arc<Reader>,
        after: Checkpoint,
        filter: Filter,
    ) -> BoxStream<'static, Result<Page, ReadError>> {
        let mut subscription = Subscription { newest: self.join(), open: self.subscriptions.open() };
        Box::pin(try_stream! {
            // the last event that was handled, in the incarnation that the subscription reads now; a bare position is taken
            // for one of today's log
            let mut handled = Checkpoint::new(today(&reader, after).await?, after.position());
            // where to look from next; a filter may let the reader look further than it has handled
            let mut after = after.position();
            'log: loop {
                let (frontier, shared) = subscription.next(after, &handled).await?;
                if frontier.checkpoint().incarnation() != handled.incarnation() {
                    after = handled.position();
                    subscription.go_on(&reader, &mut handled).await?;
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
                    yield Page::new(events, after, frontier.checkpoint());
                    continue 'log;
                }
                while after < frontier.position {
                    let mut pages = reader.read_until(Cursor::until(after, &filter, frontier), None);
                    let lost = loop {
                        match pages.next().await {
                            Some(Ok(page)) => {
                                after = page.up_to;
                                handled = page.events.last().map_or(handled, |last| handled.at(last.position));
                                yield page;
                            }
                            Some(Err(error)) => break Some(error),
                            None => break None,
                        }
                    };
                    match lost {
                        None => after = after.max(frontier.position),
                        Some(error) if is(&error, |error| matches!(error, PostgresError::Moved)) => {
                            subscription.other_than(frontier.incarnation).await?;
                            continue 'log;
                        }
                        Some(error) if is(&error, PostgresError::ends_session) => {
                            tracing::warn!(error = %deepest(&error), "a subscription lost its connection and tries again");
                            tokio::time::sleep(LAST_PAUSE).await;
                        }
                        Some(error) => Err(error)?,
                    }
                }
            }
        })
    }

    fn join(&self) -> watch::Receiver<Newest> {
        let mut newest = self.newest.clone();
        newest.mark_unchanged();
        self.joined.notify_one();
        newest
    }
}

impl Follower {
    /// Asks for the frontier while somebody waits, for ever.
    pub(crate) async fn follow(self, reader: Arc<Reader>, wake: Wake) {
        let mut stirred = wake.subscribe();
        let mut pause = FIRST_PAUSE;
        let mut lost = false;
        loop {
            // one of them is the head's own
            if self.newest.receiver_count() <= 1 {
                self.joined.notified().await;
                pause = FIRST_PAUSE;
                continue;
            }
            stirred.mark_unchanged();
            match reader.frontier().await {
                Ok(frontier) => {
                    if lost {
                        tracing::info!("the frontier is known again");
                    }
                    lost = false;
                    if self.advance(&reader, frontier).await {
                        pause = FIRST_PAUSE;
                        continue;
                    }
                }
                Err(error) => {
                    if !lost {
                        tracing::warn!(error = %deepest(&error), "the frontier cannot be asked for; subscriptions wait");
                    }
                    lost = true;
                }
            }
            // the sender lives in this task's own store, so only a change or the pause ends the wait
            if timeout(pause, stirred.changed()).await.is_ok() {
                pause = FIRST_PAUSE;
            } else {
                pause = (pause * 2).min(LAST_PAUSE);
            }
        }
    }

    /// Publishes a new frontier, with the events up to it where they are few and many wait for them.
    async fn advance(&self, reader: &Arc<Reader>, frontier: Frontier) -> bool {
        let before = self.newest.borrow().frontier;
        if frontier.incarnation != before.incarnation {
            tracing::warn!(incarnation = %frontier.incarnation, "the log has moved to another server, or was restored");
            self.newest.send_modify(|newest| newest.take(frontier, None));
            // not at once again: connections to two servers would be told of a move each time
            return false;
        }
        if frontier.position <= before.position {
            return false;
        }
        let shared = self.subscriptions.count() >= SHARED_BY;
        let advance = if shared { Advance::read(reader, before.position, frontier).await } else { None };
        self.newest.send_modify(|newest| newest.take(frontier, advance));
        true
    }
}

impl Newest {
    fn take(&mut self, frontier: Frontier, advance: Option<Advance>) {
        self.frontier = frontier;
        match advance {
            Some(advance) => self.advances.push_back(Arc::new(advance)),
            None => self.advances.clear(),
        }
        let sum =
            |of: fn(&Advance) -> usize, all: &VecDeque<Arc<Advance>>| -> usize { all.iter().map(|a| of(a)).sum() };
        while sum(|a| a.bytes, &self.advances) > BYTES || sum(|a| a.events.len().max(1), &self.advances) > EVENTS {
            self.advances.pop_front();
        }
    }

    /// The advances that hold everything after `after`, if they do.
    fn since(&self, after: Position) -> Option<Vec<Arc<Advance>>> {
        let first = self.advances.iter().rposition(|advance| advance.after <= after)?;
        Some(self.advances.range(first..).cloned().collect())
    }
}

impl Advance {
    /// The events between the two frontiers; `None` when they are too many to share or cannot be read.
    async fn read(reader: &Arc<Reader>, after: Position, frontier: Frontier) -> Option<Self> {
        let pages = reader.read_until(Cursor::until(after, &Filter::all(), frontier), Some(EVENTS + 1));
        let pages: Vec<Page> = pages.try_collect().await.ok()?;
        let events: Vec<StoredEvent> = pages.into_iter().flat_map(|page| page.events).collect();
        let bytes = events.iter().map(|event| event.payload.len() + 256).sum();
        (events.len() <= EVENTS && bytes <= BYTES).then_some(Self { after, events, bytes })
    }
}

/// One who waits for events.
struct Subscription {
    newest: watch::Receiver<Newest>,
    #[expect(dead_code, reason = "it is counted until it is dropped")]
    open: Open,
}

impl Subscription {
    /// Waits for a frontier above `after`, or of another incarnation; with the events up to it, where they are shared.
    async fn next(
        &mut self,
        after: Position,
        handled: &Checkpoint,
    ) -> Result<(Frontier, Option<Vec<Arc<Advance>>>), ReadError> {
        let seen = handled.at(after);
        let new = |newest: &Newest| newest.frontier.checkpoint().is_news_after(seen);
        let newest = self.newest.wait_for(new).await.map_err(|_| closed())?;
        Ok((newest.frontier, newest.since(after)))
    }

    /// Waits until the head of the log is found in another incarnation; for a while, as the log may have moved back.
    async fn other_than(&mut self, incarnation: Uuid) -> Result<(), ReadError> {
        let other = self.newest.wait_for(|newest| newest.frontier.incarnation != incarnation);
        match timeout(LAST_PAUSE, other).await {
            Ok(Err(_)) => Err(closed()),
            Ok(Ok(_)) | Err(_) => Ok(()),
        }
    }

    /// Goes on in today's log, if what was handled is still in it.
    async fn go_on(&mut self, reader: &Reader, handled: &mut Checkpoint) -> Result<(), ReadError> {
        match incarnation::resume(reader, *handled).await {
            // the head of the log was not found there yet, or no longer
            Ok(today) if Some(today) == handled.incarnation() => match timeout(LAST_PAUSE, self.newest.changed()).await
            {
                Ok(Err(_)) => Err(closed()),
                Ok(Ok(())) | Err(_) => Ok(()),
            },
            Ok(today) => {
                *handled = Checkpoint::new(today, handled.position());
                Ok(())
            }
            Err(error) if is(&error, passes) => {
                tokio::time::sleep(LAST_PAUSE).await;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

/// Today's incarnation, as soon as there is a server to ask, if all up to the checkpoint is the same in it.
async fn today(reader: &Reader, checkpoint: Checkpoint) -> Result<Uuid, ReadError> {
    loop {
        match incarnation::resume(reader, checkpoint).await {
            Err(error) if is(&error, passes) => tokio::time::sleep(LAST_PAUSE).await,
            answer => return answer,
        }
    }
}

/// Whether it is over as soon as the server, or its successor, is there.
fn passes(error: &PostgresError) -> bool {
    error.ends_session() || matches!(error, PostgresError::Replica)
}

fn closed() -> ReadError {
    ReadError::Store(PostgresError::Closed.into())
}

fn is(error: &ReadError, kind: impl FnOnce(&PostgresError) -> bool) -> bool {
    matches!(error, ReadError::Store(source) if source.downcast_ref().is_some_and(kind))
}

/// The innermost cause, for the log.
fn deepest(error: &ReadError) -> &dyn std::error::Error {
    let mut deepest: &dyn std::error::Error = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest
}
