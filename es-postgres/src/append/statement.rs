//! The statement that calls the SQL function `append`, and its answer.

use tokio_postgres::{Client, Row, Statement, types::ToSql};
use uuid::Uuid;

use crate::{
    append::columns::Columns,
    server::{error::PostgresError, schema_name::SchemaName, types::Time},
};

/// The flags of the SQL function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AppendFlags {
    /// Wait for streams that another transaction holds.
    pub(crate) wait: bool,
    /// Look for events that are already stored, even when every expected version holds.
    pub(crate) check_repeats: bool,
}

/// The answer of the SQL function.
#[derive(Debug)]
pub(crate) struct Answer {
    /// One for each stream; `None` when every append was stored.
    pub(crate) verdicts: Option<Vec<i16>>,
    /// For each stream, the version before an append or the actual version of a conflict.
    pub(crate) actual: Vec<i64>,
    pub(crate) ids_taken: Option<Vec<bool>>,
    pub(crate) recorded: Vec<Time>,
    pub(crate) positions: Vec<Option<i64>>,
    /// The incarnation that the positions are in; `None` when every append was refused.
    pub(crate) incarnation: Option<Uuid>,
}

/// The text of the statement.
pub(crate) fn sql(schema: &SchemaName) -> String {
    schema.render(
        "SELECT verdicts, actual, ids_taken, recorded, positions, incarnation FROM \
         {schema}.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
    )
}

/// Sends the statement and waits until the server has committed it: `ReadyForQuery` comes after the commit.
pub(crate) async fn send(
    client: &Client,
    statement: &Statement,
    flags: AppendFlags,
    columns: &Columns<'_>,
) -> Result<Answer, PostgresError> {
    let mut parameters: Vec<&(dyn ToSql + Sync)> = vec![&flags.wait, &flags.check_repeats];
    parameters.extend(columns.parameters());
    let rows = client.query(statement, &parameters).await.map_err(PostgresError::statement)?;
    match rows.as_slice() {
        [row] => Answer::read(row).map_err(|error| PostgresError::Answer(error.into())),
        _ => Err(PostgresError::Answer("the append returned no row".into())),
    }
}

impl Answer {
    pub(crate) fn read(row: &Row) -> Result<Self, tokio_postgres::Error> {
        Ok(Self {
            verdicts: row.try_get(0)?,
            actual: row.try_get(1)?,
            ids_taken: row.try_get(2)?,
            recorded: row.try_get(3)?,
            positions: row.try_get(4)?,
            incarnation: row.try_get(5)?,
        })
    }
}
