//! What the owner of a read model does: batches of events, one step each, and what follows from one that fails.

use std::sync::Arc;

use futures_core::stream::BoxStream;
use futures_util::{FutureExt, StreamExt};
use tokio::{
    select,
    sync::MutexGuard,
    time::{Duration, Instant, sleep_until},
};

use crate::{
    projection::{
        FollowError,
        back_off::BackOff,
        follower::{Context, Follower, Local, Taken},
        keeper::{Cause, Keeper, NotTaken, Taking},
    },
    store::{Checkpoint, Claim, Page, ReadError, ReadModelFailure, ReadModelState, ReadModelStep, StoredEvent},
};

/// The most events of one step, as the most of one append.
const EVENTS: usize = 1_000;
/// How often it is stored how far an owner has looked, when it handles nothing.
const SEEN_EVERY: Duration = Duration::from_secs(1);

/// Why somebody is no longer the owner.
#[derive(Debug, PartialEq)]
pub(crate) enum Left {
    /// The program is to stop.
    Stopping,
    /// Somebody else owns the read model, or it is paused or has stopped.
    Elsewhere,
}

/// An owner at work.
pub(crate) struct Owning<'a> {
    context: &'a Context<'a>,
    follower: &'a Follower,
    keeper: MutexGuard<'a, Box<dyn Keeper>>,
    back_off: &'a mut BackOff,
    /// Where the read model stands.
    claim: Claim,
    /// How far the owner has looked, which may not be stored yet.
    seen: Checkpoint,
    /// The state that is stored, if it is one that this owner goes on with.
    state: Option<ReadModelState>,
    /// The event that failed last, as it was stored.
    failure: Option<ReadModelFailure>,
    /// When it stored something last, and when it began.
    stored: Instant,
    since: Instant,
    began_at: Checkpoint,
}

/// Events that are handled together, and where the owner is afterwards.
struct Ready {
    events: Vec<StoredEvent>,
    seen: Checkpoint,
    is_live: bool,
    /// The log could not be read behind them.
    error: Option<ReadError>,
}

type Pages<'a> = BoxStream<'a, Result<Arc<Page>, ReadError>>;

impl<'a> Owning<'a> {
    pub(crate) fn new(
        context: &'a Context<'a>,
        follower: &'a Follower,
        mut keeper: MutexGuard<'a, Box<dyn Keeper>>,
        Taken { claim, state, failure }: Taken,
        back_off: &'a mut BackOff,
    ) -> Self {
        keeper.forget();
        let (now, seen) = (Instant::now(), claim.seen);
        let owning = Self {
            context,
            follower,
            keeper,
            back_off,
            claim,
            seen,
            state,
            failure,
            stored: now,
            since: now,
            began_at: seen,
        };
        owning.publish();
        owning
    }

    /// Follows the log.
    pub(crate) async fn run(mut self) -> Result<Left, FollowError> {
        let Context { store, feed, board, .. } = *self.context;
        let mut pages = feed.follow(store, self.seen, self.follower.filter.at_store().clone());
        loop {
            let is_unstored = self.seen.position() > self.claim.seen.position();
            let page = select! {
                biased;
                () = self.context.stopping() => return Ok(self.give_back().await),
                _ = board.moved_on(&self.claim.model, self.claim.epoch) => return Ok(Left::Elsewhere),
                () = sleep_until(self.stored + SEEN_EVERY), if is_unstored => {
                    self.look(self.state()).await?;
                    continue;
                }
                page = pages.next() => page,
            };
            let Some(page) = page else { return Ok(Left::Elsewhere) };
            let mut ready = Ready { events: Vec::new(), seen: self.seen, is_live: false, error: None };
            self.gather(&mut ready, page);
            self.gather_ready(&mut ready, &mut pages);
            if let Some(left) = self.take(&ready).await? {
                return Ok(left);
            }
            if let Some(error) = ready.error {
                return self.unreadable(error).await;
            }
        }
    }

    /// Adds the events of `page` that are wanted and were not seen.
    fn gather(&self, ready: &mut Ready, page: Result<Arc<Page>, ReadError>) {
        match page {
            Ok(page) => {
                let (seen, filter) = (ready.seen.position(), &self.follower.filter);
                let wanted = |event: &&StoredEvent| event.position > seen && filter.accepts(event);
                ready.events.extend(page.events.iter().filter(wanted).cloned());
                ready.seen = page.frontier.at(page.up_to.max(seen));
                ready.is_live = page.is_live();
            }
            Err(error) => ready.error = Some(error),
        }
    }

