//! Connections of transactions: how many there are, and what follows when one ends.

use std::{sync::Arc, time::Duration};

use es_core::{
    Claimed, EventStore, ReadModelId, ReadModelState, ReadModelStep, StoreErrorKind, StoredRow, Transactions, WorkError,
};
use es_postgres::PostgresStore;
use futures_util::future::join_all;
use tokio::{
    sync::{Notify, Semaphore},
    time::{Instant, timeout},
};

use super::{
    HOUR, LONG, Part, add, advance, executes, goes_on, ignores, is_fenced, kind_of_store, map, model, numbers, owned,
    part, set_up, work,
};
use crate::fixture::Fixture;

const TABLE: &str = "es_numbers_v1.numbers";
const TERMINATE: &str = "SELECT pg_terminate_backend(pg_backend_pid())";

#[tokio::test]
async fn a_step_whose_connection_is_killed_is_not_taken_and_is_taken_again() {
    let fixture = Fixture::new().await;
    let (store, client) = (&fixture.store, fixture.client().await);
    let mut claim = owned(store, &model(), "one").await;
    let kills = || -> Vec<Part> {
        vec![
            executes(TERMINATE),
            ignores(TERMINATE),
            part!(db => { db.push(TERMINATE, &[]).await?; Ok(()) }),
            part!(db => { drop(db.execute(TERMINATE, &[]).await); Err("its own".into()) }),
        ]
    };
    for (number, at) in (0..kills().len()).flat_map(|number| [(number, 0), (number, 1), (number, 2)]) {
        let mut parts = vec![add("a"), add("a")];
        parts.insert(at, kills().swap_remove(number));
        let kind = kind_of_store(&advance(store, &claim, parts).await);
        assert_eq!(kind, StoreErrorKind::Unavailable, "kill {number} at part {at}");
        claim = goes_on(store, &client, &claim).await;
    }
    assert_eq!(numbers(&client, TABLE).await, map([("next", 12)]));
}

#[tokio::test]
async fn an_idle_connection_that_was_killed_is_replaced() {
    let fixture = Fixture::with(|builder| builder.application_name("killed")).await;
    let (store, client) = (&fixture.store, fixture.client().await);
    let mut claim = owned(store, &model(), "one").await;
    let kill = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
                WHERE application_name = 'killed' AND datname = current_database() AND query = 'SELECT; COMMIT'";
    for _ in 0..3 {
        claim = advance(store, &claim, vec![add("a")]).await.unwrap();
        assert_eq!(client.query(kill, &[]).await.unwrap().len(), 1);
        // The store may not know of it yet.
        while let Err(error) = advance(store, &claim, vec![add("b")]).await.map(|after| claim = after) {
            assert_eq!(kind_of_store::<()>(&Err(error)), StoreErrorKind::Unavailable);
        }
    }
    assert_eq!(numbers(&client, TABLE).await, map([("a", 3), ("b", 3)]));
}

#[tokio::test]
async fn a_claim_is_refused_at_once_while_a_step_is_under_way() {
    let fixture = Fixture::new().await;
    let client = fixture.client().await;
    let other = PostgresStore::connect(&fixture.database.url()).await.unwrap();
    let claim = owned(&fixture.store, &model(), "one").await;
    client.batch_execute("UPDATE es.projections SET lease_until = clock_timestamp()").await.unwrap();
    let (has_begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (begins, waits) = (Arc::clone(&has_begun), Arc::clone(&go_on));
    let waiting = part!(_db => { begins.notify_one(); waits.notified().await; Ok(()) });
    let store = fixture.store.clone();
    let step = tokio::spawn(async move { advance(&store, &claim, vec![waiting, add("a")]).await });
    has_begun.notified().await;
    let began = Instant::now();
    let claimed = other.claim_with(&model(), "two", HOUR, work(set_up(), LONG)).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(3), "it waited for {:?}", began.elapsed());
    let Claimed::Refused(status) = claimed else { panic!("{claimed:?}") };
    assert_eq!((status.owner.as_deref(), status.handled.position().get()), (Some("one"), 0));
    go_on.notify_one();
    let claim = step.await.unwrap().unwrap();
    // A zombie: it believes that it is the owner.
    client.batch_execute("UPDATE es.projections SET lease_until = clock_timestamp()").await.unwrap();
    let newer = owned(&other, &model(), "two").await;
    assert_eq!(newer.handled, claim.handled);
    assert!(is_fenced(&advance(&fixture.store, &claim, vec![add("a")]).await));
    assert_eq!(numbers(&client, TABLE).await, map([("a", 1)]));
    goes_on(&other, &client, &newer).await;
}

