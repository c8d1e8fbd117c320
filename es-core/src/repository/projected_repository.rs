//! A repository together with the projections of its store.

use std::{fmt, sync::Arc};

use async_trait::async_trait;

use crate::{
    aggregate::Aggregate,
    projection::Projections,
    repository::{Commands, ConsistentCommands, LoadError, Repository, Root},
    store::{AppendError, Appended, AsOf, EventStore},
};

/// A [`Repository`] together with the projections of its store:
/// [`with_projections`](crate::RepositoryExt::with_projections) gives it. It is a repository itself, and its commands can wait until
/// read models show them.
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
/// # use std::sync::Arc;
/// #[derive(Default, Serialize, Deserialize)]
/// struct Balance(u64);
///
/// #[es_core::project(name = "balances", key = String, every(Account))]
/// impl Balance {
///     fn deposited(&mut self, event: &Deposited) {
///         self.0 += event.amount;
///     }
/// }
///
/// # async fn example(store: Arc<dyn EventStore>) -> Result<(), Box<dyn std::error::Error>> {
/// let projections = store.projections().follow(Balance::default());
/// let accounts = store.repository::<Account>().with_projections(&projections);
/// # tokio::spawn(projections.run());
///
/// let id = "4711".to_owned();
/// accounts.consistent_with("balances").update(&id, |_| Deposited { amount: 5 }).await?;
/// let balance = projections.rows::<Balance>().get(&id).await?; // It has the deposit.
/// # Ok(())
/// # }
/// ```
pub struct ProjectedRepository<R, S = Arc<dyn EventStore>> {
    repository: R,
    projections: Projections<S>,
}

impl<R, S> ProjectedRepository<R, S> {
    pub(crate) fn new(repository: R, projections: Projections<S>) -> Self {
        Self { repository, projections }
    }

    /// The projections.
    pub fn projections(&self) -> &Projections<S> {
        &self.projections
    }

    /// Gives commands that wait until the followed projection called `name` has what they appended, at most for
    /// [`DEFAULT_WITHIN`](crate::DEFAULT_WITHIN). For several projections call it again on what it gives.
    ///
    /// What is read from the projection after the command is never older than the state that the command was decided on: a
    /// command that appends nothing waits for the last event of its aggregate.
    pub fn consistent_with<'a>(&'a self, name: &'a str) -> ConsistentCommands<'a, R, S> {
        Commands::new(self).consistent_with(name)
    }
}

#[async_trait]
impl<A: Aggregate, R: Repository<A>, S: EventStore> Repository<A> for ProjectedRepository<R, S> {
    async fn load(&self, id: &A::Id) -> Result<Root<A>, LoadError> {
        self.repository.load(id).await
    }

    async fn load_at(&self, id: &A::Id, at: AsOf) -> Result<Root<A>, LoadError> {
        self.repository.load_at(id, at).await
    }

    async fn append(&self, root: &mut Root<A>) -> Result<Appended, AppendError> {
        self.repository.append(root).await
    }
}

impl<R: Clone, S> Clone for ProjectedRepository<R, S> {
    fn clone(&self) -> Self {
        Self { repository: self.repository.clone(), projections: self.projections.clone() }
    }
}

impl<R: fmt::Debug, S: fmt::Debug> fmt::Debug for ProjectedRepository<R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { repository, projections } = self;
        f.debug_struct("ProjectedRepository").field("repository", repository).field("projections", projections).finish()
    }
}
