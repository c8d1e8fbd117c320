//! The read models of the store.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use es_core::{
    Claim, Claimed, Position, ReadModelError, ReadModelId, ReadModelRequest, ReadModelStatus, ReadModelStep,
    ReadModels, StoredRow, limits,
};

use crate::{
    SqliteStore,
    append::read_models::ClaimRequest,
    codec::read_models::KeptModel,
    read::{
        read_models::{events_after, rows, rows_after},
        threads::{Reader, answered},
    },
};

/// The most rows that are read on the thread that asks.
const ROWS_HERE: usize = 128;

impl SqliteStore {
    /// Runs a task that reads `count` rows.
    async fn read_rows<T: Send + 'static>(
        &self,
        count: usize,
        task: impl Fn(&mut Reader) -> Result<T, ReadModelError> + Send + Sync + 'static,
    ) -> Result<T, ReadModelError> {
        let readers = &self.shared.readers;
        if count <= ROWS_HERE { readers.run(task).await } else { answered(readers.start_task(task)).await }
    }
}

impl SqliteStore {
    /// The answer to a claim, if it is refused. It is asked for first, so that such a claim neither waits for a writer nor keeps
    /// others waiting.
    pub(crate) async fn refused_claim(
        &self,
        model: &ReadModelId,
        owner: &str,
    ) -> Result<Option<Claimed>, ReadModelError> {
        let wanted = model.clone();
        let kept = self
            .shared
            .readers
            .run(move |reader| Ok::<_, ReadModelError>(KeptModel::find(&reader.connection, &wanted)?));
        let Some(kept) = kept.await? else { return Ok(None) };
        // After it was read: a lease that was given in between would seem to lie too far ahead.
        let now = (self.shared.clock)();
        Ok((!kept.can_be_claimed(owner, now)).then(|| Claimed::Refused(kept.status_at(now))))
    }
}

#[async_trait]
impl ReadModels for SqliteStore {
    async fn claim(&self, model: &ReadModelId, owner: &str, lease: Duration) -> Result<Claimed, ReadModelError> {
        limits::check_owner(owner)?;
        let queue = self.queue()?;
        if let Some(refused) = self.refused_claim(model, owner).await? {
            return Ok(refused);
        }
        queue.claim(ClaimRequest { model: model.clone(), owner: owner.to_owned(), lease }).await
    }

    async fn advance(&self, claim: &Claim, mut step: ReadModelStep) -> Result<(), ReadModelError> {
        limits::check_step(claim, &step)?;
        // In the order of the table, which is faster to write.
        step.rows.sort_by(|one, other| one.key.cmp(&other.key));
        self.queue()?.advance(claim.clone(), step).await
    }

    async fn rows(&self, model: &ReadModelId, keys: &[String]) -> Result<Vec<Option<Bytes>>, ReadModelError> {
        let (model, keys) = (model.clone(), keys.to_vec());
        self.read_rows(keys.len(), move |reader| Ok(rows(&reader.connection, &model, &keys)?)).await
    }

    async fn rows_after(
        &self,
        model: &ReadModelId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StoredRow>, ReadModelError> {
        let (model, after) = (model.clone(), after.map(str::to_owned));
        let read = move |reader: &mut Reader| Ok(rows_after(&reader.connection, &model, after.as_deref(), limit)?);
        self.read_rows(limit, read).await
    }

    async fn statuses(&self) -> Result<Vec<ReadModelStatus>, ReadModelError> {
        let all = self.read_rows(1, |reader| Ok(KeptModel::all(&reader.connection)?)).await?;
        let now = (self.shared.clock)();
        Ok(all.into_iter().map(|kept| kept.status_at(now)).collect())
    }

    async fn ask(&self, model: &ReadModelId, request: ReadModelRequest) -> Result<(), ReadModelError> {
        self.queue()?.ask(model.clone(), request).await
    }

    async fn events_after(&self, after: Position) -> Result<u64, ReadModelError> {
        self.read_rows(1, move |reader| Ok(events_after(reader, after)?)).await
    }
}