#[tokio::test]
async fn a_dropped_step_gives_up_its_locks_although_its_statement_runs() {
    let fixture = Fixture::new().await;
    let (store, client) = (&fixture.store, fixture.client().await);
    let claim = owned(store, &model(), "one").await;
    let sleeping = vec![add("a"), executes("SELECT pg_sleep(60)")];
    assert!(timeout(Duration::from_secs(1), advance(store, &claim, sleeping)).await.is_err());
    let began = Instant::now();
    let again = loop {
        match store.claim_with(&model(), "one", HOUR, work(set_up(), LONG)).await.unwrap() {
            Claimed::Owned(claim) => break claim,
            Claimed::Refused(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    };
    assert!(began.elapsed() < Duration::from_secs(15), "it waited for {:?}", began.elapsed());
    assert_eq!(numbers(&client, TABLE).await, map([]));
    goes_on(store, &client, &again).await;
}

#[tokio::test]
async fn steps_of_many_projections_with_tables_and_rows_use_four_connections() {
    let fixture = Fixture::with(|builder| builder.application_name("counted")).await;
    let (store, client) = (&fixture.store, fixture.client().await);
    let count =
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'counted' AND datname = current_database()";
    let connections = async || client.query_one(count, &[]).await.unwrap().get::<_, i64>(0);
    let before = connections().await;
    let at_once = Arc::new(Semaphore::new(2));
    let projections = (0..20).map(async |number: u32| {
        let model = ReadModelId::new(format!("projection-{number}"), 1).unwrap();
        if number.is_multiple_of(2) {
            let mut claim = owned(store, &model, "mine").await;
            for _ in 0..5 {
                let at_once = Arc::clone(&at_once);
                let alone = part!(_db => {
                    let _one = at_once.try_acquire().map_err(|_| "three transactions at once")?;
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    Ok(())
                });
                claim = advance(store, &claim, vec![alone, add("a")]).await.unwrap();
            }
        } else {
            let read_models = store.capabilities().read_models.unwrap();
            let Claimed::Owned(mut claim) = read_models.claim(&model, "mine", HOUR).await.unwrap() else {
                panic!("{model} is refused")
            };
            for position in 1..=5 {
                let at = es_core::Position::new(position).into();
                let mut step = ReadModelStep::new(at, at, ReadModelState::Live);
                step.rows = vec![StoredRow::new("1", "{}")];
                step.lease = Some(HOUR);
                read_models.advance(&claim, step.clone()).await.unwrap();
                claim = claim.after(&step);
            }
        }
    });
    join_all(projections).await;
    let more = connections().await - before;
    assert!((2..=4).contains(&more), "{more} connections");
}

#[tokio::test]
async fn a_panic_leaves_nothing_open() {
    let fixture = Fixture::new().await;
    let (store, client) = (&fixture.store, fixture.client().await);
    let claim = owned(store, &model(), "one").await;
    for _ in 0..3 {
        let panics = part!(_db => panic!("on purpose"));
        let step = advance(store, &claim, vec![add("a"), panics]).await;
        assert!(matches!(&step, Err(WorkError::Part { index: 1, .. })), "{step:?}");
    }
    goes_on(store, &client, &claim).await;
}
