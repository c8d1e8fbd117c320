//! Read models in the schema of the log.
//!
//! Claims, steps and requests are each one call of a function, so that a dropped future leaves no transaction open and COMMIT
//! of an aborted one cannot pass for success. They go over connections of their own: a step that waits for the lock of its
//! projection delays no reader.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use es_core::{
    Claim, Claimed, Position, ReadModelError, ReadModelId, ReadModelRequest, ReadModelStatus, ReadModelStep,
    ReadModels, StoredRow, limits,
};
use tokio_postgres::types::ToSql;

use crate::{
    read::log_state::LogState,
    server::{
        error::PostgresError, pool::Pool, schema_name::SchemaName, shared_connections::SharedConnections, types::column,
    },
};

pub(crate) mod error;
mod rows;
pub(crate) mod status;
pub(crate) mod step;

use error::failed;

/// The read models of the log in one schema.
#[derive(Debug)]
pub(crate) struct StoredReadModels {
    /// For claims, steps and requests.
    writing: SharedConnections,
    /// For everything else that is short.
    reading: SharedConnections,
    /// For counts, which take long in a long log.
    pool: Pool,
    log: Arc<LogState>,
    sql: Sql,
}

/// The SQL of the statements.
#[derive(Debug)]
struct Sql {
    claim: String,
    advance: String,
    ask: String,
    statuses: String,
    rows: rows::Sql,
    events_after: String,
}

impl StoredReadModels {
    pub(crate) fn new(
        writing: SharedConnections,
        reading: SharedConnections,
        pool: Pool,
        log: Arc<LogState>,
        schema: &SchemaName,
    ) -> Self {
        let sql = Sql {
            claim: schema.render(include_str!("claim.sql")),
            advance: schema.render(include_str!("advance.sql")),
            ask: schema.render("SELECT {schema}.ask_projection($1, $2, $3, $4, $5, $6, $7)"),
            statuses: schema.render(include_str!("statuses.sql")),
            rows: rows::Sql::new(schema),
            events_after: schema.render(include_str!("events_after.sql")),
        };
        Self { writing, reading, pool, log, sql }
    }
}

#[async_trait]
impl ReadModels for StoredReadModels {
    async fn claim(&self, model: &ReadModelId, owner: &str, lease: Duration) -> Result<Claimed, ReadModelError> {
        limits::check_owner(owner)?;
        let (version, lease) = (i64::from(model.version()), step::micros(lease));
        let parameters: [&(dyn ToSql + Sync); 4] = [&model.name(), &version, &owner, &lease];
        let answer = self.writing.query(&self.sql.claim, &parameters).await.map_err(failed)?;
        status::claimed(answer.first(), model).map_err(failed)
    }

    async fn advance(&self, claim: &Claim, step: ReadModelStep) -> Result<(), ReadModelError> {
        limits::check_step(claim, &step)?;
        let columns = step::Columns::new(claim, &step);
        let answer = self.writing.query(&self.sql.advance, &columns.parameters()).await.map_err(failed)?;
        if column(answer.first(), 0).map_err(failed)? { Ok(()) } else { Err(claim.fenced()) }
    }

    async fn rows(&self, model: &ReadModelId, keys: &[String]) -> Result<Vec<Option<Bytes>>, ReadModelError> {
        rows::with_keys(&self.reading, &self.sql.rows, model, keys).await.map_err(failed)
    }

    async fn rows_after(
        &self,
        model: &ReadModelId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StoredRow>, ReadModelError> {
        rows::after(&self.reading, &self.sql.rows, model, after, limit).await.map_err(failed)
    }

    async fn statuses(&self) -> Result<Vec<ReadModelStatus>, ReadModelError> {
        let rows = self.reading.query(&self.sql.statuses, &[]).await.map_err(failed)?;
        rows.iter().filter_map(|row| status::of_row(Some(row)).transpose()).collect::<Result<_, _>>().map_err(failed)
    }

    async fn ask(&self, model: &ReadModelId, request: ReadModelRequest) -> Result<(), ReadModelError> {
        let version = i64::from(model.version());
        loop {
            let statuses = self.statuses().await?;
            let status = statuses.iter().find(|status| status.model == *model);
            let status = status.ok_or_else(|| ReadModelError::Unknown { model: model.clone() })?;
            let Some(asked) = request.applied_to(status) else { return Ok(()) };
            let (epoch, rebuild) = (step::number(status.epoch), request == ReadModelRequest::Rebuild);
            let parameters: [&(dyn ToSql + Sync); 7] = [
                &model.name(),
                &version,
                &epoch,
                &status.state.name(),
                &status.complete,
                &asked.state.name(),
                &rebuild,
            ];
            let answer = self.writing.query(&self.sql.ask, &parameters).await.map_err(failed)?;
            // Otherwise the owner took a step or somebody else asked in between, so the request may now mean another state.
            if column(answer.first(), 0).map_err(failed)? {
                return Ok(());
            }
        }
    }

    async fn events_after(&self, after: Position) -> Result<u64, ReadModelError> {
        // In a statement before the one that counts, as for every read of the log.
        let frontier = self.log.latest_frontier().await.map_err(failed)?;
        self.count(after, frontier.position).await.map_err(failed)
    }
}

impl StoredReadModels {
    /// Counts the events above `after`, up to `last`.
    async fn count(&self, after: Position, last: Position) -> Result<u64, PostgresError> {
        let client = self.pool.get().await?;
        let statement = client.prepare_cached(&self.sql.events_after).await.map_err(PostgresError::statement)?;
        let row = client.query_one(&statement, &[&i64::from(after), &i64::from(last)]).await;
        let count: i64 = column(&row.map_err(PostgresError::statement)?, 0)?;
        u64::try_from(count).map_err(|error| PostgresError::Answer(error.into()))
    }
}
