//! The follower: one read model that a program keeps up to date, or waits to keep up to date.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::StreamExt;
use tokio::{
    select,
    sync::{Mutex, watch},
    time::{Instant, sleep, sleep_until},
};

use crate::{
    event::LimitError,
    projection::{
        FollowError, WorkError,
        back_off::BackOff,
        board::Board,
        event_filter::EventFilter,
        feed::{Feed, passes},
        keeper::{Claiming, Keeper},
        owning::{Left, Owning},
        runner::State,
        settings::Settings,
    },
    store::{
        Checkpoint, Claim, Claimed, EventStore, ReadError, ReadModelError, ReadModelFailure, ReadModelId,
        ReadModelRequest, ReadModelState, ReadModelStatus, ReadModels,
    },
};

/// How long an event may wait before another program takes over from an owner whose lease is over. An owner that lives has
/// handled it by then.
const GRACE: Duration = Duration::from_millis(100);
/// How long an owner may look at events that it does not want without storing that, twice over.
const LOOKING: Duration = Duration::from_secs(2);
/// The pause after a claim that came too late, or while the row of a read model is locked.
const AGAIN: Duration = Duration::from_millis(20);

/// What all followers of one program use.
pub(crate) struct Context<'a> {
    pub(crate) store: &'a dyn EventStore,
    pub(crate) read_models: &'a dyn ReadModels,
    pub(crate) feed: &'a Feed,
    pub(crate) board: &'a Board,
    pub(crate) settings: Settings,
    /// The name of this program as an owner.
    pub(crate) owner: String,
    pub(crate) stopping: watch::Receiver<State>,
}

impl Context<'_> {
    /// Waits until the program is to stop.
    pub(crate) async fn stopping(&self) {
        // The sender outlives the followers.
        drop(self.stopping.clone().wait_for(|state| *state == State::Stopping).await);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        *self.stopping.borrow() == State::Stopping
    }
}

/// A read model that this program follows.
#[expect(missing_debug_implementations, reason = "it is hidden, and holds code of the application")]
pub struct Follower {
    pub(crate) name: &'static str,
    pub(crate) model: Result<ReadModelId, LimitError>,
    pub(crate) filter: EventFilter,
    pub(crate) keeper: Mutex<Box<dyn Keeper>>,
    pub(crate) local: watch::Sender<Local>,
    /// The epoch of the last request of this program: what it knows of an older one is over.
    asked: AtomicU64,
}

/// A read model that this program owns from now on.
pub(crate) struct Taken {
    pub(crate) claim: Claim,
    /// The state that the owner before it has left, if this owner can go on with it.
    pub(crate) state: Option<ReadModelState>,
    /// The event that failed last.
    pub(crate) failure: Option<ReadModelFailure>,
}

/// What this program knows of a read model that it follows.
#[derive(Clone, Debug)]
pub(crate) enum Local {
    /// It does not run it, and never did.
    Idle,
    /// It waits: another program owns it, or it is paused or has stopped.
    Waiting,
    /// It owns it, and has looked up to here.
    Owned {
        epoch: u64,
        seen: Checkpoint,
        state: ReadModelState,
        /// Whether its rows can be read.
        complete: bool,
        /// When it began, and how many positions it has looked at since.
        since: Instant,
        looked: u64,
    },
    /// It does not run it any more.
    Failed(Arc<FollowError>),
    /// Its runner has ended.
    Ended,
}

impl Follower {
    pub(crate) fn new(name: &'static str, version: u32, filter: EventFilter, keeper: impl Keeper + 'static) -> Self {
        let (model, keeper) = (ReadModelId::new(name, version), Mutex::new(Box::new(keeper) as Box<dyn Keeper>));
        Self { name, model, filter, keeper, local: watch::Sender::new(Local::Idle), asked: AtomicU64::new(0) }
    }

