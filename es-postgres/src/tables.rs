//! The transactions of the store, to which projections write.

use std::time::Duration;

use async_trait::async_trait;
use es_core::{Claim, Claimed, LimitError, ReadModelId, StepPlan, Transactions, WorkError, WorkInTransaction};

use crate::{
    PostgresStore,
    table::{Place, tx::PostgresTx},
};

#[async_trait]
impl Transactions for PostgresStore {
    type Target = PostgresTx;

    async fn claim_with(
        &self,
        model: &ReadModelId,
        owner: &str,
        lease: Duration,
        work: WorkInTransaction<PostgresTx>,
    ) -> Result<Claimed, WorkError> {
        self.parts.sessions.claim(&self.parts.handling, model, (owner, lease), work).await
    }

    async fn advance_with(
        &self,
        claim: &Claim,
        plan: StepPlan,
        work: WorkInTransaction<PostgresTx>,
    ) -> Result<usize, WorkError> {
        self.parts.sessions.advance(&self.parts.handling, claim, &plan, work).await
    }

    fn table(&self, model: &ReadModelId, table: &str) -> Result<String, LimitError> {
        Place::new(&self.parts.schema, model)?.table(table)
    }
}
