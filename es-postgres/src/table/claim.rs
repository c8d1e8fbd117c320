//! A claim of a read model, which makes its tables while nothing was handled.

use std::time::Duration;

use es_core::{
    Claim, Claimed, HandlerGuard, Position, ReadModelError, ReadModelId, WorkError, WorkInTransaction, limits,
};
use tokio_postgres::types::ToSql;

use crate::{
    read_model::{
        error::{PostgresReadModelError, failed},
        status,
        step::micros,
    },
    server::{error::PostgresError, schema_name::quote_identifier, types::column},
    table::{
        place::Place,
        sessions::{Lent, Sessions, begin},
        tx::PostgresTx,
        work::run,
    },
};

/// Commits, and waits for the disk whatever the projection has set: the epoch ends older claims. The SELECT fails in an aborted
/// transaction, which COMMIT would roll back without an error.
const COMMIT_DURABLY: &str = "\
    SELECT pg_catalog.set_config('synchronous_commit', 'on', true) \
    WHERE pg_catalog.current_setting('synchronous_commit') OPERATOR(pg_catalog.=) ANY (ARRAY['off', 'local']); \
    COMMIT";

/// The comment of a schema that a projection made. `hardening.sql` looks for it, too.
const MADE: &str = "Tables of a projection of es. They can be built again from the log.";

impl Sessions {
    /// Claims the read model. While nothing was handled, its schema is made anew, and the work is done.
    pub(crate) async fn claim(
        &self,
        guard: &HandlerGuard,
        model: &ReadModelId,
        (owner, lease): (&str, Duration),
        work: WorkInTransaction<PostgresTx>,
    ) -> Result<Claimed, WorkError> {
        limits::check_owner(owner).map_err(ReadModelError::from)?;
        let place = Place::new(&self.schema, model).map_err(ReadModelError::from)?;
        let begin = begin("pg_catalog, pg_temp", work.timeout);
        let (version, lease) = (i64::from(model.version()), micros(lease));
        let parameters: [&(dyn ToSql + Sync); 4] = [&model.name(), &version, &owner, &lease];
        let mut lent = self.lend().await.map_err(failed)?;
        let answer = self.answered(lent.session.begin(&begin, &self.claim, &parameters)).await;
        let claimed = match answer.and_then(|rows| status::claimed(rows.first(), model)) {
            Ok(claimed) => claimed,
            Err(error) => {
                self.roll_back(lent).await;
                return Err(failed(error).into());
            }
        };
        let Claimed::Owned(claim) = &claimed else {
            self.roll_back(lent).await;
            return Ok(claimed);
        };
        let is_new = claim.handled.position() == Position::START && !claim.complete;
        if is_new && let Err(error) = self.answered(self.make_place(&lent, claim, &place)).await {
            self.roll_back(lent).await;
            return Err(failed(error).into());
        }
        let mut tx = PostgresTx::new(lent, place, claim.epoch);
        let done = if is_new {
            run(self, guard, &mut tx, work, COMMIT_DURABLY).await
        } else {
            self.answered(tx.commit(COMMIT_DURABLY)).await.map_err(|error| failed(error).into())
        };
        match done {
            Ok(()) => self.give_back(tx.into_lent()),
            Err(_) => self.roll_back(tx.into_lent()).await,
        }
        done.map(|()| claimed)
    }

    /// Makes the schema anew, for the role that all applications of a hardened log are members of; without that, for the role of
    /// the store. That role does the work.
    async fn make_place(&self, lent: &Lent, claim: &Claim, place: &Place) -> Result<(), PostgresReadModelError> {
        let client = &lent.session.client;
        let parameters: [&(dyn ToSql + Sync); 2] = [&place.name(), &MADE];
        let rows = client.query(include_str!("claim.sql"), &parameters).await.map_err(PostgresError::statement)?;
        let (exists, is_made): (bool, bool) = (column(rows.first(), 0)?, column(rows.first(), 1)?);
        let role: Option<String> = column(rows.first(), 2)?;
        // The first claim makes the read model, so what is there belongs to somebody else.
        if exists && (claim.epoch == 1 || !is_made) {
            return Err(PostgresReadModelError::SchemaExists { schema: place.name().to_owned() });
        }
        let quoted = place.quoted();
        let role = role.map(|role| format!("SET LOCAL ROLE {};", quote_identifier(&role))).unwrap_or_default();
        let make = format!(
            "DROP SCHEMA IF EXISTS {quoted} CASCADE; {role} CREATE SCHEMA {quoted}; COMMENT ON SCHEMA {quoted} IS '{MADE}'; \
             SET LOCAL search_path = {quoted}, pg_temp"
        );
        Ok(client.batch_execute(&make).await.map_err(PostgresError::statement)?)
    }
}
