//! Whether a read model has what somebody waits for.

use std::time::Duration;

use futures_util::StreamExt;
use tokio::{select, time::sleep};

use crate::{
    projection::{
        WaitError,
        follower::{Follower, Local},
    },
    store::{Checkpoint, Direction, EventStore, Filter, ReadError, ReadModelState, ReadModelStatus, ReadModels},
};

/// The first pause before the store is asked again, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(100));

/// Whether a reader of `filter` that has come to `at` has everything up to `wanted`.
///
/// # Errors
/// [`ReadError`]: `wanted` is of another incarnation than `at`, and the log does not hold it or the store cannot tell.
pub(crate) async fn has(
    store: &dyn EventStore,
    filter: &Filter,
    at: Checkpoint,
    wanted: Checkpoint,
) -> Result<bool, ReadError> {
    if let (Some(here), Some(there)) = (at.incarnation(), wanted.incarnation())
        && here != there
    {
        if store.frontier().await?.incarnation() != Some(here) {
            return Ok(false); // The reader is the older one, and has yet to see today's log.
        }
        // The store refuses the checkpoint if the log has lost what it stands for.
        let mut pages = store.read_pages(wanted, Direction::Forward, filter, Some(1));
        pages.next().await.transpose()?;
    }
    Ok(at.position() >= wanted.position())
}

impl Follower {
    /// Waits until the read model can be read and has everything up to `wanted`, whoever owns it, and notes in `at` how far it has come.
    ///
    /// # Errors
    /// [`WaitError`], as soon as it is known that it does not come so far.
    pub(crate) async fn reach(
        &self,
        store: &dyn EventStore,
        read_models: &dyn ReadModels,
        wanted: Checkpoint,
        at: &mut Checkpoint,
    ) -> Result<(), WaitError> {
        let (mut local, mut pause) = (self.local.subscribe(), PAUSES.0);
        loop {
            local.mark_unchanged();
            match self.local() {
                Local::Owned { seen, complete, .. } => {
                    *at = seen;
                    if complete && has(store, self.filter.at_store(), seen, wanted).await? {
                        return Ok(());
                    }
                }
                Local::Failed(cause) => return Err(WaitError::Failed { projection: self.name, cause }),
                Local::Ended => return Err(WaitError::Ended { projection: self.name }),
                Local::Idle | Local::Waiting => {
                    let statuses = read_models.statuses().await?;
                    let status = statuses
                        .into_iter()
                        .find(|status| self.model.as_ref().is_ok_and(|model| *model == status.model));
                    if let Some(status) = status {
                        *at = status.seen;
                        if self.has_reached(store, status, wanted).await? {
                            return Ok(());
                        }
                    }
                }
            }
            // The runner of this program tells it at once; of another one only the store knows.
            select! {
                _ = local.changed() => pause = PAUSES.0,
                () = sleep(pause) => pause = (pause * 2).min(PAUSES.1),
            }
        }
    }

    /// Whether a read model that is somebody else's has everything up to `wanted`. What its owner has looked at without handling
    /// anything is not always stored, so this looks itself.
    async fn has_reached(
        &self,
        store: &dyn EventStore,
        status: ReadModelStatus,
        wanted: Checkpoint,
    ) -> Result<bool, WaitError> {
        if status.complete && has(store, self.filter.at_store(), status.seen, wanted).await? {
            return Ok(true);
        }
        match status.state {
            ReadModelState::Stopped => {
                return Err(WaitError::Stopped { projection: self.name, failure: status.failure.map(Box::new) });
            }
            ReadModelState::Paused => return Err(WaitError::Paused { projection: self.name }),
            _ if !status.complete => return Ok(false),
            _ => {}
        }
        let mut nothing_up_to = status.seen.position();
        self.filter.first_behind(store, status.seen, wanted.position(), &mut nothing_up_to).await?;
        Ok(nothing_up_to >= wanted.position())
    }
}
