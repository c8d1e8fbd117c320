//! The projections of a store: views that are folded once, or kept up to date.

use std::{fmt, sync::Arc};

use futures_util::StreamExt;

use crate::{
    projection::{AlreadyRunning, FoldError, Live, View, fold::fold, followed::Followed, runner::Runner},
    store::{AsOf, Checkpoint, Direction, EventStore, Filter, Page, yield_once},
};

/// The projections of a store: [`store.projections()`](crate::EventStoreExt::projections) gives it. A clone is the same
/// projections.
///
/// ```
/// # use es_core::*;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
/// # #[event(name = "account.deposited")]
/// # struct Deposited { amount: u64 }
/// # #[derive(Aggregate, Default, Debug)]
/// # #[aggregate(category = "account", id = String, events(Deposited))]
/// # struct Account { balance: u64 }
/// # #[es_core::apply]
/// # impl Account { fn deposited(&mut self, event: Deposited) { self.balance += event.amount; } }
/// # use std::{sync::Arc, time::Duration};
/// #[derive(Default)]
/// struct Total(u64);
///
/// #[es_core::project(name = "total", every(Account))]
/// impl Total {
///     fn deposited(&mut self, event: &Deposited) {
///         self.0 += event.amount;
///     }
/// }
///
/// # async fn example(store: Arc<dyn EventStore>) -> Result<(), Box<dyn std::error::Error>> {
/// let projections = store.projections();
/// let total = projections.live::<Total>();
/// tokio::spawn(projections.run());
///
/// total.not_older_than(store.frontier().await?, Duration::from_secs(10)).await?;
/// println!("{}", total.read(|total| total.0)?);
/// projections.stop().await;
/// # Ok(())
/// # }
/// ```
pub struct Projections<S> {
    runner: Arc<Runner<S>>,
}

impl<S: EventStore + Clone> Projections<S> {
    pub(crate) fn new(store: S) -> Self {
        Self { runner: Arc::new(Runner::new(store)) }
    }

    /// Folds a view from the log, as of a position or a time; with [`AsOf::Newest`] up to the frontier. Rows by key are folded as
    /// [`Rows`](crate::Rows).
    ///
    /// As of a time it has the events that were recorded up to then, by the store's clock, whichever their positions are: they
    /// are the first events of each stream.
    ///
    /// # Errors
    /// [`FoldError`]; [`FoldError::AsOfVersion`] for [`AsOf::Version`].
    pub async fn fold<V: View>(&self, as_of: AsOf) -> Result<V, FoldError> {
        if let AsOf::Version(_) = as_of {
            return Err(FoldError::AsOfVersion);
        }
        let (mut view, filter) = (V::default(), Filter::events::<V::Events>());
        let mut pages = self.runner.store.read_pages(Checkpoint::START, Direction::Forward, &filter, None);
        while let Some(page) = pages.next().await {
            let Page { mut events, up_to, .. } = page?;
            events.retain(|event| as_of.includes(event.version, event.position, event.recorded_at));
            fold(&mut view, events)?;
            if matches!(as_of, AsOf::Position(last) if last <= up_to) {
                break;
            }
            yield_once().await;
        }
        Ok(view)
    }

    /// Gives a view that is folded in memory from the start of the log and then kept up to date, while [`run`](Self::run) runs.
    /// Rows by key are folded as [`Rows`](crate::Rows).
    ///
    /// One reader of the log serves all views, so those of one program belong to one `Projections`. A view that is added while
    /// they run catches up beside the others.
    pub fn live<V: View>(&self) -> Live<V> {
        let followed = Arc::new(Followed::new());
        self.runner.add(followed.clone());
        Live::new(followed, Arc::new(self.runner.store.clone()))
    }

    /// Keeps the views up to date until [`stop`](Self::stop): the application spawns this future. Dropping it ends the views,
    /// too. Running them again folds each view anew, also one that had stopped.
    ///
    /// A view stops alone when one of its methods fails or panics, or when one of its events does not decode; that is logged, and
    /// [`Live::read`] gives the error. While the store [cannot be reached](crate::StoreError::is_transient) the reader tries again,
    /// with a pause of 50 ms at first and 5 s at last. Any other error of the store stops all views. After a restore that lost
    /// events which a view has seen, the view is folded anew from what the log holds, and cannot be read meanwhile.
    ///
    /// # Errors
    /// [`AlreadyRunning`], when another `run` has not ended.
    pub fn run(&self) -> impl Future<Output = Result<(), AlreadyRunning>> + Send + use<S> {
        let running = Arc::clone(&self.runner).begin();
        async move {
            running?.run().await;
            Ok(())
        }
    }

    /// Stops [`run`](Self::run), and waits until it has ended. Its views cannot be read from then on.
    pub async fn stop(&self) {
        self.runner.stop().await;
    }
}

impl<S> Clone for Projections<S> {
    fn clone(&self) -> Self {
        Self { runner: Arc::clone(&self.runner) }
    }
}

impl<S: fmt::Debug> fmt::Debug for Projections<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Projections").field("store", &self.runner.store).finish_non_exhaustive()
    }
}
