//! The target of projections: an open transaction of the store.

use std::{cell::Cell, fmt, sync::Arc};

use es_core::{LimitError, sql};
use futures_util::future::join;
use tokio_postgres::{Client, Error, Row, Statement, types::ToSql};

use crate::{
    server::error::PostgresError,
    table::{
        error::PostgresTxError,
        parameters::{Encoded, encode, references},
        place::{Place, quoted_table},
        pushed::{PushFailure, Pushed},
        sessions::Lent,
        statement::statements,
    },
};

/// A transaction of the store, to which a projection writes: its tables and the store's own change together.
///
/// In a statement `{table}` is the name of a table of the projection, in the version that runs. Tables of others are named with their
/// schema. Parameters are `$1`, `$2` and so on; a statement is prepared once.
///
/// ```
/// # use es_postgres::{PostgresTx, PostgresTxError};
/// async fn credit(db: &mut PostgresTx, account: &str, amount: i64) -> Result<(), PostgresTxError> {
///     let sql = "INSERT INTO {balances} (account, balance) VALUES ($1, $2)
///                ON CONFLICT (account) DO UPDATE SET balance = {balances}.balance + excluded.balance";
///     db.execute(sql, &[&account, &amount]).await?;
///     Ok(())
/// }
/// ```
pub struct PostgresTx {
    lent: Lent,
    place: Place,
    epoch: u64,
    /// The part of the work that runs, from 1; 0 before the first.
    part: usize,
    pushed: Pushed,
    failure: Option<Failure>,
}

/// The first error of a statement.
#[derive(Debug)]
pub(super) struct Failure {
    /// The part of the work that sent it, from 0.
    pub(super) part: usize,
    pub(super) error: PostgresTxError,
}

impl Failure {
    /// Whether the failure is none of the part that sent the statement.
    pub(super) fn is_of_the_server(&self) -> bool {
        matches!(&self.error, PostgresTxError::Server(error) if error.is_of_the_server())
    }
}

impl PostgresTx {
    /// A transaction that was begun.
    pub(super) fn new(lent: Lent, place: Place, epoch: u64) -> Self {
        Self { lent, place, epoch, part: 0, pushed: Pushed::default(), failure: None }
    }

