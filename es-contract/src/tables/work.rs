//! Work for the transactions of a store: statements, with what may go wrong in between.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
    vec,
};

use async_trait::async_trait;
use es_core::{Append, EventStore, Expected, Fault, StreamId, TargetWork, WorkInTransaction};

use super::{TableFactory, Target};
use crate::promises::note;

/// How long a part may take, unless it is told to take too long.
const LONG: Duration = Duration::from_mins(1);
/// How long a part may take that takes longer.
pub(super) const SHORT: Duration = Duration::from_millis(100);

/// What one part does.
#[derive(Clone)]
pub(super) enum Part {
    /// Executes this.
    Executes(String),
    /// Executes this, and gives no error.
    Ignores(String),
    /// Executes this, and takes a millisecond more.
    Slowly(String),
    /// Fails by itself.
    Fails,
    /// Panics.
    Panics,
    /// Takes longer than it may, without a wait.
    TakesLong,
    /// Appends an event to the store, and gives the error.
    Appends,
}

/// Adds `number` to what the table has for `key`.
pub(super) fn add(key: &str, number: i64) -> Part {
    Part::Executes(added(key, number))
}

/// Does the same slowly.
pub(super) fn add_slowly(key: &str, number: i64) -> Part {
    Part::Slowly(added(key, number))
}

fn added(key: &str, number: i64) -> String {
    format!(
        "INSERT INTO {{numbers}} (key, number) VALUES ('{key}', {number})
         ON CONFLICT (key) DO UPDATE SET number = {{numbers}}.number + excluded.number"
    )
}

/// Makes the table.
pub(super) fn set_up() -> Vec<Part> {
    vec![Part::Executes("CREATE TABLE {numbers} (key TEXT PRIMARY KEY, number BIGINT NOT NULL)".into())]
}

/// Parts on the target of a factory's store.
pub(super) struct Work<F: TableFactory> {
    factory: Arc<F>,
    store: F::Store,
    parts: vec::IntoIter<Part>,
    begun: Arc<AtomicUsize>,
}

impl<F: TableFactory> Work<F> {
    /// The work, and how many of its parts were begun.
    pub(super) fn of(
        factory: &Arc<F>,
        store: &F::Store,
        parts: Vec<Part>,
    ) -> (WorkInTransaction<Target<F>>, Arc<AtomicUsize>) {
        let timeout = if parts.iter().any(|part| matches!(part, Part::TakesLong)) { SHORT } else { LONG };
        let begun = Arc::<AtomicUsize>::default();
        let (factory, store, of_work) = (Arc::clone(factory), store.clone(), Arc::clone(&begun));
        let work = Self { factory, store, parts: parts.into_iter(), begun: of_work };
        (WorkInTransaction { parts: Box::new(work), timeout }, begun)
    }
}

#[async_trait]
impl<F: TableFactory> TargetWork<Target<F>> for Work<F> {
    async fn next(&mut self, target: &mut Target<F>) -> Option<Result<(), Fault>> {
        let part = self.parts.next()?;
        self.begun.fetch_add(1, Ordering::SeqCst);
        Some(match part {
            Part::Executes(sql) => self.factory.execute(target, &sql).await,
            Part::Slowly(sql) => {
                std::thread::sleep(Duration::from_millis(1));
                self.factory.execute(target, &sql).await
            }
            Part::Ignores(sql) => {
                drop(self.factory.execute(target, &sql).await);
                Ok(())
            }
            Part::Fails => Err("on purpose".into()),
            Part::Panics => panic!("on purpose"),
            Part::TakesLong => {
                std::thread::sleep(SHORT * 2);
                Ok(())
            }
            Part::Appends => append(&self.store).await,
        })
    }
}

/// Appends an event.
pub(super) async fn append(store: &impl EventStore) -> Result<(), Fault> {
    let stream = StreamId::new("sample", "of a part")?;
    store.append(Append::new(stream, Expected::Any, vec![note(1)?]).into()).await?;
    Ok(())
}
