//! Tables of projections when answers are lost and when the server is killed.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use es_core::{
    Claim, Claimed, EventStore, Fault, Position, ReadModelError, ReadModelId, ReadModelState, ReadModelStep, StepPlan,
    TargetWork, Transactions, WorkError, WorkInTransaction,
};
use es_postgres::{PostgresStore, PostgresTx};
use test_postgres::{Database, Server};

use crate::tools::{
    proxy::{NetworkFault, Proxy, port},
    seed::{self, Random},
    trial::{builder, connect},
};

const HOUR: Duration = Duration::from_hours(1);

/// Statements, one for each part.
struct Statements(Vec<&'static str>);

#[async_trait]
impl TargetWork<PostgresTx> for Statements {
    async fn next(&mut self, target: &mut PostgresTx) -> Option<Result<(), Fault>> {
        let sql = self.0.pop()?;
        Some(target.execute_batch(sql).await.map_err(Fault::from))
    }
}

fn work(statements: &[&'static str]) -> WorkInTransaction<PostgresTx> {
    let statements = statements.iter().rev().copied().collect();
    WorkInTransaction { parts: Box::new(Statements(statements)), timeout: Duration::from_secs(30) }
}

const SET_UP: &str = "CREATE TABLE {counts} (count bigint NOT NULL); INSERT INTO {counts} VALUES (0)";
const COUNT: &str = "UPDATE {counts} SET count = count + 1";

fn model() -> ReadModelId {
    ReadModelId::new("counts", 1).unwrap()
}

async fn claim(store: &PostgresStore) -> Result<Claim, WorkError> {
    match store.claim_with(&model(), "one", HOUR, work(&[SET_UP])).await? {
        Claimed::Owned(claim) => Ok(claim),
        Claimed::Refused(status) => panic!("the owner is refused: {status:?}"),
    }
}

/// Takes a step that handles the next event.
async fn step(store: &PostgresStore, claim: &Claim) -> Result<Claim, WorkError> {
    let next = Position::new(claim.handled.position().get() + 1).into();
    let plan = StepPlan::new(ReadModelStep::new(next, next, ReadModelState::Live), vec![next], ReadModelState::Live);
    store.advance_with(claim, plan.clone(), work(&[COUNT])).await?;
    Ok(claim.after(plan.whole()))
}

/// How many events the table has, and the checkpoint.
async fn stored(url: &str) -> (i64, i64) {
    let both = "SELECT c.count, p.handled FROM es_counts_v1.counts c, es.projections p";
    let row = connect(url).await.query_one(both, &[]).await.unwrap();
    (row.get(0), row.get(1))
}

fn is_store(result: &Result<Claim, WorkError>) -> bool {
    matches!(result, Err(WorkError::Store(ReadModelError::Store(error))) if error.is_transient())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_whose_commit_has_no_answer_is_taken_whole_or_not_at_all() {
    let database = Database::fresh().unwrap();
    let url = database.url();
    let proxy = Proxy::in_front_of(port(&url)).await;
    let proxied = builder(&proxy.url(&url)).statement_timeout(Duration::from_secs(1)).connect().await.unwrap();
    let mut owned = claim(&proxied).await.unwrap();
    let faults = [
        (NetworkFault::DropAcknowledgement, 1),
        (NetworkFault::CutBefore, 0),
        (NetworkFault::CutWithin, 0),
        (NetworkFault::Silence, 1),
    ];
    for (fault, moves) in faults {
        proxy.once(fault);
        let result = step(&proxied, &owned).await;
        assert!(is_store(&result), "{fault:?}: {result:?}");
        let before = i64::from(owned.handled.position());
        assert_eq!(stored(&url).await, (before + moves, before + moves), "{fault:?}");
        let again = step(&proxied, &owned).await;
        if moves == 1 {
            let fenced = matches!(again, Err(WorkError::Store(ReadModelError::Fenced { .. })));
            assert!(fenced, "{fault:?}: {again:?}");
            owned = claim(&proxied).await.unwrap();
        } else {
            owned = again.unwrap();
        }
    }
    assert_eq!(proxy.faults(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_whose_commit_has_no_answer_is_made_again() {
    for fault in [NetworkFault::DropAcknowledgement, NetworkFault::CutBefore] {
        let database = Database::fresh().unwrap();
        let url = database.url();
        let proxy = Proxy::in_front_of(port(&url)).await;
        let proxied = builder(&proxy.url(&url)).connect().await.unwrap();
        proxy.once(fault);
        let result = claim(&proxied).await;
        assert!(is_store(&result), "{fault:?}: {result:?}");
        let owned = claim(&proxied).await.unwrap();
        assert_eq!(owned.epoch, if fault == NetworkFault::DropAcknowledgement { 2 } else { 1 });
        step(&proxied, &owned).await.unwrap();
        assert_eq!(stored(&url).await, (1, 1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn table_and_checkpoint_are_equal_whenever_the_server_is_killed() {
    let server = Arc::new(Server::start(&[]).unwrap());
    let database = Database::on(&server.url()).unwrap();
    let url = database.url();
    let store = builder(&url).connect().await.unwrap();
    let mut random = Random::new("tables");
    let end = Instant::now() + seed::duration(Duration::from_secs(20));
    let (mut steps, mut kills) = (0, 0);
    while Instant::now() < end || kills < 3 {
        let crashing = Arc::clone(&server);
        let pause = random.pause(Duration::from_millis(500));
        let kill = tokio::spawn(async move {
            tokio::time::sleep(pause).await;
            tokio::task::spawn_blocking(move || crashing.kill().and_then(|()| crashing.restart())).await
        });
        let mut owned = None;
        while !kill.is_finished() {
            // While the server is away, everything fails.
            let claimed = match owned.take() {
                Some(claim) => Ok(claim),
                None => claim(&store).await,
            };
            if let Ok(claim) = claimed
                && let Ok(after) = step(&store, &claim).await
            {
                owned = Some(after);
                steps += 1;
            }
        }
        kill.await.unwrap().unwrap().unwrap();
        kills += 1;
        if store.capabilities().read_models.unwrap().statuses().await.is_ok_and(|statuses| !statuses.is_empty()) {
            let (count, handled) = stored(&url).await;
            assert_eq!(count, handled);
        }
    }
    assert!(steps > 0);
    println!("{steps} steps and {kills} kills");
}
