//! A view in a runner: its state, and how far it has come.

use std::{
    error::Error,
    mem,
    sync::{Arc, PoisonError, RwLock},
};

use tokio::sync::watch;

use crate::{
    projection::{FoldError, View, ViewError, event_filter::EventFilter, fold::fold},
    store::{Checkpoint, Filter, Page, StoredEvent},
};

/// A view in a runner.
pub(crate) struct Followed<V> {
    filter: EventFilter,
    view: RwLock<V>,
    progress: watch::Sender<Progress>,
}

/// How far a view has come.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    pub(crate) at: Checkpoint,
    pub(crate) phase: Phase,
}

/// What a view is doing.
#[derive(Clone, Debug)]
pub(crate) enum Phase {
    /// It has not been at the end of the log yet.
    CatchingUp,
    /// It has been at the end of the log, and follows it.
    Live,
    /// It could not be folded.
    Stopped(Arc<FoldError>),
    /// Its runner has ended.
    Ended,
}

impl Progress {
    const START: Self = Self { at: Checkpoint::START, phase: Phase::CatchingUp };

    /// Whether the view called `view` can be read.
    ///
    /// # Errors
    /// [`ViewError`].
    pub(crate) fn check(&self, view: &'static str) -> Result<(), ViewError> {
        match &self.phase {
            Phase::Live => Ok(()),
            Phase::CatchingUp => Err(ViewError::CatchingUp { view, at: self.at.position() }),
            Phase::Stopped(cause) => Err(ViewError::Stopped { view, cause: Arc::clone(cause) }),
            Phase::Ended => Err(ViewError::Ended { view }),
        }
    }
}

impl<V: View> Followed<V> {
    pub(crate) fn new() -> Self {
        let progress = watch::Sender::new(Progress::START);
        Self { filter: EventFilter::of::<V::Events>(), view: RwLock::default(), progress }
    }

    /// Passes the view to `look`.
    ///
    /// # Errors
    /// [`ViewError`].
    pub(crate) fn read<T>(&self, look: impl FnOnce(&V) -> T) -> Result<T, ViewError> {
        // The lock first: a view that begins anew changes its progress while it is locked.
        let view = self.view.read().unwrap_or_else(PoisonError::into_inner);
        self.progress.borrow().check(V::NAME)?;
        Ok(look(&view))
    }

    pub(crate) fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }
}

/// A view in a runner, whatever its type.
pub(crate) trait Follows: Send + Sync {
    /// The events that the store is asked for.
    fn filter(&self) -> &Filter;

    /// How far it has come; `None` when it has stopped.
    fn at(&self) -> Option<Checkpoint>;

    /// Folds the events of `page` that it wants and has not seen. Stops at a failure.
    fn take(&self, page: &Page);

    /// Begins anew, as at the start of the log.
    fn restart(&self);

    /// Stops for `cause`.
    fn stop(&self, cause: &Arc<FoldError>);

    /// Notes that the runner has ended.
    fn end(&self);
}

impl<V: View> Follows for Followed<V> {
    fn filter(&self) -> &Filter {
        self.filter.at_store()
    }

    fn at(&self) -> Option<Checkpoint> {
        let progress = self.progress.borrow();
        matches!(progress.phase, Phase::CatchingUp | Phase::Live).then_some(progress.at)
    }

    fn take(&self, page: &Page) {
        let Some(seen) = self.at().map(Checkpoint::position) else { return };
        let wanted = |event: &&StoredEvent| event.position > seen && self.filter.accepts(event);
        let events: Vec<_> = page.events.iter().filter(wanted).cloned().collect();
        if !events.is_empty() {
            let mut view = self.view.write().unwrap_or_else(PoisonError::into_inner);
            if let Err(cause) = fold(&mut *view, events) {
                drop(view);
                return self.stop(&Arc::new(cause));
            }
        }
        self.progress.send_modify(|progress| {
            progress.at = page.frontier.at(page.up_to.max(seen));
            if page.is_live() {
                progress.phase = Phase::Live;
            }
        });
    }

    fn restart(&self) {
        let mut view = self.view.write().unwrap_or_else(PoisonError::into_inner);
        let before = mem::take(&mut *view);
        self.progress.send_replace(Progress::START);
        drop(view);
        drop(before); // It may take long, and a reader need not wait for it.
    }

    fn stop(&self, cause: &Arc<FoldError>) {
        tracing::error!(view = V::NAME, error = %cause, cause = cause.source().map(tracing::field::display), "a view has stopped");
        self.progress.send_modify(|progress| progress.phase = Phase::Stopped(Arc::clone(cause)));
    }

    fn end(&self) {
        if self.at().is_some() {
            self.progress.send_modify(|progress| progress.phase = Phase::Ended);
        }
    }
}
