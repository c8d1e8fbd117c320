//! The runner: what keeps the live views and the followed read models of one program up to date.

use std::{
    collections::HashSet,
    convert::Infallible,
    future::pending,
    process,
    sync::{Arc, PoisonError, RwLock},
};

use futures_core::stream::BoxStream;
use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{select, sync::watch};
use uuid::Uuid;

use crate::{
    projection::{
        FoldError, RunError, Unsupported,
        back_off::BackOff,
        board::Board,
        feed::{Feed, passes},
        followed::Follows,
        follower::{Context, Follower, Local},
        settings::Settings,
    },
    store::{Checkpoint, EventStore, Filter, Page, ReadError, ReadModels, yield_once},
};

type Views = Vec<Arc<dyn Follows>>;
type Followers = Vec<Arc<Follower>>;

/// Views and followed read models, and the store that they are folded from.
pub(crate) struct Runner<S> {
    pub(crate) store: S,
    pub(crate) board: Board,
    feed: Feed,
    views: watch::Sender<Views>,
    followers: watch::Sender<Followers>,
    settings: RwLock<Settings>,
    state: watch::Sender<State>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum State {
    Idle,
    Running,
    Stopping,
}

impl<S: EventStore> Runner<S> {
    pub(crate) fn new(store: S) -> Self {
        Self {
            store,
            board: Board::new(),
            feed: Feed::new(),
            views: watch::Sender::default(),
            followers: watch::Sender::default(),
            settings: RwLock::default(),
            state: watch::Sender::new(State::Idle),
        }
    }

    pub(crate) fn add(&self, view: Arc<dyn Follows>) {
        self.feed.add(view.filter());
        self.views.send_modify(|views| views.push(view));
    }

    pub(crate) fn follow(&self, follower: Follower) {
        self.feed.add(follower.filter.at_store());
        self.followers.send_modify(|followers| followers.push(Arc::new(follower)));
    }