    /// What this program knows of the read model now.
    pub(crate) fn local(&self) -> Local {
        match &*self.local.borrow() {
            Local::Owned { epoch, .. } if *epoch < self.asked.load(Ordering::SeqCst) => Local::Waiting,
            local => local.clone(),
        }
    }

    /// Follows the log until the program is to stop, or until the read model cannot be kept up to date by this program.
    pub(crate) async fn run(&self, context: &Context<'_>) {
        self.local.send_replace(Local::Waiting);
        match self.keep_up(context).await {
            Ok(()) => self.end(),
            Err(error) => {
                let error = Arc::new(error);
                context.settings.alert(self.name, &error);
                self.local.send_replace(Local::Failed(error));
            }
        }
    }

    /// Notes that the runner has ended.
    pub(crate) fn end(&self) {
        self.local.send_if_modified(|local| {
            let runs = matches!(local, Local::Waiting | Local::Owned { .. });
            if runs {
                *local = Local::Ended;
            }
            runs
        });
    }

    async fn keep_up(&self, context: &Context<'_>) -> Result<(), FollowError> {
        let model = self.model.clone()?;
        let (mut back_off, mut is_start) = (BackOff::new(), true);
        loop {
            let ended = match self.turn(context, &model, &mut is_start).await {
                Ok(None) => return Ok(()),
                Ok(Some(taken)) => {
                    let keeper = self.keeper.lock().await;
                    let left = Owning::new(context, self, keeper, taken, &mut back_off).run().await;
                    self.local.send_replace(Local::Waiting);
                    left
                }
                Err(error) => Err(error),
            };
            match ended {
                Ok(Left::Stopping) => return Ok(()),
                Ok(Left::Elsewhere) | Err(FollowError::Store(ReadModelError::Fenced { .. })) => {}
                Err(error @ FollowError::Read(ReadError::Restored { .. })) => {
                    self.await_rebuild(context, &model, error).await?;
                }
                Err(error) if error.passes() => {
                    tracing::warn!(projection = self.name, %error, "a projection tries again");
                    select! {
                        () = context.stopping() => return Ok(()),
                        () = back_off.wait() => {}
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The read model is not of this log. Waits until somebody asks for a rebuild, or the program is to stop.
    async fn await_rebuild(
        &self,
        context: &Context<'_>,
        model: &ReadModelId,
        error: FollowError,
    ) -> Result<(), FollowError> {
        let statuses = context.read_models.statuses().await?;
        let epoch = statuses.iter().find(|status| status.model == *model).map_or(0, |status| status.epoch);
        let error = Arc::new(error);
        context.settings.alert(self.name, &error);
        self.local.send_replace(Local::Failed(error));
        select! {
            () = context.stopping() => {}
            _ = context.board.moved_on(model, epoch) => {}
        }
        self.local.send_replace(Local::Waiting);
        Ok(())
    }

    /// Waits until this program is the owner, and gives what the owner before it has left; `None` when it is to stop. What had
    /// stopped is tried again at the start.
    async fn turn(
        &self,
        context: &Context<'_>,
        model: &ReadModelId,
        is_start: &mut bool,
    ) -> Result<Option<Taken>, FollowError> {
        let mut overdue = None;
        loop {
            if context.is_stopping() {
                return Ok(None);
            }
            let statuses = context.read_models.statuses().await?;
            let status = statuses.into_iter().find(|status| status.model == *model);
            let Some(status) = status else {
                *is_start = false;
                if let Some(claim) = self.claim(context, model).await? {
                    return Ok(Some(Taken { claim, state: None, failure: None }));
                }
                continue;
            };
            if *is_start && status.state == ReadModelState::Stopped {
                context.read_models.ask(model, ReadModelRequest::Retry).await?;
                *is_start = false;
                continue;
            }
            *is_start = false;
            let may_claim = match (status.state, status.lease_left) {
                (ReadModelState::Paused | ReadModelState::Stopped, _) => {
                    select! {
                        () = context.stopping() => {}
                        _ = context.board.moved_on(model, status.epoch) => {}
                    }
                    false
                }
                // After an error of the store this program is the owner still.
                _ if status.owner.as_deref().is_none_or(|owner| owner == context.owner) => true,
                (_, Some(left)) => {
                    select! {
                        () = context.stopping() => {}
                        _ = context.board.moved_on(model, status.epoch) => {}
                        () = sleep(left) => {}
                    }
                    false
                }
                // Its rows cannot be read before it is complete, so that is work.
                (_, None) if !status.complete || overdue.as_ref() == Some(&status) => true,
                (_, None) => {
                    self.overdue(context, &status).await?;
                    overdue = Some(status.clone());
                    false
                }
            };
            if may_claim && let Some(claim) = self.claim(context, model).await? {
                // What was read before the claim holds only if nothing happened in between.
                let left = Some(status).filter(|status| claim.epoch == status.epoch + 1);
                let state = left.as_ref().map(|left| left.state).filter(|state| *state != ReadModelState::Retrying);
                return Ok(Some(Taken { claim, state, failure: left.and_then(|left| left.failure) }));
            }
        }
    }

    async fn claim(&self, context: &Context<'_>, model: &ReadModelId) -> Result<Option<Claim>, FollowError> {
        let Context { read_models, settings, owner, .. } = context;
        let claiming = Claiming {
            read_models: *read_models,
            model,
            owner,
            lease: settings.lease,
            timeout: settings.handler_timeout,
        };
        let claimed = self.keeper.lock().await.claim(claiming).await;
        match claimed.map_err(|error| match error {
            WorkError::Part { source, .. } => FollowError::SetUp(source),
            WorkError::Store(error) => error.into(),
        })? {
            Claimed::Owned(claim) => {
                tracing::debug!(projection = self.name, epoch = claim.epoch, "claimed");
                Ok(Some(claim))
            }
            Claimed::Refused(_) => {
                sleep(AGAIN).await;
                Ok(None)
            }
        }
    }

    /// Waits until there is work that the owner, whose lease is over, has left undone for a while; or until something happened to
    /// the read model.
    async fn overdue(&self, context: &Context<'_>, status: &ReadModelStatus) -> Result<(), FollowError> {
        let mut pages = context.feed.follow(context.store, status.seen, self.filter.at_store().clone());
        let mut due: Option<Instant> = None;
        let mut moved_on = pin!(context.board.moved_on(&status.model, status.epoch));
        loop {
            select! {
                () = context.stopping() => return Ok(()),
                _ = &mut moved_on => return Ok(()),
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => return Ok(()),
                page = pages.next() => {
                    let page = match page {
                        Some(Ok(page)) => page,
                        Some(Err(error)) if passes(&error) => return Err(error.into()),
                        // Who owns it must find out.
                        Some(Err(_)) | None => return Ok(()),
                    };
                    let is_wanted = page.events.iter().any(|event| {
                        event.position > status.seen.position() && self.filter.accepts(event)
                    });
                    let within = if is_wanted { GRACE } else { LOOKING };
                    if is_wanted || page.up_to > status.seen.position() {
                        let by = Instant::now() + within;
                        due = Some(due.map_or(by, |due| due.min(by)));
                    }
                }
            }
        }
    }

    /// Asks something of the read model.
    pub(crate) async fn ask(
        &self,
        read_models: &dyn ReadModels,
        request: ReadModelRequest,
    ) -> Result<(), ReadModelError> {
        let model = self.model.as_ref().map_err(Clone::clone)?;
        read_models.ask(model, request).await?;
        let statuses = read_models.statuses().await?;
        if let Some(status) = statuses.iter().find(|status| status.model == *model) {
            self.asked.fetch_max(status.epoch, Ordering::SeqCst);
        }
        Ok(())
    }
}
