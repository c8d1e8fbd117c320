//! Tables of projections on PostgreSQL; the contract has the promises of every store.

mod connections;
mod durability;
mod failures;
mod follow;
mod hardened;
mod places;
mod push;

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use async_trait::async_trait;
use es_core::{
    Claim, Claimed, Fault, Position, ReadModelError, ReadModelId, ReadModelState, ReadModelStep, StepPlan, StoreError,
    StoreErrorKind, TargetWork, Transactions, WorkError, WorkInTransaction,
};
use es_postgres::{PostgresStore, PostgresTx};
use futures_util::future::BoxFuture;
use tokio_postgres::Client;

pub(crate) const HOUR: Duration = Duration::from_hours(1);
pub(crate) const LONG: Duration = Duration::from_mins(1);

/// What one part of the work does.
pub(crate) type Part = Box<dyn for<'a> FnOnce(&'a mut PostgresTx) -> BoxFuture<'a, Result<(), Fault>> + Send>;

/// A part of this code, which ends with a `Result<(), Fault>`.
macro_rules! part {
    ($db:ident => $code:expr) => {
        crate::tables::boxed(move |$db| Box::pin(async move { $code }))
    };
}
pub(crate) use part;

/// Tells the compiler the type of the closure.
pub(crate) fn boxed<F>(part: F) -> Part
where
    F: for<'a> FnOnce(&'a mut PostgresTx) -> BoxFuture<'a, Result<(), Fault>> + Send + 'static,
{
    Box::new(part)
}

struct Parts(VecDeque<Part>);

#[async_trait]
impl TargetWork<PostgresTx> for Parts {
    async fn next(&mut self, target: &mut PostgresTx) -> Option<Result<(), Fault>> {
        let part = self.0.pop_front()?;
        Some(part(target).await)
    }
}

pub(crate) fn work(parts: Vec<Part>, timeout: Duration) -> WorkInTransaction<PostgresTx> {
    WorkInTransaction { parts: Box::new(Parts(parts.into())), timeout }
}

/// A part that executes these statements.
pub(crate) fn executes(sql: impl Into<String>) -> Part {
    let sql: String = sql.into();
    part!(db => Ok(db.execute_batch(&sql).await?))
}

/// A part that executes these statements, and ignores an error.
pub(crate) fn ignores(sql: impl Into<String>) -> Part {
    let sql: String = sql.into();
    part!(db => { drop(db.execute_batch(&sql).await); Ok(()) })
}

pub(crate) const ADD: &str = "INSERT INTO {numbers} VALUES ($1, $2)
     ON CONFLICT (key) DO UPDATE SET number = {numbers}.number + excluded.number";

/// A part that adds 1 to what the table has for `key`.
pub(crate) fn add(key: &'static str) -> Part {
    part!(db => Ok(db.execute(ADD, &[&key, &1_i64]).await.map(drop)?))
}

/// A part that makes the table.
pub(crate) fn set_up() -> Vec<Part> {
    vec![executes("CREATE TABLE {numbers} (key text PRIMARY KEY, number bigint NOT NULL)")]
}

pub(crate) fn model() -> ReadModelId {
    ReadModelId::new("numbers", 1).unwrap()
}

/// A claim that must be granted, and makes the table.
pub(crate) async fn owned(store: &PostgresStore, model: &ReadModelId, owner: &str) -> Claim {
    match store.claim_with(model, owner, HOUR, work(set_up(), LONG)).await.unwrap() {
        Claimed::Owned(claim) => claim,
        Claimed::Refused(status) => panic!("`{owner}` is refused: {status:?}"),
    }
}

/// The plan for as many parts, which handle the next positions.
pub(crate) fn plan(claim: &Claim, parts: usize) -> StepPlan {
    let first = claim.handled.position().get();
    let handled: Vec<_> = (1..).map(|at| Position::new(first + at).into()).take(parts).collect();
    let last = handled.last().copied().unwrap_or(claim.handled);
    let mut whole = ReadModelStep::new(last, last, ReadModelState::Live);
    whole.lease = Some(HOUR);
    StepPlan::new(whole, handled, ReadModelState::CatchingUp)
}

pub(crate) async fn advance(store: &PostgresStore, claim: &Claim, parts: Vec<Part>) -> Result<Claim, WorkError> {
    advance_within(store, claim, parts, LONG).await
}

pub(crate) async fn advance_within(
    store: &PostgresStore,
    claim: &Claim,
    parts: Vec<Part>,
    timeout: Duration,
) -> Result<Claim, WorkError> {
    let plan = plan(claim, parts.len());
    let done = store.advance_with(claim, plan.clone(), work(parts, timeout)).await?;
    assert_eq!(done, plan.parts());
    Ok(claim.after(plan.whole()))
}

/// What the table holds.
pub(crate) async fn numbers(client: &Client, table: &str) -> BTreeMap<String, i64> {
    let rows = client.query(&format!("SELECT key, number FROM {table}"), &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

pub(crate) fn map<const N: usize>(numbers: [(&str, i64); N]) -> BTreeMap<String, i64> {
    numbers.into_iter().map(|(key, number)| (key.to_owned(), number)).collect()
}

/// The part that failed, and its error with the sources.
pub(crate) fn failed_part<T: std::fmt::Debug>(result: Result<T, WorkError>) -> (usize, String) {
    let Err(WorkError::Part { index, source }) = result else { panic!("no part failed: {result:?}") };
    let mut text = source.to_string();
    let mut source = source.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    (index, text)
}

/// The kind of the error of the store.
pub(crate) fn kind_of_store<T: std::fmt::Debug>(result: &Result<T, WorkError>) -> StoreErrorKind {
    let Err(WorkError::Store(ReadModelError::Store(error))) = result else { panic!("not the store: {result:?}") };
    StoreError::kind(error)
}

/// Whether the step is fenced.
pub(crate) fn is_fenced<T>(result: &Result<T, WorkError>) -> bool {
    matches!(result, Err(WorkError::Store(ReadModelError::Fenced { .. })))
}

/// Checks that the last step left nothing, and that the next one is taken.
pub(crate) async fn goes_on(store: &PostgresStore, client: &Client, claim: &Claim) -> Claim {
    let table = store.table(&claim.model, "numbers").unwrap();
    let before = numbers(client, &table).await;
    let stored = client.query_one("SELECT handled FROM es.projections", &[]).await.unwrap().get::<_, i64>(0);
    assert_eq!(u64::try_from(stored).unwrap(), claim.handled.position().get(), "the checkpoint moved");
    let claim = advance(store, claim, vec![add("next")]).await.unwrap();
    let mut expected = before;
    *expected.entry("next".to_owned()).or_default() += 1;
    assert_eq!(numbers(client, &table).await, expected);
    claim
}
