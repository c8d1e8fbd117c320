//! Appending inside a caller's transaction.

use std::fmt;

use es_core::{Append, AppendError, AppendRequest, Appended, limits};
use serde::Deserialize;
use tokio_postgres::{Transaction, types::Type};
use uuid::Uuid;

use crate::{
    append::{
        columns::{Call, Columns},
        error::PostgresAppendError,
        open_appends::OpenAppends,
        statement::Answer,
        verdict::{self, ServerVerdict},
    },
    server::{error::PostgresError, schema_name::SchemaName, types::Time},
};

/// The types of the SQL function's parameters.
const TYPES: [Type; 15] = [
    Type::BOOL,
    Type::BOOL,
    Type::INT4_ARRAY,
    Type::TEXT_ARRAY,
    Type::TEXT_ARRAY,
    Type::INT8_ARRAY,
    Type::INT4_ARRAY,
    Type::INT8_ARRAY,
    Type::INT2_ARRAY,
    Type::UUID_ARRAY,
    Type::TEXT_ARRAY,
    Type::INT8_ARRAY,
    Type::INT2_ARRAY,
    Type::JSON_ARRAY,
    Type::JSON_ARRAY,
];

/// An append as an SQL statement with one parameter, which any driver can run inside its own transaction.
/// [`PostgresStore::append_statement`](crate::PostgresStore::append_statement) makes it.
///
/// Run [`sql`](Self::sql) with [`parameter`](Self::parameter) as text. It returns one row of one text column; pass that to
/// [`outcome`](Self::outcome).
///
/// ```no_run
/// # use es_core::AppendRequest;
/// # use es_postgres::PostgresStore;
/// # async fn example(
/// #     store: &PostgresStore,
/// #     pool: &sqlx::PgPool,
/// #     request: AppendRequest,
/// # ) -> Result<(), Box<dyn std::error::Error>> {
/// let mut transaction = pool.begin().await?;
/// sqlx::query("UPDATE seats SET taken = true WHERE id = 7").execute(&mut *transaction).await?;
///
/// let append = store.append_statement(request)?;
/// let answer: String =
///     sqlx::query_scalar(sqlx::AssertSqlSafe(append.sql())).bind(append.parameter()).fetch_one(&mut *transaction).await?;
/// let appended = append.outcome(&answer)?;
///
/// // Fails in a transaction that COMMIT would roll back.
/// sqlx::query("SELECT 1").execute(&mut *transaction).await?;
/// transaction.commit().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct AppendStatement {
    sql: String,
    parameter: String,
    appends: Vec<Append>,
    open_appends: OpenAppends,
}

impl AppendStatement {
    /// The SQL text, with the parameter `$1`. See [`AppendStatement`] for an example.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// The value of `$1`, a text. See [`AppendStatement`] for an example.
    ///
    /// It holds the payloads, so a driver that logs parameters logs payloads; tokio-postgres does so at DEBUG.
    /// [`append_in`](crate::PostgresStore::append_in) does not.
    pub fn parameter(&self) -> &str {
        &self.parameter
    }

    /// Reads the outcome of the append from the statement's answer. It becomes valid when the transaction commits. See
    /// [`AppendStatement`] for an example.
    ///
    /// # Errors
    /// [`AppendError::Conflict`]: nothing was appended, and the transaction can continue. [`AppendError::Store`] with a
    /// [`PostgresAppendError`] when `answer` is not an answer of the statement.
    pub fn outcome(&self, answer: &str) -> Result<Vec<Appended>, AppendError> {
        if self.appends.is_empty() {
            return Ok(Vec::new());
        }
        let answer: AnswerText =
            serde_json::from_str(answer).map_err(|error| refused(PostgresError::Answer(error.into())))?;
        let appended = outcome_of(&self.appends, &Columns::new(&[Call::new(&self.appends)]), &answer.into())?;
        self.open_appends.appended(&appended);
        Ok(appended)
    }

    pub(crate) fn new(
        schema: &SchemaName,
        request: AppendRequest,
        open_appends: OpenAppends,
    ) -> Result<Self, AppendError> {
        limits::check(&request)?;
        let appends = request.into_appends()?;
        let sql = schema.render(include_str!("callers_statement.sql"));
        let parameter = serde_json::to_string(&Columns::new(&[Call::new(&appends)]))
            .map_err(|error| refused(PostgresError::Answer(error.into())))?;
        Ok(Self { sql, parameter, appends, open_appends })
    }
}

impl fmt::Debug for AppendStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without `parameter`, which holds the payloads.
        f.debug_struct("AppendStatement").field("appends", &self.appends).finish_non_exhaustive()
    }
}

/// Appends inside a caller's transaction.
pub(crate) async fn append_in(
    sql: &str,
    transaction: &Transaction<'_>,
    request: AppendRequest,
) -> Result<Vec<Appended>, AppendError> {
    limits::check(&request)?;
    let appends = request.into_appends()?;
    if appends.is_empty() {
        return Ok(Vec::new());
    }
    let columns = Columns::new(&[Call::new(&appends)]);
    // A unique violation would abort the caller's transaction, so the function looks for repeated events first.
    let (wait, check_repeats) = (true, true);
    let parameters: Vec<_> =
        [&wait as _, &check_repeats as _].into_iter().chain(columns.parameters()).zip(TYPES).collect();
    let rows =
        transaction.query_typed(sql, &parameters).await.map_err(|error| refused(PostgresError::statement(error)))?;
    let answer =
        rows.first().map(Answer::read).transpose().map_err(|error| refused(PostgresError::Answer(error.into())))?;
    let answer = answer.ok_or_else(|| refused(PostgresError::Answer("the append returned no row".into())))?;
    outcome_of(&appends, &columns, &answer)
}

/// The outcome that `answer` reports.
fn outcome_of(appends: &[Append], columns: &Columns<'_>, answer: &Answer) -> Result<Vec<Appended>, AppendError> {
    let verdict = verdict::verdicts(&[Call::new(appends)], columns, answer).map_err(refused)?.pop();
    match verdict {
        Some(ServerVerdict::Done(done)) => Ok(done),
        Some(ServerVerdict::Conflict(conflict)) => Err(conflict.into()),
        Some(ServerVerdict::Busy) | None => {
            Err(refused(PostgresError::Answer("an append that waits for its streams was answered busy".into())))
        }
    }
}

fn refused(error: PostgresError) -> AppendError {
    AppendError::Store(PostgresAppendError::from(error).into())
}

/// The answer as JSON.
#[derive(Debug, Deserialize)]
struct AnswerText {
    verdicts: Option<Vec<i16>>,
    actual: Vec<i64>,
    ids_taken: Option<Vec<bool>>,
    recorded: Vec<i64>,
    positions: Vec<Option<i64>>,
    incarnation: Option<Uuid>,
}

impl From<AnswerText> for Answer {
    fn from(text: AnswerText) -> Self {
        let AnswerText { verdicts, actual, ids_taken, recorded, positions, incarnation } = text;
        Self {
            verdicts,
            actual,
            ids_taken,
            recorded: recorded.into_iter().map(Time::from_micros).collect(),
            positions,
            incarnation,
        }
    }
}
