//! Read models whose owners, sessions and server are killed: the rows are what the events up to the checkpoint make.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use es_core::{
    Append, Claim, Claimed, EventStore, Expected, Filter, ReadModelError, ReadModelId, ReadModelState, ReadModelStep,
    ReadModels, StoreError, StoredRow, StreamId,
};
use es_postgres::PostgresStore;
use futures_util::TryStreamExt;
use test_postgres::{Database, Server};
use tokio::task::JoinSet;

use crate::{
    faults::altered_sql::{Change, change},
    tools::{
        seed::{self, Random},
        trial::{builder, connect},
        workload::event,
    },
};

const LEASE: Duration = Duration::from_millis(50);

fn model() -> ReadModelId {
    ReadModelId::new("counts", 1).unwrap()
}

fn read_models(store: &PostgresStore) -> &dyn ReadModels {
    store.capabilities().read_models.expect("the store keeps no read models")
}

async fn append(store: &PostgresStore, stream: u64) -> Result<(), StoreError> {
    let append = Append::new(StreamId::new("fire", stream.to_string()).unwrap(), Expected::Any, vec![event()]);
    store.append(append.into()).await.map(drop).map_err(|error| StoreError::new(es_core::StoreErrorKind::Other, error))
}

/// The next step from `claim`: a row for each stream, with the number of its events. `None` when nothing is new.
async fn next_step(
    store: &PostgresStore,
    claim: &Claim,
    limit: usize,
) -> Result<Option<ReadModelStep>, ReadModelError> {
    let events = store.read_all(claim.handled, &Filter::all(), Some(limit)).try_collect::<Vec<_>>().await;
    let Ok(events) = events else { return Ok(None) };
    let Some(last) = events.last() else { return Ok(None) };
    let handled = store.frontier().await.map_or(last.position.into(), |frontier| frontier.at(last.position));
    let mut counts = BTreeMap::<String, u64>::new();
    for event in &events {
        *counts.entry(event.stream.id().to_owned()).or_default() += 1;
    }
    let keys: Vec<String> = counts.keys().cloned().collect();
    let stored = read_models(store).rows(&claim.model, &keys).await?;
    let mut step = ReadModelStep::new(handled, handled, ReadModelState::CatchingUp);
    step.lease = Some(LEASE);
    for ((key, count), before) in counts.into_iter().zip(stored) {
        let before = before.map_or(0, |state| std::str::from_utf8(&state).unwrap().parse().unwrap());
        step.rows.push(StoredRow::new(key, (before + count).to_string()));
    }
    Ok(Some(step))
}

