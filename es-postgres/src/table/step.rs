//! A step of a read model, with the work of its projection in the same transaction.

use es_core::{Claim, HandlerGuard, ReadModelError, StepPlan, WorkError, WorkInTransaction, limits};

use crate::{
    read_model::{error::failed, step::Columns},
    server::types::column,
    table::{
        place::Place,
        sessions::{Sessions, begin},
        tx::PostgresTx,
        work::{COMMIT, run},
    },
};

impl Sessions {
    /// Takes the whole step of `plan`, and does all of the work.
    pub(crate) async fn advance(
        &self,
        guard: &HandlerGuard,
        claim: &Claim,
        plan: &StepPlan,
        work: WorkInTransaction<PostgresTx>,
    ) -> Result<usize, WorkError> {
        limits::check_step(claim, plan.whole())?;
        let place = Place::new(&self.schema, &claim.model).map_err(ReadModelError::from)?;
        let begin = begin(&format!("{}, pg_temp", place.quoted()), work.timeout);
        let columns = Columns::new(claim, plan.whole());
        let mut lent = self.lend().await.map_err(failed)?;
        // Compares epoch and position, and locks the row that holds them until the transaction ends. The function lets the commit
        // not wait for the disk.
        let moved = self.answered(lent.session.begin(&begin, &self.advance, &columns.parameters())).await;
        match moved.and_then(|rows| column::<bool>(rows.first(), 0)) {
            Ok(true) => {}
            Ok(false) => {
                self.roll_back(lent).await;
                return Err(claim.fenced().into());
            }
            Err(error) => {
                self.roll_back(lent).await;
                return Err(failed(error).into());
            }
        }
        let mut tx = PostgresTx::new(lent, place, claim.epoch);
        let done = run(self, guard, &mut tx, work, COMMIT).await;
        match done {
            Ok(()) => self.give_back(tx.into_lent()),
            Err(_) => self.roll_back(tx.into_lent()).await,
        }
        done.map(|()| plan.parts())
    }
}
