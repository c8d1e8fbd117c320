//! The transactions of the store, to which projections write.

use std::time::Duration;

use async_trait::async_trait;
use es_core::{
    Claim, Claimed, LimitError, ReadModelError, ReadModelId, StepPlan, Transactions, WorkError, WorkInTransaction,
    limits,
};

use crate::{
    SqliteStore,
    append::{
        read_models::ClaimRequest,
        tables::{PlacedWork, STEP},
    },
    table::{
        place::{prefix, quoted},
        tx::SqliteTx,
    },
};

#[async_trait]
impl Transactions for SqliteStore {
    type Target = SqliteTx;

    async fn claim_with(
        &self,
        model: &ReadModelId,
        owner: &str,
        lease: Duration,
        work: WorkInTransaction<SqliteTx>,
    ) -> Result<Claimed, WorkError> {
        limits::check_owner(owner).map_err(ReadModelError::from)?;
        let prefix = prefix(model).map_err(ReadModelError::from)?;
        if let Some(refused) = self.refused_claim(model, owner).await? {
            return Ok(refused);
        }
        let request = ClaimRequest { model: model.clone(), owner: owner.to_owned(), lease };
        self.queue().map_err(ReadModelError::from)?.claim_with(request, PlacedWork { prefix, work }).await
    }

    async fn advance_with(
        &self,
        claim: &Claim,
        plan: StepPlan,
        work: WorkInTransaction<SqliteTx>,
    ) -> Result<usize, WorkError> {
        limits::check_step(claim, plan.whole())?;
        let prefix = prefix(&claim.model).map_err(ReadModelError::from)?;
        self.queue().map_err(ReadModelError::from)?.advance_with(claim.clone(), plan, PlacedWork { prefix, work }).await
    }

    fn step_time(&self) -> Option<Duration> {
        Some(STEP)
    }

    fn table(&self, model: &ReadModelId, table: &str) -> Result<String, LimitError> {
        Ok(quoted(&prefix(model)?, table))
    }
}
