//! Executes commands: loads, decides, appends, and decides again after a conflict.

use std::{convert::Infallible, fmt, time::Duration};

use futures_core::future::BoxFuture;

use crate::{
    aggregate::{Aggregate, Command, IntoEvents},
    event::Metadata,
    projection::Projections,
    repository::{
        ExecuteError, LoadError, ProjectedRepository, Repository, Root, Unsettled,
        settle::{DEFAULT_SETTLE_TIMEOUT, Pause, Settling},
    },
    store::{AppendError, Appended, Checkpoint, Recorded},
};

/// How often a command is decided again after a conflict, or when the store is busy, unless
/// [`with_retries`](RepositoryExt::with_retries) sets another number.
pub const DEFAULT_RETRIES: usize = 8;

/// The result of a command.
#[non_exhaustive]
pub struct Executed<A: Aggregate> {
    /// The aggregate with the new events.
    pub root: Root<A>,
    /// The events that were recorded, as a reader sees them: they differ from those that were decided if a value changes when
    /// it is serialized and deserialized. Empty when the decision had no events.
    pub events: Vec<Recorded<A::Event>>,
    /// The checkpoint of the last event: a read model that has come as far as this shows the command's effect. `None`
    /// when nothing was recorded.
    pub checkpoint: Option<Checkpoint>,
    /// Whether the store answered that the events were there already: an earlier answer to the same append was lost.
    pub repeated: bool,
}

impl<A: Aggregate + fmt::Debug> fmt::Debug for Executed<A>
where
    A::Event: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { root, events, checkpoint, repeated } = self;
        f.debug_struct("Executed")
            .field("root", root)
            .field("events", events)
            .field("checkpoint", checkpoint)
            .field("repeated", repeated)
            .finish()
    }
}

/// The future of a command. It is a named type and not `impl Future`, so that rustc reports a missing `Handle` or
/// `Clone` once, at the command.
pub type ExecuteFuture<'a, A, E> = BoxFuture<'a, Result<Executed<A>, ExecuteError<A, E>>>;

/// Commands on every [`Repository`], also on `dyn Repository<A>`.
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
/// # async fn example(accounts: &dyn Repository<Account>) -> Result<(), ExecuteError<Account>> {
/// let id = "4711".to_owned();
/// let deposited = accounts.update(&id, |account| Deposited { amount: account.balance / 100 }).await?;
/// println!("{} at version {}", deposited.root.balance, deposited.root.version());
///
/// let by_teller = accounts.with_metadata(Metadata::new().with_actor("teller 7")).with_retries(3);
/// by_teller.update(&id, |_| Deposited { amount: 1 }).await?;
/// # Ok(())
/// # }
/// ```
pub trait RepositoryExt<A: Aggregate>: Repository<A> {
    /// Loads the aggregate, decides on `command` and appends its events. After a conflict it loads and decides again; when the
    /// store is [busy](crate::StoreErrorKind::Busy) it does so after a pause (10 ms at first, 1 s at last). It retries at most
    /// [`DEFAULT_RETRIES`] times, for both reasons together. When the store's answer is lost, it sends the same append again
    /// for [`DEFAULT_SETTLE_TIMEOUT`], until it learns the outcome. After that, or when the store is closed or
    /// refuses the same append, it fails with [`ExecuteError::Unknown`].
    ///
    /// # Errors
    /// [`ExecuteError`]; [`Refused`](ExecuteError::Refused) holds the domain's error.
    fn execute<'a, C>(&'a self, id: &'a A::Id, command: C) -> ExecuteFuture<'a, A, C::Error>
    where
        C: Command<A> + Clone + Send + 'a,
    {
        Commands::new(self).execute(id, command)
    }

