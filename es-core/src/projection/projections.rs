//! The projections of a store: read models that it keeps, and views that are folded once or kept up to date.

use std::{fmt, sync::Arc, time::Duration};

use async_stream::try_stream;
use futures_core::Stream;
use futures_util::StreamExt;
use tokio::time::{Instant, sleep, timeout};

use crate::{
    event::LimitError,
    projection::{
        Behind, FoldError, FollowError, Live, Projection, ProjectionError, ProjectionStatus, Row, RunError, RunsOn,
        StoredRows, Transactions, Unsupported, View, WaitError, event_filter::EventFilter, fold::fold,
        followed::Followed, follower::Follower, runner::Runner,
    },
    store::{AsOf, Checkpoint, Direction, EventStore, Page, ReadModelId, ReadModelRequest, ReadModels, yield_once},
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
        let (mut view, filter) = (V::default(), EventFilter::of::<V::Events>());
        let mut pages = self.runner.store.read_pages(Checkpoint::START, Direction::Forward, filter.at_store(), None);
        while let Some(page) = pages.next().await {
            let Page { mut events, up_to, .. } = page?;
            events.retain(|event| {
                filter.accepts(event) && as_of.includes(event.version, event.position, event.recorded_at)
            });
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

    /// Keeps a read model in the store, while [`run`](Self::run) runs in this program or another one: it catches up with the log,
    /// and then follows it. Rows by key are read by [`rows`](Self::rows); what a [`Projection`](crate::Projection) wrote to its
    /// target is read as the application likes, under the names that [`table`](Self::table) gives.
    ///
    /// Each event is applied exactly once, whatever fails and however many programs follow the same read model: one of them owns
    /// it, and the others take over when it ends.
    #[must_use]
    pub fn follow<P: RunsOn<S, Form>, Form>(self, projection: P) -> Self {
        self.runner.follow(projection.into_follower(&self.runner.store));
        self
    }

    /// The name, ready for SQL, of the table that the statements of the projection `P` call `{table}`.
    ///
    /// # Errors
    /// [`LimitError`] if the store cannot have it.
    pub fn table<P: Projection>(&self, table: &str) -> Result<String, LimitError>
    where
        S: Transactions<Target = P::Target>,
    {
        self.runner.store.table(&ReadModelId::new(P::NAME, P::VERSION)?, table)
    }

    /// For how long an owner stays the owner after its last step, unless it ends in order: the time that others wait after it was
    /// killed. 5 s unless it is set, before [`run`](Self::run).
    #[must_use]
    pub fn lease(self, lease: Duration) -> Self {
        self.runner.set(|settings| settings.lease = lease);
        self
    }

    /// How often an event that fails is tried again before its projection stops: 5 times unless it is set, before
    /// [`run`](Self::run). The pauses are 50 ms at first and 5 s at last. That the store cannot be reached is no failure of an
    /// event.
    #[must_use]
    pub fn retries(self, retries: u32) -> Self {
        self.runner.set(|settings| settings.retries = retries);
        self
    }

    /// How long a method of a projection with a target may take for one event, or for one batch: 30 s unless it is set, before
    /// [`run`](Self::run). What takes longer counts as a failure of the event.
    #[must_use]
    pub fn handler_timeout(self, timeout: Duration) -> Self {
        self.runner.set(|settings| settings.handler_timeout = timeout);
        self
    }

    /// Calls `alert` with the name of a projection and the reason when it stops, or when this program does not run it any more.
    /// Set it before [`run`](Self::run). It is logged, too.
    #[must_use]
    pub fn on_failure(self, alert: impl Fn(&'static str, &FollowError) + Send + Sync + 'static) -> Self {
        self.runner.set(|settings| settings.on_failure = Some(Arc::new(alert)));
        self
    }

    /// Gives the rows by key that the store keeps.
    pub fn rows<R: Row>(&self) -> StoredRows<R> {
        StoredRows::new(Arc::new(self.runner.store.clone()))
    }

    /// Keeps views and read models up to date until [`stop`](Self::stop): the application spawns this future. Dropping it ends
    /// them, too, but leaves the leases of read models to run out. Running them again folds each view anew, and tries again
    /// what had stopped.
    ///
    /// A view stops alone when one of its methods fails or panics, or when one of its events does not decode; that is logged, and
    /// [`Live::read`] gives the error. While the store [cannot be reached](crate::StoreError::is_transient) the reader tries again,
    /// with a pause of 50 ms at first and 5 s at last. Any other error of the store stops all views. After a restore that lost
    /// events which a view has seen, the view is folded anew from what the log holds, and cannot be read meanwhile.
    ///
    /// A read model whose event fails tries it again, and then stops alone; its [`status`](Self::status) has the event and the
    /// error. One whose event was written by a newer program is left to such a program.
    ///
    /// # Errors
    /// [`RunError`], by the first poll of the future. The work begins with the second.
    pub fn run(&self) -> impl Future<Output = Result<(), RunError>> + Send + use<S> {
        let running = Arc::clone(&self.runner).begin();
        async move {
            let running = running?;
            yield_once().await;
            running.run().await;
            Ok(())
        }
    }

    /// Stops [`run`](Self::run), and waits until it has ended: each read model finishes its step and gives its lease back. Views
    /// cannot be read from then on.
    pub async fn stop(&self) {
        self.runner.stop().await;
    }

    /// Waits until each of the followed projections that `names` names can be read and has every event up to `checkpoint` that it
    /// wants, whichever program runs it. At most for the time `within`, by tokio's timer.
    ///
    /// `appended.checkpoint()` is that of an append, and `store.frontier()` that of the newest event.
    ///
    /// # Errors
    /// [`WaitError::Behind`] after that time. Any other [`WaitError`] at once: when one of them is not followed, is paused or has
    /// stopped, or is no longer run by this program.
    pub async fn wait_for(
        &self,
        names: &[&str],
        checkpoint: impl Into<Checkpoint>,
        within: Duration,
    ) -> Result<(), WaitError> {
        let (wanted, began) = (checkpoint.into(), Instant::now());
        for name in names {
            let unknown = || WaitError::Unknown { projection: (*name).to_owned() };
            let follower = self.follower(name).ok_or_else(unknown)?;
            // What is followed without read models never runs.
            let Some(read_models) = self.runner.store.read_models() else { return Err(unknown()) };
            let mut at = Checkpoint::START;
            let left = within.saturating_sub(began.elapsed());
            match timeout(left, follower.reach(&self.runner.store, read_models, wanted, &mut at)).await {
                Ok(reached) => reached?,
                Err(_) => return Err(Behind::new(follower.name, at, wanted, within).into()),
            }
        }
        Ok(())
    }

    /// Tells what each followed projection is doing, in the order of their names, whichever program runs it.
    ///
    /// # Errors
    /// [`ProjectionError`].
    pub async fn status(&self) -> Result<Vec<ProjectionStatus>, ProjectionError> {
        let read_models = self.read_models()?;
        let stored = read_models.statuses().await?;
        let mut statuses = Vec::new();
        for follower in self.runner.followers() {
            statuses.push(follower.status(&self.runner.store, read_models, &stored).await?);
        }
        statuses.sort_by_key(|status| status.name);
        Ok(statuses)
    }

    /// Tells what each followed projection is doing, at once and then with a pause of `every`, by tokio's timer. It ends after an
    /// error.
    pub fn status_stream(
        &self,
        every: Duration,
    ) -> impl Stream<Item = Result<Vec<ProjectionStatus>, ProjectionError>> + Send + use<S> {
        let projections = self.clone();
        try_stream! {
            let mut before: Vec<ProjectionStatus> = Vec::new();
            let mut at = Instant::now();
            loop {
                let statuses = projections.status().await?;
                let after = at.elapsed();
                at = Instant::now();
                let with_rates: Vec<_> = statuses.iter().map(|status| {
                    let earlier = before.iter().find(|earlier| earlier.name == status.name);
                    status.clone().since(earlier, after)
                }).collect();
                before = statuses;
                yield with_rates;
                sleep(every).await;
            }
        }
    }

    /// Lets nobody move the projection on until it is asked to [resume](Self::resume), whichever program runs it. A step that is
    /// under way is finished, or is done again later.
    ///
    /// # Errors
    /// [`ProjectionError`].
    pub async fn pause(&self, name: &str) -> Result<(), ProjectionError> {
        self.ask(name, ReadModelRequest::Pause).await
    }

    /// Lets the projection go on after a [pause](Self::pause), within a second.
    ///
    /// # Errors
    /// [`ProjectionError`].
    pub async fn resume(&self, name: &str) -> Result<(), ProjectionError> {
        self.ask(name, ReadModelRequest::Resume).await
    }

    /// Lets the projection try again what had made it stop, within a second.
    ///
    /// # Errors
    /// [`ProjectionError`].
    pub async fn retry(&self, name: &str) -> Result<(), ProjectionError> {
        self.ask(name, ReadModelRequest::Retry).await
    }

    /// Empties the read model and builds it anew from the start of the log, by whichever program runs it. Its
    /// [`status`](Self::status) tells how far that has come, and [`rows`](Self::rows) gives no rows until it is done.
    ///
    /// # Errors
    /// [`ProjectionError`].
    pub async fn rebuild(&self, name: &str) -> Result<(), ProjectionError> {
        self.ask(name, ReadModelRequest::Rebuild).await
    }

    async fn ask(&self, name: &str, request: ReadModelRequest) -> Result<(), ProjectionError> {
        let unknown = || ProjectionError::Unknown { projection: name.to_owned() };
        self.follower(name).ok_or_else(unknown)?.ask(self.read_models()?, request).await?;
        self.runner.board.refresh();
        Ok(())
    }

    /// Whether a projection of this name is followed, and the store keeps it.
    pub(crate) fn keeps(&self, name: &str) -> bool {
        self.follower(name).is_some() && self.runner.store.read_models().is_some()
    }

    fn follower(&self, name: &str) -> Option<Arc<Follower>> {
        self.runner.followers().into_iter().find(|follower| follower.name == name)
    }

    fn read_models(&self) -> Result<&dyn ReadModels, Unsupported> {
        self.runner.store.read_models().ok_or(Unsupported {})
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
