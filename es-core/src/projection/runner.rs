//! The runner: one reader of the log for all live views of one program.

use std::{convert::Infallible, future::pending, sync::Arc};

use futures_core::stream::BoxStream;
use futures_util::StreamExt;
use tokio::{select, sync::watch};

use crate::{
    projection::{AlreadyRunning, FoldError, back_off::BackOff, followed::Follows},
    store::{Checkpoint, EventStore, Filter, Page, ReadError, StoreErrorKind, yield_once},
};

type Views = Vec<Arc<dyn Follows>>;

/// Views, and the store that they are folded from.
pub(crate) struct Runner<S> {
    pub(crate) store: S,
    views: watch::Sender<Views>,
    state: watch::Sender<State>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Idle,
    Running,
    Stopping,
}

impl<S: EventStore> Runner<S> {
    pub(crate) fn new(store: S) -> Self {
        Self { store, views: watch::Sender::new(Vec::new()), state: watch::Sender::new(State::Idle) }
    }

    pub(crate) fn add(&self, view: Arc<dyn Follows>) {
        self.views.send_modify(|views| views.push(view));
    }

    /// Begins to run: the views begin anew.
    pub(crate) fn begin(self: Arc<Self>) -> Result<Running<S>, AlreadyRunning> {
        let begun = self.state.send_if_modified(|state| {
            let is_idle = *state == State::Idle;
            if is_idle {
                *state = State::Running;
            }
            is_idle
        });
        if !begun {
            return Err(AlreadyRunning {});
        }
        self.views().iter().for_each(|view| view.restart());
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
            let pages = self.store.subscribe_pages(from, &union(views));
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
        mut pages: BoxStream<'_, Result<Page, ReadError>>,
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

/// What at least one of `views` wants.
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
        ReadError::Store(source) if source.is_transient() || source.kind() == StoreErrorKind::Moved => {
            tracing::warn!(error = %source.get_ref(), "views cannot read the log; they try again");
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
    /// Keeps the views up to date until the runner is to stop.
    pub(crate) async fn run(self) {
        let mut state = self.0.state.subscribe();
        select! {
            biased;
            _ = state.wait_for(|state| *state == State::Stopping) => {}
            never = self.0.follow_all() => match never {},
        }
    }
}

impl<S: EventStore> Drop for Running<S> {
    fn drop(&mut self) {
        self.0.views().iter().for_each(|view| view.end());
        self.0.state.send_replace(State::Idle);
    }
}
