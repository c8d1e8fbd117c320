//! The repository over any store.

use std::{fmt, marker::PhantomData, ops::ControlFlow, sync::Arc};

use async_trait::async_trait;

use crate::{
    aggregate::Aggregate,
    repository::{LoadError, Repository, Root, batch::wrong_number},
    store::{AppendError, Appended, AsOf, EventStore, ReadError, StoredEvent, Version},
};

/// The [`Repository`] over any [`EventStore`]: [`store.repository::<A>()`](crate::EventStoreExt::repository) gives it.
pub struct StoreRepository<A, S = Arc<dyn EventStore>> {
    store: S,
    aggregate: PhantomData<fn() -> A>,
}

impl<A: Aggregate, S: EventStore> StoreRepository<A, S> {
    /// Creates the repository of the aggregates `A` in `store`.
    pub fn new(store: S) -> Self {
        Self { store, aggregate: PhantomData }
    }

    /// The store.
    pub fn store(&self) -> &S {
        &self.store
    }

    async fn replay(
        &self,
        id: &A::Id,
        until: impl Fn(&StoredEvent) -> bool + Send + Sync,
    ) -> Result<Root<A>, LoadError> {
        let mut root = Root::<A>::new(id.clone())?;
        let (stream, mut replay) = root.replaying();
        let mut visitor = |event: &StoredEvent| {
            let go_on = until(event);
            if go_on {
                replay.next(event)?;
            }
            Ok(if go_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        };
        self.store.visit_stream(stream, Version::FIRST, &mut visitor).await?;
        Ok(root)
    }
}

#[async_trait]
impl<A: Aggregate, S: EventStore> Repository<A> for StoreRepository<A, S> {
    async fn load(&self, id: &A::Id) -> Result<Root<A>, LoadError> {
        self.replay(id, |_| true).await
    }

    async fn load_at(&self, id: &A::Id, at: AsOf) -> Result<Root<A>, LoadError> {
        let partitions = self.store.partitions().len();
        if partitions > 0 && matches!(at, AsOf::Position(_)) {
            return Err(ReadError::Partitioned { partitions }.into());
        }
        self.replay(id, |event| at.includes(event.version, event.position, event.recorded_at)).await
    }

    async fn append(&self, root: &mut Root<A>) -> Result<Appended, AppendError> {
        if root.is_settled() {
            return Ok(Appended::assertion(root.stream().clone(), root.version()));
        }
        let append = root.to_append()?;
        let answers = self.store.append(append.into()).await?;
        let appended = match <[Appended; 1]>::try_from(answers) {
            Ok([appended]) => appended,
            Err(answers) => return Err(wrong_number(root.to_append()?.into(), answers.len())),
        };
        root.settle(&appended);
        Ok(appended)
    }
}

impl<A, S: Clone> Clone for StoreRepository<A, S> {
    fn clone(&self) -> Self {
        Self { store: self.store.clone(), aggregate: PhantomData }
    }
}

impl<A: Aggregate, S: fmt::Debug> fmt::Debug for StoreRepository<A, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreRepository").field("category", &A::CATEGORY).field("store", &self.store).finish()
    }
}
