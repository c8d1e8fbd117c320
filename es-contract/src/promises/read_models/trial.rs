//! A store that keeps read models, and what the promises do with it.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use es_core::{
    Checkpoint, Claim, Claimed, EventStore, Position, ReadModelError, ReadModelId, ReadModelState, ReadModelStatus,
    ReadModelStep, ReadModels, StoredRow,
};

use crate::{
    BrokenPromise, Factory, Operation,
    promises::{Subject, ensure, ensure_eq},
};

/// A lease that holds as long as any test.
pub(super) const HOUR: Duration = Duration::from_hours(1);

pub(super) fn declared(factory: &dyn Factory) -> bool {
    factory.operations().contains(&Operation::ReadModels)
}

/// A fresh store that keeps read models, with two handles.
pub(super) struct Trial {
    pub(super) subject: Subject,
    pub(super) one: Handle,
    pub(super) two: Handle,
    /// The read model of most promises.
    pub(super) model: ReadModelId,
    start: Checkpoint,
}

impl Trial {
    /// `None` where read models are not declared.
    pub(super) async fn begin(factory: &dyn Factory) -> Result<Option<Self>, BrokenPromise> {
        if !declared(factory) {
            return Ok(None);
        }
        let subject = Subject::fresh(factory).await?;
        let (one, two) = (Handle(Arc::clone(&subject.store)), Handle(subject.another_handle().await?));
        let start = subject.store.frontier().await?;
        Ok(Some(Self { subject, one, two, model: model("balances", 1)?, start }))
    }

    /// The checkpoint at `position` of this log.
    pub(super) fn at(&self, position: u64) -> Checkpoint {
        self.start.at(Position::new(position))
    }

    /// A step to `position` that keeps the lease for an hour.
    pub(super) fn step(&self, position: u64, rows: &[(&str, &str)]) -> ReadModelStep {
        let mut step = ReadModelStep::new(self.at(position), self.at(position), ReadModelState::Live);
        step.rows = rows.iter().map(|(key, state)| row(key, state)).collect();
        step.lease = Some(HOUR);
        step
    }
}

pub(super) fn model(name: &str, version: u32) -> Result<ReadModelId, BrokenPromise> {
    Ok(ReadModelId::new(name, version)?)
}

pub(super) fn row(key: &str, state: &str) -> StoredRow {
    StoredRow::new(key, state.to_owned())
}

/// A handle to a store that keeps read models.
#[derive(Clone)]
pub(super) struct Handle(pub(super) Arc<dyn EventStore>);

impl Handle {
    pub(super) fn kept(&self) -> Result<&dyn ReadModels, BrokenPromise> {
        let none = || BrokenPromise::new("the store offers read models, as its factory declares", "none");
        self.0.read_models().ok_or_else(none)
    }

    pub(super) async fn claim(
        &self,
        model: &ReadModelId,
        owner: &str,
        lease: Duration,
    ) -> Result<Claimed, BrokenPromise> {
        Ok(self.kept()?.claim(model, owner, lease).await?)
    }

    /// Claims the read model for an hour; the claim must be granted.
    pub(super) async fn owned(&self, model: &ReadModelId, owner: &str) -> Result<Claim, BrokenPromise> {
        match self.claim(model, owner, HOUR).await? {
            Claimed::Owned(claim) => {
                ensure_eq("the claim is of the read model that was claimed", model, &claim.model)?;
                Ok(claim)
            }
            refused @ Claimed::Refused(_) => {
                Err(BrokenPromise::new(format!("`{owner}` can claim {model}"), format!("{refused:?}")))
            }
        }
    }

    /// Claims the read model; the claim must be refused.
    pub(super) async fn refused(&self, model: &ReadModelId, owner: &str) -> Result<ReadModelStatus, BrokenPromise> {
        match self.claim(model, owner, HOUR).await? {
            Claimed::Refused(status) => {
                ensure_eq("a refusal tells of the read model that was claimed", model, &status.model)?;
                Ok(status)
            }
            Claimed::Owned(claim) => {
                Err(BrokenPromise::new(format!("`{owner}` cannot claim {model}"), format!("{claim:?}")))
            }
        }
    }

    /// Takes a step, and gives the claim for the next one.
    pub(super) async fn advance(&self, claim: &Claim, step: ReadModelStep) -> Result<Claim, BrokenPromise> {
        let next = claim.after(&step);
        self.kept()?.advance(claim, step).await?;
        Ok(next)
    }

    /// Checks that `step` is fenced, and that it changes nothing.
    pub(super) async fn fenced(&self, what: &str, claim: &Claim, step: ReadModelStep) -> Result<(), BrokenPromise> {
        let before = self.everything().await?;
        let answer = self.kept()?.advance(claim, step).await;
        let fenced = matches!(&answer, Err(ReadModelError::Fenced { model }) if *model == claim.model);
        ensure(&format!("{what} is fenced"), fenced, || format!("{answer:?}"))?;
        ensure_eq(&format!("{what} writes nothing"), before, self.everything().await?)
    }

    pub(super) async fn status(&self, model: &ReadModelId) -> Result<ReadModelStatus, BrokenPromise> {
        let mut found = self.kept()?.statuses().await?;
        found.retain(|status| status.model == *model);
        match (found.pop(), found.len()) {
            (Some(status), 0) => Ok(status),
            (None, _) => Err(BrokenPromise::new(format!("{model} is listed"), "it is not")),
            (Some(_), more) => {
                Err(BrokenPromise::new(format!("{model} is listed once"), format!("{} times", more + 1)))
            }
        }
    }

    /// Checks the status of the read model, whatever is left of its lease.
    pub(super) async fn stands(&self, expected: &ReadModelStatus) -> Result<(), BrokenPromise> {
        let mut seen = self.status(&expected.model).await?;
        seen.lease_left = expected.lease_left;
        ensure_eq("the status", expected, &seen)
    }

    pub(super) async fn row(&self, model: &ReadModelId, key: &str) -> Result<Option<Bytes>, BrokenPromise> {
        let mut found = self.kept()?.rows(model, &[key.to_owned()]).await?;
        ensure_eq("an answer for one key", 1, found.len())?;
        Ok(found.pop().flatten())
    }

    /// All rows, read by pages of at most `limit` rows.
    pub(super) async fn all_rows(&self, model: &ReadModelId, limit: usize) -> Result<Vec<StoredRow>, BrokenPromise> {
        let mut rows: Vec<StoredRow> = Vec::new();
        loop {
            let after = rows.last().map(|row| row.key.as_str());
            let page = self.kept()?.rows_after(model, after, limit).await?;
            ensure(&format!("a page has at most {limit} rows"), page.len() <= limit, || page.len().to_string())?;
            let above = page.first().is_none_or(|first| rows.last().is_none_or(|last| last.key < first.key));
            ensure("a page begins above the key it is asked for", above, || format!("{:?}", page.first()))?;
            if page.is_empty() {
                return Ok(rows);
            }
            rows.extend(page);
        }
    }

    /// All statuses, without what is left of their leases but whether they hold, and all rows.
    pub(super) async fn everything(&self) -> Result<Vec<(ReadModelStatus, bool, Vec<StoredRow>)>, BrokenPromise> {
        let mut all = Vec::new();
        for mut status in self.kept()?.statuses().await? {
            let holds = status.lease_left.take().is_some();
            let rows = self.all_rows(&status.model, 1_000).await?;
            all.push((status, holds, rows));
        }
        Ok(all)
    }
}