    /// Loads the aggregate, calls `change`, which records events on it or returns them, and appends them. After a conflict it
    /// loads again and calls `change` again.
    ///
    /// # Errors
    /// [`ExecuteError`], never [`Refused`](ExecuteError::Refused).
    fn update<'a, E: IntoEvents<A> + 'a>(
        &'a self,
        id: &'a A::Id,
        change: impl FnMut(&mut Root<A>) -> E + Send + 'a,
    ) -> ExecuteFuture<'a, A, Infallible> {
        Commands::new(self).update(id, change)
    }

    /// As [`update`](Self::update), with a `change` that may fail, after which nothing is appended.
    ///
    /// # Errors
    /// [`ExecuteError`]; [`Refused`](ExecuteError::Refused) holds the error of `change`.
    fn try_update<'a, E: IntoEvents<A> + 'a, X: Send + 'a>(
        &'a self,
        id: &'a A::Id,
        change: impl FnMut(&mut Root<A>) -> Result<E, X> + Send + 'a,
    ) -> ExecuteFuture<'a, A, X> {
        Commands::new(self).try_update(id, change)
    }

    /// Sends the events of a command whose answer was lost again, with the same ids, for [`DEFAULT_SETTLE_TIMEOUT`], until it
    /// learns the outcome. Nothing is decided again.
    ///
    /// # Errors
    /// [`ExecuteError`], never [`Refused`](ExecuteError::Refused). Unless it is [`Unknown`](ExecuteError::Unknown), none of the
    /// events was or will be appended, and it is safe to decide on the command again.
    fn settle(&self, unsettled: Unsettled<A>) -> ExecuteFuture<'_, A, Infallible> {
        Commands::new(self).settle(unsettled)
    }

    /// Gives the same commands with `metadata` on every event they record.
    fn with_metadata(&self, metadata: Metadata) -> Commands<'_, Self> {
        Commands::new(self).with_metadata(metadata)
    }

    /// Gives the same commands with another settle timeout: for how long an append whose answer was lost is sent again.
    /// [`DEFAULT_SETTLE_TIMEOUT`] unless set; with 0 the command ends with [`ExecuteError::Unknown`] at once.
    fn with_settle_timeout(&self, time: Duration) -> Commands<'_, Self> {
        Commands::new(self).with_settle_timeout(time)
    }

    /// Gives the same commands, decided again at most `count` times after a conflict or when the store is busy; 0 for
    /// never.
    fn with_retries(&self, count: usize) -> Commands<'_, Self> {
        Commands::new(self).with_retries(count)
    }

    /// Gives the same repository together with `projections`, for whose read models a command can
    /// [wait](ProjectedRepository::consistent_with).
    fn with_projections<S>(self, projections: &Projections<S>) -> ProjectedRepository<Self, S>
    where
        Self: Sized,
    {
        ProjectedRepository::new(self, projections.clone())
    }
}

impl<A: Aggregate, R: Repository<A> + ?Sized> RepositoryExt<A> for R {}

/// The commands of a [`Repository`], with metadata, retries and settle timeout of their own.
#[derive(Debug)]
#[must_use = "nothing happens until `execute`, `update` or `try_update`"]
pub struct Commands<'a, R: ?Sized> {
    repository: &'a R,
    metadata: Option<Metadata>,
    retries: usize,
    settle_timeout: Duration,
}

impl<R: ?Sized> Clone for Commands<'_, R> {
    fn clone(&self) -> Self {
        Self { metadata: self.metadata.clone(), ..*self }
    }
}

