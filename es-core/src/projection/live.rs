//! The handle of a view that a runner keeps up to date.

use std::{fmt, sync::Arc, time::Duration};

use tokio::time::timeout;

use crate::{
    projection::{
        Behind, View, ViewError, WaitError,
        followed::{Followed, Follows},
        reached::has,
    },
    store::{Checkpoint, EventStore},
};

/// A view that is folded in memory and kept up to date, while [`Projections::run`](crate::Projections::run) runs.
/// [`Projections::live`](crate::Projections::live) gives it; a clone is the same view.
pub struct Live<V> {
    followed: Arc<Followed<V>>,
    store: Arc<dyn EventStore>,
}

impl<V: View> Live<V> {
    pub(crate) fn new(followed: Arc<Followed<V>>, store: Arc<dyn EventStore>) -> Self {
        Self { followed, store }
    }

    /// Passes the view to `look`, and gives what it returns. The view has the events up to a position of the log, which is soon
    /// the newest: [`not_older_than`](Self::not_older_than) waits for one.
    ///
    /// The view does not change meanwhile, so `look` is short, and does not call `read` itself.
    ///
    /// # Errors
    /// [`ViewError`]: before the view has been at the end of the log, and when it is no longer kept up to date.
    pub fn read<T>(&self, look: impl FnOnce(&V) -> T) -> Result<T, ViewError> {
        self.followed.read(look)
    }

    /// Waits until the view can be read and has every event up to `checkpoint` that it wants, also where that is an event
    /// that it does not want. At most for the time `within`, by tokio's timer.
    ///
    /// `appended.checkpoint()` is that of an append, and `store.frontier()` that of the newest event.
    ///
    /// # Errors
    /// [`WaitError::Behind`] after that time, and [`WaitError::View`] at once when the view is no longer kept up to date.
    /// [`WaitError::Read`] when the checkpoint is of another incarnation of the log: the log has lost what it stands for, or the
    /// store cannot tell.
    pub async fn not_older_than(&self, checkpoint: impl Into<Checkpoint>, within: Duration) -> Result<(), WaitError> {
        let wanted = checkpoint.into();
        let Ok(reached) = timeout(within, self.reached(wanted)).await else {
            let at = self.followed.progress().borrow().at;
            return Err(Behind::new(V::NAME, at, wanted, within).into());
        };
        reached
    }

    async fn reached(&self, wanted: Checkpoint) -> Result<(), WaitError> {
        let mut progress = self.followed.progress();
        loop {
            let now = progress.borrow_and_update().clone();
            match now.check(V::NAME) {
                Ok(()) if has(&self.store, self.followed.filter(), now.at, wanted).await? => return Ok(()),
                Ok(()) | Err(ViewError::CatchingUp { .. }) => {}
                Err(error) => return Err(error.into()),
            }
            if progress.changed().await.is_err() {
                return Err(ViewError::Ended { view: V::NAME }.into());
            }
        }
    }
}

impl<V> Clone for Live<V> {
    fn clone(&self) -> Self {
        Self { followed: Arc::clone(&self.followed), store: Arc::clone(&self.store) }
    }
}

impl<V: View> fmt::Debug for Live<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let progress = self.followed.progress();
        let progress = progress.borrow();
        f.debug_struct("Live")
            .field("view", &V::NAME)
            .field("at", &progress.at)
            .field("phase", &progress.phase)
            .finish_non_exhaustive()
    }
}