    pub(crate) fn set(&self, set: impl FnOnce(&mut Settings)) {
        set(&mut self.settings.write().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn followers(&self) -> Followers {
        self.followers.borrow().clone()
    }

    /// What the followers need of the store.
    ///
    /// # Errors
    /// [`RunError`], when they cannot run.
    fn check(&self) -> Result<(), RunError> {
        let (followers, mut names) = (self.followers(), HashSet::new());
        for follower in &followers {
            follower.model.as_ref().map_err(Clone::clone)?;
            if !names.insert(follower.name) {
                return Err(RunError::SameName { projection: follower.name });
            }
        }
        if !followers.is_empty() && self.store.read_models().is_none() {
            return Err(Unsupported {}.into());
        }
        Ok(())
    }

    /// Begins to run: the views begin anew, and the followers wait for their turn.
    pub(crate) fn begin(self: Arc<Self>) -> Result<Running<S>, RunError> {
        self.check()?;
        let begun = self.state.send_if_modified(|state| {
            let is_idle = *state == State::Idle;
            if is_idle {
                *state = State::Running;
            }
            is_idle
        });
        if !begun {
            return Err(RunError::AlreadyRunning);
        }
        self.views().iter().for_each(|view| view.restart());
        // Who waits for a follower from now on is not told how the run before has ended.
        self.followers().iter().for_each(|follower| drop(follower.local.send_replace(Local::Waiting)));
        Ok(Running(self))
    }

    pub(crate) async fn stop(&self) {
        self.state.send_if_modified(|state| {
            let running = *state == State::Running;
            if running {
                *state = State::Stopping;
            }
            running
        });
        // The sender is `self`, so this ends when the runner has.
        drop(self.state.subscribe().wait_for(|state| *state == State::Idle).await);
    }

    fn views(&self) -> Views {
        self.views.borrow().clone()
    }

    /// Keeps the views up to date. New views catch up by a reader of their own, and then share that of the others.
    async fn follow_all(&self) -> Infallible {
        let mut followed = Views::new();
        let mut new = self.views.subscribe();
        loop {
            let known = followed.len();
            select! {
                caught_up = async {
                    let added = new.wait_for(|views| views.len() > known).await;
                    let added = added.map_or_else(|_| Views::new(), |views| views[known..].to_vec());
                    self.feed(&added, true).await;
                    added
                } => followed.extend(caught_up),
                () = self.feed(&followed, false) => {}
            }
        }
    }

    /// Passes the log to `views`: with `until_live` until they have caught up or have all stopped, otherwise for ever.
    async fn feed(&self, views: &Views, until_live: bool) {
        let mut back_off = BackOff::new();
        while let Some(from) = start(views) {
            let pages = self.feed.follow(&self.store, from, union(views));
            if self.pass_on(pages, from, views, until_live, &mut back_off).await {
                return;
            }
        }
        if !until_live {
            pending::<()>().await;
        }
    }

    /// Passes `pages`, which begin behind `from`, to `views`. Gives `true` when a page ends at the frontier and `until_live`;
    /// `false` when the log must be read anew: after an error, and when a view has stopped or begins anew.
    async fn pass_on(
        &self,
        mut pages: BoxStream<'_, Result<Arc<Page>, ReadError>>,
        from: Checkpoint,
        views: &Views,
        until_live: bool,
        back_off: &mut BackOff,
    ) -> bool {
        let mut reached = from;
        while let Some(page) = pages.next().await {
            let page = match page {
                Ok(page) => page,
                Err(error) => {
                    handle(error, views, back_off).await;
                    return false;
                }
            };
            *back_off = BackOff::new();
            // The store has checked `from`, and not the checkpoint of a view that is ahead of it.
            let is_ahead =
                |at: Checkpoint| at.position() > reached.position() || at.incarnation() != reached.incarnation();
            let is_lost = |at: Checkpoint| is_ahead(at) && page.frontier.is_of_another_log_than(at);
            let mut changed = false;
            for view in views {
                let Some(at) = view.at() else { continue };
                if is_lost(at) {
                    view.restart();
                    changed = true;
                } else {
                    view.take(&page);
                    changed |= view.at().is_none();
                }
            }
            reached = page.checkpoint();
            if until_live && page.is_live() {
                return true;
            }
            if changed {
                return false;
            }
            yield_once().await;
        }
        // No store ends a subscription without an error.
        back_off.wait().await;
        false
    }
}

/// Where the reader of `views` begins; `None` when all have stopped.
fn start(views: &Views) -> Option<Checkpoint> {
    views.iter().filter_map(|view| view.at()).min_by_key(|at| at.position())
}

/// The events that the store is asked for, for all of `views`.
fn union(views: &Views) -> Filter {
    let mut filters = views.iter().filter(|view| view.at().is_some()).map(|view| view.filter());
    let first = filters.next().cloned().unwrap_or_default();
    filters.fold(first, Filter::or)
}

/// Waits after an error that passes, lets `views` begin anew after a restore, and otherwise stops them.
async fn handle(error: ReadError, views: &Views, back_off: &mut BackOff) {
    match &error {
        ReadError::Restored { .. } => {
            tracing::warn!(%error, "the log was restored; views are folded anew");
            views.iter().filter(|view| view.at().is_some()).for_each(|view| view.restart());
            back_off.wait().await;
        }
        error if passes(error) => {
            tracing::warn!(%error, "views cannot read the log; they try again");
            back_off.wait().await;
        }
        _ => {
            let cause = Arc::new(FoldError::from(error));
            views.iter().filter(|view| view.at().is_some()).for_each(|view| view.stop(&cause));
        }
    }
}

/// A runner that runs. When it is dropped, it notes that the runner has ended.
pub(crate) struct Running<S: EventStore>(Arc<Runner<S>>);

impl<S: EventStore> Running<S> {
    /// Keeps the views and the read models up to date until the runner is to stop.
    pub(crate) async fn run(self) {
        let runner = &*self.0;
        let background = async {
            select! {
                never = runner.follow_all() => never,
                never = runner.feed.run(&runner.store) => never,
                never = ask(&runner.board, runner.store.read_models()) => never,
            }
        };
        select! {
            biased;
            () = runner.run_followers() => {}
            never = background => match never {},
        }
    }
}

async fn ask(board: &Board, read_models: Option<&dyn ReadModels>) -> Infallible {
    match read_models {
        Some(read_models) => board.run(read_models).await,
        None => pending().await,
    }
}

impl<S: EventStore> Runner<S> {
    /// Runs the followers, also those that are added later, until the runner is to stop and each has given its lease back.
    async fn run_followers(&self) {
        let mut stopping = self.state.subscribe();
        let Some(read_models) = self.store.read_models() else {
            drop(stopping.wait_for(|state| *state == State::Stopping).await);
            return;
        };
        let context = Context {
            store: &self.store,
            read_models,
            feed: &self.feed,
            board: &self.board,
            settings: self.settings.read().unwrap_or_else(PoisonError::into_inner).clone(),
            owner: format!("process {} {}", process::id(), Uuid::now_v7()),
            stopping: self.state.subscribe(),
        };
        let (mut followers, mut known, mut running) = (self.followers.subscribe(), 0, FuturesUnordered::new());
        loop {
            let all = followers.borrow_and_update().clone();
            running.extend(all[known..].iter().cloned().map(|follower| {
                let context = &context;
                async move { follower.run(context).await }
            }));
            known = all.len();
            select! {
                Some(()) = running.next() => {}
                _ = followers.changed() => {}
                _ = stopping.wait_for(|state| *state == State::Stopping), if running.is_empty() => return,
            }
        }
    }
}

impl<S: EventStore> Drop for Running<S> {
    fn drop(&mut self) {
        self.0.views().iter().for_each(|view| view.end());
        self.0.followers().iter().for_each(|follower| follower.end());
        self.0.state.send_replace(State::Idle);
    }
}