    /// Adds the pages that are there already, up to the size of a step.
    fn gather_ready(&self, ready: &mut Ready, pages: &mut Pages<'_>) {
        while ready.error.is_none()
            && ready.events.len() < EVENTS
            && ready.events.iter().map(StoredEvent::bytes).sum::<usize>() < Page::BYTES
        {
            match pages.next().now_or_never() {
                Some(Some(page)) => self.gather(ready, page),
                Some(None) | None => return,
            }
        }
    }

    /// Handles what is ready, in steps.
    async fn take(&mut self, ready: &Ready) -> Result<Option<Left>, FollowError> {
        let end = if ready.is_live { ReadModelState::Live } else { self.behind() };
        let mut rest = ready.events.as_slice();
        while !rest.is_empty() {
            if self.context.is_stopping() {
                return Ok(Some(self.give_back().await));
            }
            let (events, behind) = rest.split_at(step_length(rest));
            rest = behind;
            let (seen, state) = match events.last() {
                Some(last) if !rest.is_empty() => (ready.seen.at(last.position), self.behind()),
                _ => (ready.seen, end),
            };
            if let Some(left) = self.handle(events, seen, state).await? {
                return Ok(Some(left));
            }
        }
        self.seen = ready.seen;
        let is_unstored = self.seen.position() > self.claim.seen.position();
        if self.state != Some(end) || is_unstored && self.stored.elapsed() >= SEEN_EVERY {
            self.look(end).await?;
        }
        self.publish();
        Ok(None)
    }

    /// Handles `events`, after which the owner has looked up to `seen`. When one fails, those before it are handled without it.
    async fn handle(
        &mut self,
        events: &[StoredEvent],
        seen: Checkpoint,
        state: ReadModelState,
    ) -> Result<Option<Left>, FollowError> {
        let mut rest = events;
        let mut length = rest.len();
        let mut pause = BackOff::new();
        while let Some(last) = rest[..length].last() {
            let handled = seen.at(last.position);
            let mut step = if length == rest.len() {
                ReadModelStep::new(handled, seen, state)
            } else {
                ReadModelStep::new(handled, handled, self.behind())
            };
            step.lease = Some(self.context.settings.lease);
            let taking = Taking {
                read_models: self.context.read_models,
                claim: &self.claim,
                events: &rest[..length],
                step: &step,
                timeout: self.context.settings.handler_timeout,
            };
            match self.keeper.take(taking).await {
                Ok(taken) => {
                    let step = taken.unwrap_or(step);
                    self.moved(&step);
                    let left = rest.iter().position(|event| event.position > step.handled.position());
                    rest = &rest[left.unwrap_or(rest.len())..];
                    length = rest.len();
                }
                Err(NotTaken::Store(error)) => return Err(error.into()),
                Err(NotTaken::TooMany) => length = (length / 2).max(1),
                Err(NotTaken::Event { index, .. }) if index > 0 => length = index,
                Err(NotTaken::Event { cause, .. }) => {
                    length = 1;
                    if let Some(left) = self.failed(&rest[0], &cause).await? {
                        return Ok(Some(left));
                    }
                    select! {
                        () = self.context.stopping() => return Ok(Some(self.give_back().await)),
                        _ = self.context.board.moved_on(&self.claim.model, self.claim.epoch) => {
                            return Ok(Some(Left::Elsewhere));
                        }
                        () = pause.wait() => {}
                    }
                }
            }
        }
        Ok(None)
    }