    /// Executes a statement, and gives how many rows it changed.
    ///
    /// # Errors
    /// [`PostgresTxError`].
    pub async fn execute(&mut self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<u64, PostgresTxError> {
        let (client, statement, encoded) = self.prepare(sql, parameters).await?;
        self.answer(async { client.execute(&statement, &references(&encoded)).await }).await
    }

    /// Executes statements without parameters, such as those that make tables.
    ///
    /// # Errors
    /// [`PostgresTxError`].
    pub async fn execute_batch(&mut self, sql: &str) -> Result<(), PostgresTxError> {
        let sql = self.rendered(sql)?;
        let statements = statements(&sql).map_err(|error| self.failed(error))?;
        let client = Arc::clone(&self.lent.session.client);
        for statement in statements {
            // Each by itself and as a prepared one, of which the server takes no two at once.
            self.answer(async { client.execute(statement, &[]).await }).await?;
        }
        Ok(())
    }

    /// Gives the rows that a statement returns.
    ///
    /// # Errors
    /// [`PostgresTxError`].
    pub async fn query(&mut self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, PostgresTxError> {
        let (client, statement, encoded) = self.prepare(sql, parameters).await?;
        self.answer(async { client.query(&statement, &references(&encoded)).await }).await
    }

    /// Gives the row that a statement returns; `None` when there is none.
    ///
    /// # Errors
    /// [`PostgresTxError`]; [`PostgresTxError::Rows`] for several rows.
    pub async fn query_opt(
        &mut self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Option<Row>, PostgresTxError> {
        let mut rows = self.query(sql, parameters).await?;
        let row = rows.pop();
        if rows.is_empty() { Ok(row) } else { Err(PostgresTxError::Rows { found: rows.len() + 1 }) }
    }

    /// Gives the only row that a statement returns.
    ///
    /// # Errors
    /// [`PostgresTxError`]; [`PostgresTxError::Rows`] for another number of rows.
    pub async fn query_one(&mut self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Row, PostgresTxError> {
        self.query_opt(sql, parameters).await?.ok_or(PostgresTxError::Rows { found: 0 })
    }

    /// Sends a statement without waiting for its answer, which makes many statements faster than [`execute`](Self::execute) does.
    /// Statements run in the order in which they are sent. If this one fails, the event that pushed it fails, although the error
    /// comes later.
    ///
    /// ```
    /// # use es_postgres::{PostgresTx, PostgresTxError};
    /// async fn count(db: &mut PostgresTx, day: &str) -> Result<(), PostgresTxError> {
    ///     let sql = "INSERT INTO {days} (day, events) VALUES ($1, 1)
    ///                ON CONFLICT (day) DO UPDATE SET events = {days}.events + 1";
    ///     db.push(sql, &[&day]).await
    /// }
    /// ```
    ///
    /// # Errors
    /// [`PostgresTxError`], when it is known already.
    pub async fn push(&mut self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<(), PostgresTxError> {
        let (client, statement, encoded) = self.prepare(sql, parameters).await?;
        let room = self.pushed.make_room().await;
        self.collected(room)?;
        let bytes = encoded.iter().map(Encoded::bytes).sum();
        let answer = Box::pin(async move { client.execute(&statement, &references(&encoded)).await });
        let sent = self.pushed.send(self.running(), bytes, answer).await;
        self.collected(sent)
    }

    /// The statement, prepared, and its parameters.
    async fn prepare(
        &mut self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<(Arc<Client>, Statement, Vec<Encoded>), PostgresTxError> {
        let sql = self.rendered(sql)?;
        let client = Arc::clone(&self.lent.session.client);
        let prepared = self.lent.session.prepared(&self.place, self.epoch, &sql);
        let statement = if let Some(statement) = prepared {
            statement
        } else {
            statements(&sql).map_err(|error| self.failed(error))?;
            let statement = self.answer(client.prepare(&sql)).await?;
            self.lent.session.keep(&self.place, self.epoch, sql, statement.clone());
            statement
        };
        let encoded = encode(&statement, parameters).map_err(|error| self.failed(error))?;
        Ok((client, statement, encoded))
    }

    /// The statement with the names of tables.
    fn rendered(&mut self, sql: &str) -> Result<String, PostgresTxError> {
        if self.failure.is_some() {
            return Err(PostgresTxError::Failed);
        }
        let limit = Cell::<Option<LimitError>>::default();
        let rendered = sql::with_table_names(sql, |table| {
            quoted_table(table).unwrap_or_else(|error| {
                limit.set(Some(error));
                String::new()
            })
        });
        match limit.take() {
            Some(error) => Err(self.failed(error.into())),
            None => Ok(rendered),
        }
    }

    /// Waits for an answer, behind those of the statements that were pushed before.
    async fn answer<T>(&mut self, answer: impl Future<Output = Result<T, Error>>) -> Result<T, PostgresTxError> {
        let (pushed, answer) = join(self.pushed.collect(), answer).await;
        self.collected(pushed)?;
        answer.map_err(|error| self.failed(PostgresError::statement(error).into()))
    }

    /// Notes that a pushed statement failed.
    fn collected(&mut self, collected: Result<(), PushFailure>) -> Result<(), PostgresTxError> {
        let Err(PushFailure { part, error }) = collected else { return Ok(()) };
        let error = PostgresTxError::from(PostgresError::statement(error));
        let told = if part == self.running() { error.copy() } else { PostgresTxError::Failed };
        self.failure.get_or_insert(Failure { part, error });
        Err(told)
    }

    /// Notes that a statement of the part that runs failed.
    fn failed(&mut self, error: PostgresTxError) -> PostgresTxError {
        let part = self.running();
        self.failure.get_or_insert(Failure { part, error: error.copy() });
        error
    }

    fn running(&self) -> usize {
        self.part.saturating_sub(1)
    }

    /// Lets the next part of the work begin, and gives its number.
    pub(super) fn begin_part(&mut self) -> usize {
        self.part += 1;
        self.running()
    }

    /// Waits for the answers to what was pushed.
    pub(super) async fn settle(&mut self) {
        let pushed = self.pushed.collect().await;
        // What went wrong is noted.
        drop(self.collected(pushed));
    }

    /// What has gone wrong.
    pub(super) fn failure(&mut self) -> Option<Failure> {
        self.failure.take()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lent.session.client.is_closed()
    }

    /// Commits by `sql`, in the round trip of what was pushed last.
    pub(super) async fn commit(&mut self, sql: &str) -> Result<(), PostgresError> {
        let client = Arc::clone(&self.lent.session.client);
        let (pushed, committed) = join(self.pushed.collect(), client.batch_execute(sql)).await;
        drop(self.collected(pushed));
        committed.map_err(PostgresError::statement)
    }

    pub(super) fn into_lent(self) -> Lent {
        self.lent
    }

    pub(super) const fn lent(&self) -> &Lent {
        &self.lent
    }
}

impl fmt::Debug for PostgresTx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresTx")
            .field("place", &self.place.name())
            .field("pushed", &self.pushed)
            .finish_non_exhaustive()
    }
}
