//! Executes commands, and waits until read models show them.

use std::{convert::Infallible, fmt, time::Duration};

use futures_core::future::BoxFuture;

use crate::{
    aggregate::{Aggregate, Command, IntoEvents},
    repository::{
        Commands, ConsistentError, ExecuteFuture, Executed, ProjectedRepository, Repository, Root, Unsettled,
    },
    store::EventStore,
};

/// For how long a command waits for read models (by tokio's timer), unless [`within`](ConsistentCommands::within) sets another
/// time: longer than the lease of a program that was killed, after which another one goes on.
pub const DEFAULT_WITHIN: Duration = Duration::from_secs(10);

/// The future of a command that waits for read models. It is a named type for the reason of
/// [`ExecuteFuture`](crate::ExecuteFuture).
pub type ConsistentFuture<'a, A, E> = BoxFuture<'a, Result<Executed<A>, ConsistentError<A, E>>>;

impl<'a, R, S> Commands<'a, ProjectedRepository<R, S>> {
    /// As [`ProjectedRepository::consistent_with`].
    pub fn consistent_with(self, name: &'a str) -> ConsistentCommands<'a, R, S> {
        ConsistentCommands { commands: self, names: vec![name], within: DEFAULT_WITHIN }
    }
}

/// The commands of a [`ProjectedRepository`], each of which waits until read models have what it appended.
/// [`consistent_with`](ProjectedRepository::consistent_with) gives it; metadata and retries are set before.
///
/// The read models may be kept up to date by this program or another one. The time that is spent on waiting comes on top of that of
/// the command.
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
/// # use std::time::Duration;
/// type Accounts = ProjectedRepository<StoreRepository<Account>>;
///
/// async fn deposit(accounts: &Accounts, id: String, amount: u64) -> Result<u64, ConsistentError<Account>> {
///     let by_teller = accounts.with_metadata(Metadata::new().with_actor("teller 7"));
///     let consistent = by_teller.consistent_with("balances").consistent_with("turnover").within(Duration::from_secs(2));
///     let executed = match consistent.update(&id, |_| Deposited { amount }).await {
///         // The money is there, but the page that the user sees next may not show it yet.
///         Err(ConsistentError::Late { executed, cause }) => {
///             eprintln!("account {id}: {cause}");
///             *executed
///         }
///         executed => executed?,
///     };
///     Ok(executed.root.balance)
/// }
/// ```
#[must_use = "nothing happens until `execute`, `update` or `try_update`"]
pub struct ConsistentCommands<'a, R, S> {
    commands: Commands<'a, ProjectedRepository<R, S>>,
    names: Vec<&'a str>,
    within: Duration,
}

impl<'a, R, S: EventStore + Clone> ConsistentCommands<'a, R, S> {
    /// Waits for the followed projection called `name`, too.
    pub fn consistent_with(mut self, name: &'a str) -> Self {
        self.names.push(name);
        self
    }

    /// Sets for how long a command waits at most, for all read models together; [`DEFAULT_WITHIN`] unless set.
    pub fn within(mut self, time: Duration) -> Self {
        self.within = time;
        self
    }

    /// As [`RepositoryExt::execute`](crate::RepositoryExt::execute), and then waits.
    ///
    /// # Errors
    /// [`ConsistentError`]; with [`Late`](ConsistentError::Late) the command was executed.
    pub fn execute<'f, A, C>(&self, id: &'f A::Id, command: C) -> ConsistentFuture<'f, A, C::Error>
    where
        'a: 'f,
        R: Repository<A>,
        A: Aggregate,
        C: Command<A> + Clone + Send + 'f,
    {
        self.wait_after(self.commands.execute(id, command))
    }

    /// As [`RepositoryExt::update`](crate::RepositoryExt::update), and then waits.
    ///
    /// # Errors
    /// As for [`execute`](Self::execute).
    pub fn update<'f, A: Aggregate, E: IntoEvents<A> + 'f>(
        &self,
        id: &'f A::Id,
        change: impl FnMut(&mut Root<A>) -> E + Send + 'f,
    ) -> ConsistentFuture<'f, A, Infallible>
    where
        'a: 'f,
        R: Repository<A>,
    {
        self.wait_after(self.commands.update(id, change))
    }

    /// As [`RepositoryExt::try_update`](crate::RepositoryExt::try_update), and then waits.
    ///
    /// # Errors
    /// As for [`execute`](Self::execute).
    pub fn try_update<'f, A: Aggregate, E: IntoEvents<A> + 'f, X: Send + 'f>(
        &self,
        id: &'f A::Id,
        change: impl FnMut(&mut Root<A>) -> Result<E, X> + Send + 'f,
    ) -> ConsistentFuture<'f, A, X>
    where
        'a: 'f,
        R: Repository<A>,
    {
        self.wait_after(self.commands.try_update(id, change))
    }

    /// As [`RepositoryExt::settle`](crate::RepositoryExt::settle), and then waits.
    ///
    /// # Errors
    /// As for [`execute`](Self::execute).
    pub fn settle<'f, A: Aggregate>(&self, unsettled: Unsettled<A>) -> ConsistentFuture<'f, A, Infallible>
    where
        'a: 'f,
        R: Repository<A>,
    {
        self.wait_after(self.commands.settle(unsettled))
    }

    /// Waits for what `executing` appends, after it.
    fn wait_after<'f, A: Aggregate, X: Send + 'f>(
        &self,
        executing: ExecuteFuture<'f, A, X>,
    ) -> ConsistentFuture<'f, A, X>
    where
        'a: 'f,
        R: Repository<A>,
    {
        let (projections, names, within) = (self.commands.repository().projections(), self.names.clone(), self.within);
        Box::pin(async move {
            // A wrong name is found before anything has happened.
            if let Some(unknown) = names.iter().find(|name| !projections.keeps(name)) {
                return Err(ConsistentError::Unknown { projection: (*unknown).to_owned() });
            }
            let executed = executing.await?;
            // Without events it waits for what the decision was made on.
            let wanted = executed.checkpoint.unwrap_or_else(|| executed.root.position().into());
            match projections.wait_for(&names, wanted, within).await {
                Ok(()) => Ok(executed),
                Err(cause) => Err(ConsistentError::Late { executed: Box::new(executed), cause }),
            }
        })
    }
}

impl<R, S> Clone for ConsistentCommands<'_, R, S> {
    fn clone(&self) -> Self {
        Self { commands: self.commands.clone(), names: self.names.clone(), within: self.within }
    }
}

impl<R: fmt::Debug, S: fmt::Debug> fmt::Debug for ConsistentCommands<'_, R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { commands, names, within } = self;
        f.debug_struct("ConsistentCommands")
            .field("commands", commands)
            .field("names", names)
            .field("within", within)
            .finish()
    }
}