    /// Stores that `event` failed; gives the lease back if it is not to be tried again here.
    async fn failed(&mut self, event: &StoredEvent, cause: &Cause) -> Result<Option<Left>, FollowError> {
        let StoredEvent { stream, version, position, .. } = event;
        // Attempts of an owner before count, too.
        let before = self.failure.as_ref().filter(|failure| failure.position == *position);
        let attempts = before.map_or(0, |failure| failure.attempts).saturating_add(1);
        let failure = ReadModelFailure::new(stream.clone(), *version, *position, attempts, cause.text());
        let is_newer = matches!(cause, Cause::Newer(_));
        let is_last = attempts > self.context.settings.retries;
        let state = match (is_newer, is_last) {
            (true, _) => self.behind(),
            (false, true) => ReadModelState::Stopped,
            (false, false) => ReadModelState::Retrying,
        };
        let mut step = ReadModelStep::new(self.claim.handled, self.claim.seen, state);
        step.failure = Some(failure.clone());
        step.lease = (!is_newer && !is_last).then_some(self.context.settings.lease);
        self.context.read_models.advance(&self.claim, step.clone()).await?;
        self.moved(&step);
        if is_newer {
            return Err(FollowError::Newer(failure));
        }
        if is_last {
            self.context.settings.alert(self.follower.name, &FollowError::Failed(failure));
            return Ok(Some(Left::Elsewhere));
        }
        tracing::warn!(projection = self.follower.name, %failure, "an event failed; it is tried again");
        Ok(None)
    }

    /// The log cannot be read any further.
    async fn unreadable(&mut self, error: ReadError) -> Result<Left, FollowError> {
        if let ReadError::Restored { checkpoint, .. } = &error {
            // A failover that lost events has set the read model back with them. It goes on from where it stands now.
            let statuses = self.context.read_models.statuses().await?;
            let stored = statuses.iter().find(|status| status.model == self.claim.model);
            let is_older = stored.is_some_and(|stored| stored.seen != *checkpoint);
            return if is_older { Ok(Left::Elsewhere) } else { Err(error.into()) };
        }
        let ReadError::Damaged { stream, version, position, .. } = &error else { return Err(error.into()) };
        let failure = ReadModelFailure::new(stream.clone(), *version, *position, 1, error.to_string());
        let mut step = ReadModelStep::new(self.claim.handled, self.claim.seen, ReadModelState::Stopped);
        step.failure = Some(failure.clone());
        self.context.read_models.advance(&self.claim, step).await?;
        self.context.settings.alert(self.follower.name, &FollowError::Failed(failure));
        Ok(Left::Elsewhere)
    }

    /// Stores how far it has looked.
    async fn look(&mut self, state: ReadModelState) -> Result<(), FollowError> {
        let mut step = ReadModelStep::new(self.claim.handled, self.seen, state);
        step.lease = Some(self.context.settings.lease);
        self.context.read_models.advance(&self.claim, step.clone()).await?;
        self.moved(&step);
        Ok(())
    }

    /// Gives the lease back. If that fails, it is over in time.
    async fn give_back(&mut self) -> Left {
        // Asked to stop before its first page, it may be at the end of the log without having told so.
        let is_at_end = self.context.store.frontier().await.is_ok_and(|end| end.position() <= self.seen.position());
        let state = if is_at_end { ReadModelState::Live } else { self.state() };
        let step = ReadModelStep::new(self.claim.handled, self.seen, state);
        if let Err(error) = self.context.read_models.advance(&self.claim, step).await {
            tracing::debug!(projection = self.follower.name, %error, "the lease was not given back");
        }
        Left::Stopping
    }

    fn moved(&mut self, step: &ReadModelStep) {
        self.claim = self.claim.after(step);
        self.seen = if step.seen.position() > self.seen.position() { step.seen } else { self.seen };
        (self.state, self.stored, self.failure) = (Some(step.state), Instant::now(), step.failure.clone());
        *self.back_off = BackOff::new();
        self.publish();
    }

    /// Tells this program how far it has come.
    fn publish(&self) {
        let (seen, state, since, complete) = (self.seen, self.state(), self.since, self.claim.complete);
        let looked = seen.position().get().saturating_sub(self.began_at.position().get());
        self.follower.local.send_replace(Local::Owned {
            epoch: self.claim.epoch,
            seen,
            state,
            complete,
            since,
            looked,
        });
    }

    fn state(&self) -> ReadModelState {
        self.state.unwrap_or_else(|| self.behind())
    }

    /// The state of a read model that is not at the end of the log.
    fn behind(&self) -> ReadModelState {
        if self.claim.complete { ReadModelState::CatchingUp } else { ReadModelState::Building }
    }
}

/// How many of `events` are one step: their bytes are within the limit, unless it is one.
fn step_length(events: &[StoredEvent]) -> usize {
    let mut bytes = 0;
    let fit = events.iter().take(EVENTS).take_while(|event| {
        bytes += event.bytes();
        bytes <= Page::BYTES
    });
    fit.count().max(1)
}
