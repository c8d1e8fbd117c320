//! A store under test, and the helpers that the promises are written with.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use es_core::{
    Checkpoint, Claim, Claimed, EventStore, Position, ReadModelError, ReadModelId, ReadModelState, ReadModelStatus,
    ReadModelStep, StepPlan, Transactions, WorkError,
};
use uuid::Uuid;

use super::{
    TableFactory,
    work::{Part, Work, set_up},
};
use crate::{BrokenPromise, promises::ensure};

/// A lease that holds as long as any test.
pub(super) const HOUR: Duration = Duration::from_hours(1);

/// A fresh store.
pub(super) struct Trial<F: TableFactory> {
    pub(super) factory: Arc<F>,
    pub(super) store: F::Store,
    pub(super) model: ReadModelId,
    pub(super) start: Checkpoint,
    pub(super) folder: Folder,
}

/// A folder that is removed with it.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left is in the system's folder for temporary files.
        drop(std::fs::remove_dir_all(&self.0));
    }
}

impl<F: TableFactory> Trial<F> {
    pub(super) async fn begin(factory: F) -> Result<Self, BrokenPromise> {
        let folder = std::env::temp_dir().join(format!("es-tables-{}", Uuid::now_v7().simple()));
        std::fs::create_dir(&folder).map_err(|error| BrokenPromise::new("a folder is made", error.to_string()))?;
        let folder = Folder(folder);
        let (factory, model) = (Arc::new(factory), ReadModelId::new("numbers", 1)?);
        let store = factory.open(folder.path()).await?;
        let start = store.frontier().await?;
        Ok(Self { factory, store, model, start, folder })
    }

    /// A claim for an hour, whose set-up does `parts`.
    pub(super) async fn claim_with(
        &self,
        model: &ReadModelId,
        owner: &str,
        parts: Vec<Part>,
    ) -> Result<Claimed, WorkError> {
        let (work, _) = Work::of(&self.factory, &self.store, parts);
        self.store.claim_with(model, owner, HOUR, work).await
    }

    /// A claim of `model` that must be granted, and makes the table.
    pub(super) async fn owned(&self, model: &ReadModelId, owner: &str) -> Result<Claim, BrokenPromise> {
        match self.claim_with(model, owner, set_up()).await? {
            Claimed::Owned(claim) => Ok(claim),
            Claimed::Refused(status) => {
                Err(BrokenPromise::new(format!("`{owner}` can claim {model}"), format!("refused: {status:?}")))
            }
        }
    }

    /// The steps for as many parts, which handle the next positions and end at the end of the log.
    pub(super) fn plan(&self, claim: &Claim, parts: usize) -> StepPlan {
        let first = claim.handled.position().get();
        let handled: Vec<_> = (1..).map(|at| self.start.at(Position::new(first + at))).take(parts).collect();
        let last = handled.last().copied().unwrap_or(claim.handled);
        let mut whole = ReadModelStep::new(last, last, ReadModelState::Live);
        whole.lease = Some(HOUR);
        StepPlan::new(whole, handled, ReadModelState::CatchingUp)
    }

    /// Takes a step.
    pub(super) async fn advance(&self, claim: &Claim, parts: Vec<Part>) -> Result<usize, WorkError> {
        let (plan, (work, _)) = (self.plan(claim, parts.len()), Work::of(&self.factory, &self.store, parts));
        self.store.advance_with(claim, plan, work).await
    }

    /// Takes a step of which every part must be done, and gives the claim for the next one.
    pub(super) async fn done(&self, claim: &Claim, parts: Vec<Part>) -> Result<Claim, BrokenPromise> {
        let (plan, count) = (self.plan(claim, parts.len()), parts.len());
        let done = self.advance(claim, parts).await?;
        ensure("a short step does all its parts", done == count, || format!("{done} of {count}"))?;
        Ok(claim.after(plan.whole()))
    }

    /// Checks that a step of `claim` is fenced.
    pub(super) async fn fenced(&self, what: &str, claim: &Claim, parts: Vec<Part>) -> Result<(), BrokenPromise> {
        let result = self.advance(claim, parts).await;
        let fenced =
            matches!(&result, Err(WorkError::Store(ReadModelError::Fenced { model })) if *model == claim.model);
        ensure(&format!("{what} is fenced"), fenced, || format!("{result:?}"))
    }

    /// Checks that a step fails at the part `index`, and leaves nothing; gives the text of the error.
    pub(super) async fn fails(&self, claim: &Claim, parts: Vec<Part>, index: usize) -> Result<String, BrokenPromise> {
        let (before, status) = (self.table(&claim.model).await?, self.status(&claim.model).await?);
        let (position, result) = (status.map(|status| status.handled), self.advance(claim, parts).await);
        let Err(WorkError::Part { index: at, source }) = result else {
            return Err(BrokenPromise::new(format!("part {index} fails"), format!("{result:?}")));
        };
        ensure("the part that failed is told", at == index, || format!("part {at} in place of {index}: {source}"))?;
        let (table, status) = (self.table(&claim.model).await?, self.status(&claim.model).await?);
        ensure("a failed step leaves the table as it was", table == before, || {
            format!("{table:?}, before {before:?}")
        })?;
        let left = status.map(|status| status.handled);
        ensure("a failed step leaves the checkpoint as it was", left == position, || format!("{left:?}"))?;
        let mut text = source.to_string();
        let mut source = source.source();
        while let Some(error) = source {
            text = format!("{text}: {error}");
            source = error.source();
        }
        Ok(text)
    }

    /// What the table holds.
    pub(super) async fn table(&self, model: &ReadModelId) -> Result<Option<BTreeMap<String, i64>>, BrokenPromise> {
        Ok(self.factory.read(&self.store, model).await?)
    }

    /// Checks what the table holds.
    pub(super) async fn holds(&self, model: &ReadModelId, numbers: &[(&str, i64)]) -> Result<(), BrokenPromise> {
        let table = self.table(model).await?;
        let expected = numbers.iter().map(|(key, number)| ((*key).to_owned(), *number)).collect();
        ensure(&format!("the table of {model} holds {numbers:?}"), table == Some(expected), || format!("{table:?}"))
    }

    /// What the store tells of the read model.
    pub(super) async fn status(&self, model: &ReadModelId) -> Result<Option<ReadModelStatus>, BrokenPromise> {
        let none = || BrokenPromise::new("a store with transactions keeps read models", "none");
        let statuses = self.store.read_models().ok_or_else(none)?.statuses().await?;
        Ok(statuses.into_iter().find(|status| status.model == *model))
    }
}
