//! Reads rows by their keys, and in the order of their keys.

use std::pin::pin;

use bytes::Bytes;
use es_core::{ReadModelId, StoredRow};
use futures_util::TryStreamExt;
use tokio_postgres::{Row, types::ToSql};

use crate::server::{
    error::PostgresError,
    schema_name::SchemaName,
    shared_connections::SharedConnections,
    types::{Json, Text, column, unsigned_column},
};

/// The most rows and bytes of states that a page holds, so that it does not block others on its connection.
const PAGE_ROWS: i64 = 1024;
const PAGE_BYTES: usize = 4 * 1024 * 1024;

/// The SQL of the statements.
#[derive(Debug)]
pub(super) struct Sql {
    with_keys: String,
    after: String,
}

impl Sql {
    pub(super) fn new(schema: &SchemaName) -> Self {
        Self {
            with_keys: schema.render(include_str!("rows.sql")),
            after: schema.render(include_str!("rows_after.sql")),
        }
    }
}

/// The states of the rows with these keys, in their order.
pub(super) async fn with_keys(
    connections: &SharedConnections,
    sql: &Sql,
    model: &ReadModelId,
    keys: &[String],
) -> Result<Vec<Option<Bytes>>, PostgresError> {
    // No row has a key with a NUL, which the server does not take. An empty key is as unknown.
    let sent: Vec<Text<'_>> =
        keys.iter().map(|key| Text(if key.contains('\0') { "".into() } else { key.into() })).collect();
    let parameters: [&(dyn ToSql + Sync); 3] = [&model.name(), &i64::from(model.version()), &sent];
    let mut states = vec![None; keys.len()];
    for row in connections.query(&sql.with_keys, &parameters).await? {
        let place: u64 = unsigned_column(Some(&row), 0)?;
        let place = usize::try_from(place).ok().and_then(|place| states.get_mut(place.checked_sub(1)?));
        *place.ok_or_else(|| PostgresError::Answer("a row for a key that was not asked for".into()))? =
            Some(state(&row)?);
    }
    Ok(states)
}

/// The first rows above `after`, in the order of their keys: at least one, if there is any and `limit` is not 0.
pub(super) async fn after(
    connections: &SharedConnections,
    sql: &Sql,
    model: &ReadModelId,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<StoredRow>, PostgresError> {
    // Keys have no NUL and are not empty. So those above `after` are those above its part before the first NUL.
    let after = Text(after.and_then(|after| after.split('\0').next()).unwrap_or_default().into());
    let limit = i64::try_from(limit).unwrap_or(i64::MAX).min(PAGE_ROWS);
    let (name, version) = (model.name(), i64::from(model.version()));
    let parameters: [&(dyn ToSql + Sync); 4] = [&name, &version, &after, &limit];
    let client = connections.least_busy().await?;
    let statement = client.prepare_cached(&sql.after).await.map_err(PostgresError::statement)?;
    let answer = client.query_raw(&statement, parameters).await.map_err(PostgresError::statement)?;
    let mut answer = pin!(answer);
    let (mut rows, mut bytes) = (Vec::new(), 0);
    while let Some(row) = answer.try_next().await.map_err(PostgresError::statement)? {
        let state = state(&row)?;
        bytes += state.len();
        rows.push(StoredRow::new(column::<String>(&row, 0)?, state));
        if bytes > PAGE_BYTES {
            break;
        }
    }
    Ok(rows)
}

/// The state in the second column.
fn state(row: &Row) -> Result<Bytes, PostgresError> {
    let Json(state) = row.try_get(1).map_err(|error| PostgresError::Answer(error.into()))?;
    Ok(Bytes::copy_from_slice(state))
}
