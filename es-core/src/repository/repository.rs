//! The repository: loads aggregates from a store and appends their events.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    aggregate::Aggregate,
    repository::{LoadError, Root},
    store::{AppendError, Appended, AsOf},
};

/// Loads the aggregates `A` and appends the events that were recorded on them.
///
/// It is dyn-compatible: an application may hold an `Arc<dyn Repository<Account>>`. Commands are in
/// [`RepositoryExt`](crate::RepositoryExt): `execute`, `update`, `try_update`, `with_metadata`.
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
/// async fn deposit(accounts: &dyn Repository<Account>, amount: u64) -> Result<(), Box<dyn std::error::Error>> {
///     let mut account = accounts.load(&"4711".to_owned()).await?;
///     account.record(Deposited { amount });
///     accounts.append(&mut account).await?;
///     Ok(())
/// }
/// ```
#[async_trait]
pub trait Repository<A: Aggregate>: Send + Sync {
    /// Loads the aggregate `id`. Without events it has its initial state and version 0.
    ///
    /// # Errors
    /// [`LoadError`].
    async fn load(&self, id: &A::Id) -> Result<Root<A>, LoadError>;

    /// Loads the aggregate `id` as it was at `at`.
    ///
    /// # Errors
    /// [`LoadError`].
    async fn load_at(&self, id: &A::Id, at: AsOf) -> Result<Root<A>, LoadError>;

    /// Appends the root's pending events if its stream has not changed since it was loaded. Without pending events it sends
    /// nothing.
    ///
    /// After an error the root keeps its pending events: after [`AppendError::Unknown`] it is safe to call this again.
    ///
    /// # Errors
    /// [`AppendError`].
    async fn append(&self, root: &mut Root<A>) -> Result<Appended, AppendError>;
}

#[async_trait]
impl<A: Aggregate, R: Repository<A> + ?Sized> Repository<A> for Arc<R> {
    async fn load(&self, id: &A::Id) -> Result<Root<A>, LoadError> {
        (**self).load(id).await
    }

    async fn load_at(&self, id: &A::Id, at: AsOf) -> Result<Root<A>, LoadError> {
        (**self).load_at(id, at).await
    }

    async fn append(&self, root: &mut Root<A>) -> Result<Appended, AppendError> {
        (**self).append(root).await
    }
}
