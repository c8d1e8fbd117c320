//! Appending inside a transaction of the caller's.

use std::fmt;

use es_core::{Append, AppendError, AppendRequest, Appended, limits};
use serde::Deserialize;
use tokio_postgres::Transaction;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::append::columns::{Call, Columns};
use crate::append::joined::Joined;
use crate::append::statement::Answer;
use crate::append::verdict::{self, Verdict};
use crate::server::error::PostgresError;
use crate::server::schema_name::SchemaName;
use crate::server::types::Time;

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

/// An append as SQL: one statement with one parameter, for any driver to run inside its own transaction.
///
/// Run [`sql`](Self::sql) with [`parameter`](Self::parameter) as text, and give the one column of the one row, which is
/// text, to [`outcome`](Self::outcome).
#[derive(Clone)]
pub struct AppendStatement {
    sql: String,
    parameter: String,
    appends: Vec<Append>,
    joined: Joined,
}

impl AppendStatement {
    /// The statement, with the parameter `$1`.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// The value of `$1`, a text. It holds the payloads: a driver that logs parameters logs them, as tokio-postgres does
    /// at DEBUG. With that one, [`append_in`](crate::PostgresStore::append_in) logs none.
    pub fn parameter(&self) -> &str {
        &self.parameter
    }

    /// What the statement's answer means. It holds when the transaction commits.
    ///
    /// # Errors
    /// [`AppendError::Conflict`]: nothing was appended, and the transaction can go on. [`AppendError::Store`] when
    /// `answer` is not what the statement answers.
    pub fn outcome(&self, answer: &str) -> Result<Vec<Appended>, AppendError> {
        if self.appends.is_empty() {
            return Ok(Vec::new());
        }
        let answer: AnswerText =
            serde_json::from_str(answer).map_err(|error| refused(PostgresError::Answer(error.into())))?;
        let appended = judge(&self.appends, &Columns::of(&[Call::whole(&self.appends)]), &answer.into())?;
        self.joined.appended(&appended);
        Ok(appended)
    }

    pub(crate) fn new(schema: &SchemaName, request: AppendRequest, joined: Joined) -> Result<Self, AppendError> {
        limits::check(&request)?;
        let appends = request.into_appends()?;
        let sql = schema.render(include_str!("statement.sql"));
        let parameter = serde_json::to_string(&Columns::of(&[Call::whole(&appends)]))
            .map_err(|error| refused(PostgresError::Answer(error.into())))?;
        Ok(Self { sql, parameter, appends, joined })
    }
}

impl fmt::Debug for AppendStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // the parameter holds the payloads
        f.debug_struct("AppendStatement").field("appends", &self.appends).finish_non_exhaustive()
    }
}

/// Appends inside the caller's transaction.
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
    let columns = Columns::of(&[Call::whole(&appends)]);
    // a violation would end the caller's transaction, so repeats are looked for first
    let (patient, doubtful) = (true, true);
    let parameters: Vec<_> =
        [&patient as _, &doubtful as _].into_iter().chain(columns.parameters()).zip(TYPES).collect();
    let rows =
        transaction.query_typed(sql, &parameters).await.map_err(|error| refused(PostgresError::statement(error)))?;
    let answer =
        rows.first().map(Answer::read).transpose().map_err(|error| refused(PostgresError::Answer(error.into())))?;
    let answer = answer.ok_or_else(|| refused(PostgresError::Answer("the append answered no row".into())))?;
    judge(&appends, &columns, &answer)
}

fn judge(appends: &[Append], columns: &Columns<'_>, answer: &Answer) -> Result<Vec<Appended>, AppendError> {
    let verdict = verdict::verdicts(&[Call::whole(appends)], columns, answer).map_err(refused)?.pop();
    match verdict {
        Some(Verdict::Done(done)) => Ok(done),
        Some(Verdict::Conflict(conflict)) => Err(conflict.into()),
        Some(Verdict::Busy) | None => Err(refused(PostgresError::Answer("a patient append was busy".into()))),
    }
}

fn refused(error: PostgresError) -> AppendError {
    AppendError::Store(error.into())
}

/// The answer as one text.
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
