//! Transactions outside the store: prepared, left open, or rolled back.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use es_core::{Append, EventStore, Expected, Position, StreamId};
use es_postgres::PostgresStore;
use test_postgres::Database;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::tools::{
    ledger,
    recording_subscriber::seen,
    recovery,
    seed::{self, Random},
    trial::{Trial, builder, connect},
    workload::event,
};

/// Two stores on one database; the first is also returned with its concrete type.
async fn two_stores(url: &str) -> (Arc<PostgresStore>, Vec<Arc<dyn EventStore>>) {
    let first = Arc::new(builder(url).connect().await.unwrap());
    let second = Arc::new(builder(url).connect().await.unwrap());
    (Arc::clone(&first), vec![first, second])
}

fn append(category: &str, id: u64) -> Append {
    Append::new(StreamId::new(category, id.to_string()).unwrap(), Expected::Any, vec![event(), event()])
}

/// Reads above the last position without asking for the frontier.
async fn read_without_frontier(client: &Client, seen: &mut Vec<(Position, Uuid)>) {
    let after = seen.last().map_or(0, |(position, _)| i64::try_from(position.get()).unwrap());
    let query = "SELECT position, event_id FROM es.events WHERE position > $1 ORDER BY position";
    for row in client.query(query, &[&after]).await.unwrap() {
        seen.push((Position::new(row.get::<_, i64>(0).try_into().unwrap()), row.get(1)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prepared_transactions_are_neither_skipped_nor_lost() {
    let mut random = Random::new("prepared");
    let database = Database::fresh().unwrap();
    let url = database.url();
    let (store, stores) = two_stores(&url).await;
    let trial = Trial::start(&url, stores, 2, &mut random);
    let mut client = connect(&url).await;
    let mut read_naively = Vec::new();
    let (mut open, mut number, mut rolled_back) = (Vec::new(), 0_u64, 0);
    let end = Instant::now() + seed::duration(Duration::from_secs(3));
    while Instant::now() < end || number < 8 {
        let transaction = client.transaction().await.unwrap();
        store.append_in(&transaction, append("prepared", number)).await.unwrap();
        let name = format!("es_{}_{number}", database.name());
        transaction.batch_execute(&format!("PREPARE TRANSACTION '{name}'")).await.unwrap();
        drop(transaction);
        open.push(name);
        number += 1;
        trial.wait_for_appends(5).await;
        read_without_frontier(&client, &mut read_naively).await;
        let in_flight = "SELECT count(*) FROM es.es_in_flight WHERE pid IS NULL";
        let prepared: i64 = client.query_one(in_flight, &[]).await.unwrap().get(0);
        assert_eq!(prepared, i64::try_from(open.len()).unwrap());
        while open.len() > 3 || (!open.is_empty() && random.one_in(3)) {
            let name = open.swap_remove(usize::try_from(random.below(open.len() as u64)).unwrap());
            // Only transactions that commit late can be skipped.
            let word = if rolled_back < number / 2 && random.one_in(3) { "ROLLBACK" } else { "COMMIT" };
            rolled_back += u64::from(word == "ROLLBACK");
            client.batch_execute(&format!("{word} PREPARED '{name}'")).await.unwrap();
        }
    }
    for name in open {
        client.batch_execute(&format!("COMMIT PREPARED '{name}'")).await.unwrap();
    }
    read_without_frontier(&client, &mut read_naively).await;
    drop(store);
    let report = trial.end().await.unwrap();
    println!("{number} prepared, {rolled_back} rolled back; {report}");
    let log = ledger::log(&url).await;
    let prepared = log.events.iter().filter(|event| event.stream.category() == "prepared").count() as u64;
    assert_eq!(prepared, 2 * (number - rolled_back));
    // Shows that the test can fail: a reader without the frontier skips events.
    read_without_frontier(&client, &mut read_naively).await;
    let caught = ledger::check_subscribers(vec![seen(read_naively)], &log).unwrap_err();
    assert!(caught.contains("subscriber 0 differs from the log"), "{caught}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_do_not_wait_for_unrelated_open_transactions() {
    let mut random = Random::new("unrelated");
    let database = Database::fresh().unwrap();
    let url = database.url();
    let unrelated = connect(&url).await;
    unrelated.batch_execute("CREATE TABLE unrelated (i int); BEGIN; INSERT INTO unrelated VALUES (1)").await.unwrap();
    let (store, stores) = two_stores(&url).await;
    drop(store);
    let trial = Trial::start(&url, stores, 4, &mut random);
    trial.wait_for_appends(100).await;
    trial.wait_for_subscribers().await;
    // Shows that the test can fail: a reader that waits for all older transactions sees nothing.
    let client = connect(&url).await;
    let waiting = "SELECT count(*) FROM es.events WHERE xmin::text::bigint < pg_snapshot_xmin(pg_current_snapshot())::text::bigint";
    assert_eq!(client.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0), 0);
    unrelated.batch_execute("COMMIT").await.unwrap();
    println!("{}", trial.end().await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_rollbacks_leave_only_gaps() {
    let mut random = Random::new("rollbacks");
    let database = Database::fresh().unwrap();
    let url = database.url();
    let (store, stores) = two_stores(&url).await;
    let trial = Trial::start(&url, stores, 2, &mut random);
    let tasks = (0..4_u64).map(|task| {
        let (store, url, mut random) = (Arc::clone(&store), url.clone(), random.fork());
        tokio::spawn(async move {
            let mut client = connect(&url).await;
            for number in 0..250 {
                let transaction = client.transaction().await.unwrap();
                store.append_in(&transaction, append("rolled-back", task * 1_000 + number)).await.unwrap();
                tokio::time::sleep(random.pause(Duration::from_millis(2))).await;
                transaction.rollback().await.unwrap();
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    drop(store);
    let report = trial.end().await.unwrap();
    println!("1000 rollbacks; {report}");
    let log = ledger::log(&url).await;
    assert!(log.events.iter().all(|event| event.stream.category() != "rolled-back"));
    let drawn = log.events.last().unwrap().position.get();
    assert!(drawn >= 2_000 + log.events.len() as u64 - 100, "the rollbacks drew no positions: {drawn}");
    // Shows that the test can fail: a reader that waits for gaps to fill stops at the first one.
    let places = log.events.iter().map(|event| (event.position, event.id));
    let gapless = places.zip(1..).take_while(|((position, _), next)| position.get() == *next);
    let caught = ledger::check_subscribers(vec![seen(gapless.map(|(place, _)| place).collect())], &log).unwrap_err();
    assert!(caught.contains("subscriber 0 differs from the log"), "{caught}");
}

/// The number of sessions stays limited, however many streams are held.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_waiting_for_forty_streams_share_few_sessions() {
    const STREAMS: u64 = 40;
    let database = Database::fresh().unwrap();
    let url = database.url();
    // This test checks the number of sessions only, so the appends may wait long.
    let store = builder(&url).lock_timeout(recovery::TIMEOUT).connect().await.unwrap();
    let mut client = connect(&url).await;
    let transaction = client.transaction().await.unwrap();
    let held: Vec<Append> = (0..STREAMS).map(|number| append("fire", number)).collect();
    store.append_in(&transaction, held).await.unwrap();
    let ledger = ledger::Ledger::default();
    let waiting = (0..STREAMS).map(|number| ledger.append(&store, vec![append("fire", number)]));
    let (answers, ()) = tokio::join!(futures_util::future::join_all(waiting), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        transaction.rollback().await.unwrap();
    });
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    recovery::nothing_is_held(&url, 1, recovery::TIMEOUT).await.unwrap();
    ledger.check(&ledger::log(&url).await, Vec::new()).unwrap();
}
