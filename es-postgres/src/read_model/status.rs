//! Decodes the status of a read model.

use std::time::Duration;

use es_core::{
    Checkpoint, Claim, Claimed, Position, ReadModelFailure, ReadModelId, ReadModelState, ReadModelStatus, StreamId,
    Version,
};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::server::{
    error::{BoxError, PostgresError},
    types::{column, unsigned_column},
};

/// The number of columns that a status has.
const COLUMNS: usize = 17;

/// The answer to a claim of `model`: a status, and whether it was granted.
pub(crate) fn claimed(row: Option<&Row>, model: &ReadModelId) -> Result<Claimed, PostgresError> {
    let is_granted: bool = column(row, COLUMNS)?;
    // Without a status, another transaction is about to make the read model.
    let status = of_row(row)?.unwrap_or_else(|| ReadModelStatus::new(model.clone()));
    if !is_granted {
        return Ok(Claimed::Refused(status));
    }
    let ReadModelStatus { model, epoch, handled, seen, complete, .. } = status;
    Ok(Claimed::Owned(Claim::new(model, epoch, handled, seen, complete)))
}

/// The status in the first columns of a row; `None` when they are NULL.
pub(super) fn of_row(row: Option<&Row>) -> Result<Option<ReadModelStatus>, PostgresError> {
    let Some(name) = column::<Option<String>>(row, 0)? else { return Ok(None) };
    let version: i64 = column(row, 1)?;
    let version = u32::try_from(version).map_err(answer)?;
    let state: String = column(row, 2)?;
    let micros: Option<i64> = column(row, 10)?;
    let micros = micros.map(u64::try_from).transpose().map_err(answer)?;
    let mut status = ReadModelStatus::new(ReadModelId::new(name, version).map_err(answer)?);
    status.state = state.parse::<ReadModelState>().map_err(answer)?;
    status.complete = column(row, 3)?;
    status.handled = checkpoint(row, 4)?;
    status.seen = checkpoint(row, 6)?;
    status.epoch = unsigned_column(row, 8)?;
    status.owner = column(row, 9)?;
    status.lease_left = micros.map(Duration::from_micros);
    status.failure = failure(row)?;
    Ok(Some(status))
}

fn checkpoint(row: Option<&Row>, index: usize) -> Result<Checkpoint, PostgresError> {
    let position: Position = unsigned_column(row, index)?;
    let incarnation: Option<Uuid> = column(row, index + 1)?;
    Ok(incarnation.map_or_else(|| position.into(), |incarnation| Checkpoint::new(incarnation, position)))
}

fn failure(row: Option<&Row>) -> Result<Option<ReadModelFailure>, PostgresError> {
    let Some(category) = column::<Option<String>>(row, 11)? else { return Ok(None) };
    let stream = StreamId::new(category, column::<String>(row, 12)?).map_err(answer)?;
    let (version, position): (Version, Position) = (unsigned_column(row, 13)?, unsigned_column(row, 14)?);
    let attempts: i64 = column(row, 15)?;
    let attempts = u32::try_from(attempts).map_err(answer)?;
    Ok(Some(ReadModelFailure::new(stream, version, position, attempts, column::<String>(row, 16)?)))
}

fn answer(error: impl Into<BoxError>) -> PostgresError {
    PostgresError::Answer(error.into())
}