/// Claims the read model and takes steps until it is fenced or something fails; again and again.
async fn run(store: PostgresStore, owner: String, ended: Arc<AtomicBool>, steps: Arc<AtomicU64>, mut random: Random) {
    while !ended.load(Ordering::Acquire) {
        let claimed = read_models(&store).claim(&model(), &owner, LEASE).await;
        let Ok(Claimed::Owned(mut claim)) = claimed else {
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        };
        while !ended.load(Ordering::Acquire) {
            let Ok(Some(step)) = next_step(&store, &claim, 20).await else { break };
            if random.one_in(5) {
                // Longer than the lease, so that another owner claims the read model in between.
                tokio::time::sleep(random.pause(LEASE * 3)).await;
            }
            if read_models(&store).advance(&claim, step.clone()).await.is_err() {
                break;
            }
            steps.fetch_add(1, Ordering::Relaxed);
            claim = claim.after(&step);
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Compares the rows with the events up to the checkpoint, in one statement.
async fn check(url: &str) -> Result<(), String> {
    let wrong = "SELECT coalesce(r.key, f.key), r.state::text, f.count::text
                 FROM (SELECT e.id AS key, count(*) AS count FROM es.events e
                       WHERE e.position <= (SELECT max(p.handled) FROM es.projections p) GROUP BY e.id) f
                 FULL JOIN es.rows r ON r.key = f.key
                 WHERE r.state::text IS DISTINCT FROM f.count::text
                 UNION ALL
                 SELECT 'ahead of the log', p.handled::text, p.seen::text FROM es.projections p
                 WHERE p.handled > (SELECT coalesce(max(e.position), 0) FROM es.events e)";
    let rows = connect(url).await.query(wrong, &[]).await.unwrap();
    let wrong: Vec<(String, Option<String>, Option<String>)> =
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    if wrong.is_empty() { Ok(()) } else { Err(format!("the rows are not the fold of the log: {wrong:?}")) }
}

/// Owners on two stores take turns while the server is killed; returns the number of steps.
async fn owners_and_kills(fault: Change, random: &mut Random) -> Result<u64, String> {
    let server = Arc::new(Server::start(&[]).unwrap());
    let database = Database::on(&server.url()).unwrap();
    let url = database.url();
    let stores = [builder(&url).connect().await.unwrap(), builder(&url).connect().await.unwrap()];
    fault.in_function(&connect(&url).await, "es.advance_projection").await;
    let (stop, steps) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
    let mut tasks = JoinSet::new();
    for (number, store) in stores.iter().flat_map(|store| [store, store]).enumerate() {
        let (store, stop, steps) = (store.clone(), Arc::clone(&stop), Arc::clone(&steps));
        tasks.spawn(run(store, format!("owner {number}"), stop, steps, random.fork()));
    }
    let (store, stopped, mut streams) = (stores[0].clone(), Arc::clone(&stop), random.fork());
    tasks.spawn(async move {
        while !stopped.load(Ordering::Acquire) {
            // An append fails while the server is away.
            drop(append(&store, streams.below(10)).await);
        }
    });
    let end = Instant::now() + seed::duration(Duration::from_secs(20));
    let mut outcome = Ok(());
    while outcome.is_ok() && (Instant::now() < end || steps.load(Ordering::Relaxed) < 50) {
        for _ in 0..10 {
            tokio::time::sleep(random.pause(Duration::from_millis(100))).await;
            outcome = outcome.and(check(&url).await);
        }
        let crashing = Arc::clone(&server);
        let killed = tokio::task::spawn_blocking(move || crashing.kill().and_then(|()| crashing.restart()));
        killed.await.unwrap().unwrap();
        outcome = outcome.and(check(&url).await);
    }
    stop.store(true, Ordering::Release);
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }
    outcome.and(check(&url).await)?;
    Ok(steps.load(Ordering::Relaxed))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_are_the_fold_of_the_log_when_owners_compete_and_the_server_is_killed() {
    let mut random = Random::new("read models");
    let steps = owners_and_kills(Change::NONE, &mut random).await.unwrap();
    println!("{steps} steps");
}

/// Checks that the test above can fail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_is_not_fenced_is_caught() {
    let mut random = Random::new("unfenced read models");
    for change in
        [change(" AND p.epoch = claimed_epoch AND p.handled = handled_before", ""), change("RETURN false;", "NULL;")]
    {
        let caught = owners_and_kills(change, &mut random).await.expect_err(change.part);
        assert!(caught.contains("not the fold of the log"), "{change:?}: {caught}");
    }
}

/// The server loses steps that it had acknowledged: rows and checkpoint go back together, and the claim stays.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn steps_lost_in_a_crash_are_lost_whole_and_are_taken_again() {
    // Flushes its WAL only when a commit waits for it.
    let server = Server::start(&[("wal_writer_delay", "10s"), ("wal_writer_flush_after", "1GB")]).unwrap();
    let database = Database::on(&server.url()).unwrap();
    let url = database.url();
    let store = builder(&url).connect().await.unwrap();
    for number in 0..40 {
        append(&store, number % 10).await.unwrap();
    }
    let Claimed::Owned(first) = read_models(&store).claim(&model(), "first", LEASE).await.unwrap() else {
        panic!("the first claim is refused")
    };
    let mut claim = first.clone();
    while let Some(step) = next_step(&store, &claim, 2).await.unwrap() {
        read_models(&store).advance(&claim, step.clone()).await.unwrap();
        claim = claim.after(&step);
    }
    server.kill().unwrap();
    server.restart().unwrap();
    check(&url).await.unwrap();
    let status = loop {
        // The store notices by its first statement that its connections are lost.
        if let Ok(statuses) = read_models(&store).statuses().await {
            break statuses.into_iter().next().expect("the claim was lost");
        }
    };
    assert_eq!(status.epoch, first.epoch);
    assert!(status.handled.position() < claim.handled.position(), "no step was lost: {status:?}");
    let stale = ReadModelStep::new(claim.handled, claim.seen, ReadModelState::Live);
    let stale = loop {
        match read_models(&store).advance(&claim, stale.clone()).await {
            Err(ReadModelError::Store(_)) => {}
            answer => break answer,
        }
    };
    assert!(matches!(stale, Err(ReadModelError::Fenced { .. })), "{stale:?}");
    let Claimed::Owned(mut claim) = read_models(&store).claim(&model(), "first", LEASE).await.unwrap() else {
        panic!("the owner is refused")
    };
    while let Some(step) = next_step(&store, &claim, 2).await.unwrap() {
        read_models(&store).advance(&claim, step.clone()).await.unwrap();
        claim = claim.after(&step);
    }
    assert_eq!(claim.handled.position(), store.frontier().await.unwrap().position());
    check(&url).await.unwrap();
}