impl<'a, R: ?Sized> Commands<'a, R> {
    pub(crate) fn repository(&self) -> &'a R {
        self.repository
    }

    pub(crate) fn new(repository: &'a R) -> Self {
        Self { repository, metadata: None, retries: DEFAULT_RETRIES, settle_timeout: DEFAULT_SETTLE_TIMEOUT }
    }

    /// As [`RepositoryExt::with_metadata`].
    pub fn with_metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = Some(metadata);
        self
    }

    /// As [`RepositoryExt::with_retries`].
    pub fn with_retries(mut self, count: usize) -> Self {
        self.retries = count;
        self
    }

    /// As [`RepositoryExt::with_settle_timeout`].
    pub fn with_settle_timeout(mut self, time: Duration) -> Self {
        self.settle_timeout = time;
        self
    }

    /// As [`RepositoryExt::execute`].
    ///
    /// # Errors
    /// [`ExecuteError`].
    pub fn execute<'f, A, C>(&self, id: &'f A::Id, command: C) -> ExecuteFuture<'f, A, C::Error>
    where
        'a: 'f,
        R: Repository<A>,
        A: Aggregate,
        C: Command<A> + Clone + Send + 'f,
    {
        Box::pin(self.clone().run(id, move |root| root.handle(command.clone())))
    }

    /// As [`RepositoryExt::update`].
    ///
    /// # Errors
    /// [`ExecuteError`].
    pub fn update<'f, A: Aggregate, E: IntoEvents<A> + 'f>(
        &self,
        id: &'f A::Id,
        change: impl FnMut(&mut Root<A>) -> E + Send + 'f,
    ) -> ExecuteFuture<'f, A, Infallible>
    where
        'a: 'f,
        R: Repository<A>,
    {
        Box::pin(self.clone().run(id, infallible(change)))
    }

    /// As [`RepositoryExt::try_update`].
    ///
    /// # Errors
    /// [`ExecuteError`].
    pub fn try_update<'f, A: Aggregate, E: IntoEvents<A> + 'f, X: Send + 'f>(
        &self,
        id: &'f A::Id,
        change: impl FnMut(&mut Root<A>) -> Result<E, X> + Send + 'f,
    ) -> ExecuteFuture<'f, A, X>
    where
        'a: 'f,
        R: Repository<A>,
    {
        Box::pin(self.clone().run(id, recording(change)))
    }

    /// As [`RepositoryExt::settle`].
    ///
    /// # Errors
    /// [`ExecuteError`].
    pub fn settle<'f, A: Aggregate>(&self, unsettled: Unsettled<A>) -> ExecuteFuture<'f, A, Infallible>
    where
        'a: 'f,
        R: Repository<A>,
    {
        let commands = self.clone();
        Box::pin(async move {
            let (mut root, attempts, outcome) = unsettled.into_parts();
            match commands.append(&mut root, Settling::of(outcome, commands.settle_timeout)).await {
                Ok(appended) => Ok(executed(root, &appended)),
                Err(error) => Err(not_executed(root, attempts, error)),
            }
        })
    }

    /// Appends until the outcome is known or the settle timeout has passed.
    async fn append<A: Aggregate>(&self, root: &mut Root<A>, mut settling: Settling) -> Result<Appended, AppendError>
    where
        R: Repository<A>,
    {
        loop {
            if let Some(answer) = settling.ask(self.repository.append(root)).await {
                return answer;
            }
        }
    }

    async fn run<A: Aggregate, X: Send>(
        self,
        id: &A::Id,
        mut decide: impl FnMut(&mut Root<A>) -> Result<(), X> + Send,
    ) -> Result<Executed<A>, ExecuteError<A, X>>
    where
        R: Repository<A>,
    {
        let (mut left, mut attempts, mut pause) = (self.retries, 0, Pause::new());
        loop {
            let mut root = match self.repository.load(id).await {
                Err(LoadError::Read(error)) if error.is_busy() && left > 0 => {
                    left -= 1;
                    pause.wait().await;
                    continue;
                }
                loaded => loaded?,
            };
            if let Some(metadata) = &self.metadata {
                root.set_metadata(metadata.clone());
            }
            decide(&mut root).map_err(ExecuteError::Refused)?;
            attempts += 1;
            match self.append(&mut root, Settling::new(self.settle_timeout)).await {
                Ok(appended) => return Ok(executed(root, &appended)),
                Err(AppendError::Conflict(_)) if left > 0 => left -= 1,
                Err(error) if error.is_busy() && left > 0 => {
                    left -= 1;
                    pause.wait().await;
                }
                Err(error) => return Err(not_executed(root, attempts, error)),
            }
        }
    }
}

fn executed<A: Aggregate>(mut root: Root<A>, appended: &Appended) -> Executed<A> {
    let events = root.take_recorded();
    Executed { root, events, checkpoint: appended.checkpoint(), repeated: appended.repeated }
}

/// The error for an append that failed after `attempts` decisions.
fn not_executed<A: Aggregate, X>(root: Root<A>, attempts: usize, error: AppendError) -> ExecuteError<A, X> {
    match error {
        AppendError::Conflict(conflict) => ExecuteError::Conflict { attempts, conflict },
        AppendError::Unknown(outcome) => ExecuteError::Unknown(Unsettled::new(root, attempts, outcome)),
        error => ExecuteError::Append(error),
    }
}

fn infallible<A: Aggregate, E: IntoEvents<A>>(
    mut change: impl FnMut(&mut Root<A>) -> E + Send,
) -> impl FnMut(&mut Root<A>) -> Result<(), Infallible> + Send {
    recording(move |root| Ok(change(root)))
}

fn recording<A: Aggregate, E: IntoEvents<A>, X>(
    mut change: impl FnMut(&mut Root<A>) -> Result<E, X> + Send,
) -> impl FnMut(&mut Root<A>) -> Result<(), X> + Send {
    move |root| {
        let events = change(root)?;
        root.record(events);
        Ok(())
    }
}
