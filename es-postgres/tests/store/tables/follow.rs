//! Projections with tables as applications write them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use es_core::*;
use es_postgres::{PostgresStore, PostgresTx, PostgresTxError};
use serde::{Deserialize, Serialize};
use tokio_postgres::Client;

use super::{LONG, map, numbers};
use crate::fixture::Fixture;

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.deposited")]
struct Deposited {
    amount: i64,
}

#[derive(Aggregate, Default, Debug)]
#[aggregate(category = "account", id = String, events(Deposited))]
struct Account;

#[es_core::apply]
impl Account {
    fn deposited(&mut self, _: Deposited) {}
}

/// The sum of each account in a table.
#[derive(Clone, Default)]
struct Sums {
    /// Whether the next event panics.
    panics: Arc<AtomicBool>,
    handled: Arc<AtomicU64>,
}

#[es_core::project(name = "sums", every(Account))]
impl Sums {
    async fn set_up(&self, db: &mut PostgresTx) -> Result<(), PostgresTxError> {
        db.execute_batch("CREATE TABLE {sums} (key text PRIMARY KEY, number bigint NOT NULL); CREATE INDEX {by_number} ON {sums} (number)").await
    }

    async fn deposited(&self, event: Recorded<&Deposited>, db: &mut PostgresTx) -> Result<(), PostgresTxError> {
        self.handled.fetch_add(1, Ordering::SeqCst);
        assert!(!self.panics.swap(false, Ordering::SeqCst), "on purpose");
        let add = "INSERT INTO {sums} VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET number = {sums}.number + excluded.number";
        db.push(add, &[&event.stream.id(), &event.event.amount]).await
    }
}

async fn deposit(store: &PostgresStore, account: &str, amount: i64) -> Checkpoint {
    let account = account.to_owned();
    let executed = store.repository::<Account>().update(&account, |_| Deposited { amount }).await.unwrap();
    executed.checkpoint.unwrap()
}

async fn sums(store: &PostgresStore, client: &Client) -> std::collections::BTreeMap<String, i64> {
    numbers(client, &store.projections().table::<Sums>("sums").unwrap()).await
}

#[tokio::test]
async fn a_table_is_the_fold_of_the_log_whoever_is_killed() {
    for fixture in [Fixture::new().await, Fixture::hardened().await] {
        let (store, client) = (&fixture.store, fixture.client().await);
        let programs: Vec<_> =
            (0..3).map(|_| store.projections().follow(Sums::default()).lease(Duration::from_millis(100))).collect();
        let mut total = 0;
        for round in 0..5 {
            let running: Vec<_> = programs.iter().map(|program| tokio::spawn(program.run())).collect();
            let mut last = Checkpoint::START;
            for amount in 1..=20 {
                last = deposit(store, "ada", amount).await;
                total += amount;
                // Kills whatever is in a transaction of a projection, wherever it is.
                let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
                            AND state <> 'idle' AND pid <> pg_backend_pid() AND query LIKE '%sums%'";
                client.execute(kill, &[]).await.unwrap();
            }
            for program in &programs {
                program.wait_for(&["sums"], last, LONG).await.unwrap();
            }
            assert_eq!(sums(store, &client).await, map([("ada", total)]));
            programs[round % 3].stop().await;
            for running in running {
                running.abort();
                drop(running.await);
            }
        }
    }
}

#[tokio::test]
async fn a_panic_is_a_failure_of_its_event_alone() {
    let fixture = Fixture::new().await;
    let (store, client) = (&fixture.store, fixture.client().await);
    let projection = Sums::default();
    let projections = store.projections().follow(projection.clone());
    let running = tokio::spawn(projections.run());
    let first = deposit(store, "ada", 1).await;
    projections.wait_for(&["sums"], first, LONG).await.unwrap();
    projection.panics.store(true, Ordering::SeqCst);
    let second = deposit(store, "ada", 2).await;
    projections.wait_for(&["sums"], second, LONG).await.unwrap();
    assert_eq!(projection.handled.load(Ordering::SeqCst), 3);
    assert_eq!(sums(store, &client).await, map([("ada", 3)]));
    projections.rebuild("sums").await.unwrap();
    projections.wait_for(&["sums"], second, LONG).await.unwrap();
    assert_eq!(sums(store, &client).await, map([("ada", 3)]));
    projections.stop().await;
    running.await.unwrap().unwrap();
}
