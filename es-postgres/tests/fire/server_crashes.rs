//! Crashes and restarts of the server, and ended sessions, while stores append.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use es_core::{Append, AppendError, EventStore, Expected, StreamId};
use test_postgres::{Database, Server};
use tokio_postgres::NoTls;

use crate::{
    faults::{
        altered_sql::{Change, change},
        faulty_store::{Fault, FaultyStore},
    },
    tools::{
        recovery,
        seed::{self, Random},
        trial::{Report, Trial, builder, connect, stores},
        workload::event,
    },
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_loses_no_acknowledged_append() {
    let mut random = Random::new("killed server");
    let server = Server::start(&[]).unwrap();
    let report = kill(server, Change::NONE, &mut random).await.unwrap();
    println!("{report}");
    assert!(report.acknowledged > 20, "{report:?}");
}

/// Checks that the test above can fail: the server acknowledges before the WAL is on disk, and the append allows it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_acknowledges_too_early_is_caught() {
    let mut random = Random::new("acknowledges too early");
    let settings = [("synchronous_commit", "off"), ("wal_writer_delay", "10s"), ("wal_writer_flush_after", "1GB")];
    let server = Server::start(&settings).unwrap();
    let broken = kill(server, WITHOUT_COMMIT_CHECK, &mut random).await.unwrap_err();
    assert!(broken.contains("was acknowledged and is not stored"), "{broken}");
}

/// Removes the append's check that its commit waits for the disk.
const WITHOUT_COMMIT_CHECK: Change =
    change("IF current_setting('synchronous_commit') IN ('off', 'local') THEN", "IF false THEN");

/// Ways to switch off `synchronous_commit` after the store was opened.
const OFF: [&str; 3] = ["ALTER DATABASE {database}", "ALTER ROLE postgres", "ALTER SYSTEM"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_synchronous_commit_is_switched_off_later() {
    let server = lazy_wal_server();
    for off in OFF {
        assert_eq!(count_lost(&server, off, Change::NONE).await, 0, "{off}");
    }
}

/// Checks that the test above can fail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_that_does_not_wait_for_the_disk_is_caught() {
    let server = lazy_wal_server();
    for off in OFF {
        assert!(count_lost(&server, off, WITHOUT_COMMIT_CHECK).await > 0, "{off}");
    }
}

fn one(id: &str) -> Vec<Append> {
    vec![Append::new(StreamId::new("fire", id).unwrap(), Expected::Any, vec![event()])]
}

/// A server that flushes its WAL only when a commit waits for it.
fn lazy_wal_server() -> Server {
    Server::start(&[("wal_writer_delay", "10s"), ("wal_writer_flush_after", "1GB")]).unwrap()
}

/// Counts the acknowledged events that a killed server loses, with `synchronous_commit` switched off by `off`.
///
/// All appends go over sessions that were opened after the switch.
async fn count_lost(server: &Server, off: &str, change: Change) -> usize {
    let database = Database::on(&server.url()).unwrap();
    let url = database.url();
    let store = builder(&url).connect().await.unwrap();
    store.append(one("0").into()).await.unwrap();
    let client = connect(&url).await;
    change.in_function(&client, "es.append").await;
    let off = off.replace("{database}", database.name());
    client.batch_execute(&format!("{off} SET synchronous_commit = off")).await.unwrap();
    let reconnect = "SELECT pg_reload_conf(), count(pg_terminate_backend(pid)) FROM pg_stat_activity
                     WHERE datname = current_database() AND pid <> pg_backend_pid()";
    client.execute(reconnect, &[]).await.unwrap();
    let mut caller = connect(&url).await;
    while caller.query_one("SHOW synchronous_commit", &[]).await.unwrap().get::<_, &str>(0) != "off" {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    client.batch_execute("CHECKPOINT").await.unwrap();
    let mut acknowledged = Vec::new();
    for number in 0..20 {
        let (own, joined, stated) = (one("own"), one("joined"), one("stated"));
        acknowledged.extend([&own, &joined, &stated].map(|append| append[0].events[0].id()));
        store.append(own.into()).await.unwrap();
        let transaction = caller.transaction().await.unwrap();
        store.append_in(&transaction, joined).await.unwrap();
        store.commit(transaction).await.unwrap();
        let transaction = caller.transaction().await.unwrap();
        let statement = store.append_statement(stated).unwrap();
        let row = transaction.query_one(statement.sql(), &[&statement.parameter()]).await.unwrap();
        assert_eq!(statement.outcome(row.get(0)).unwrap()[0].version.get(), number + 1);
        store.commit(transaction).await.unwrap();
    }
    server.kill().unwrap();
    server.restart().unwrap();
    let stored = "SELECT count(*) FROM es.events WHERE event_id = ANY ($1)";
    let client = connect(&url).await;
    let stored: i64 = client.query_one(stored, &[&acknowledged]).await.unwrap().get(0);
    client.batch_execute(&format!("{off} RESET synchronous_commit")).await.unwrap();
    client.batch_execute("SELECT pg_reload_conf()").await.unwrap();
    acknowledged.len() - usize::try_from(stored).unwrap()
}

async fn kill(server: Server, fault: Change, random: &mut Random) -> Result<Report, String> {
    let server = Arc::new(server);
    let database = Database::on(&server.url()).unwrap();
    let url = database.url();
    let stores = stores_on_unsafe_server(&[&url, &url]).await;
    fault.in_function(&connect(&url).await, "es.append").await;
    // Without a checkpoint, a server that acknowledges too early would lose the whole schema.
    connect(&url).await.batch_execute("CHECKPOINT").await.unwrap();
    let trial = Trial::start(&url, stores, 4, random);
    let end = Instant::now() + seed::duration(Duration::from_secs(3));
    loop {
        trial.wait_for_appends(20).await;
        tokio::time::sleep(random.pause(Duration::from_millis(200))).await;
        let crashing = Arc::clone(&server);
        let down = random.pause(Duration::from_millis(300));
        tokio::task::spawn_blocking(move || {
            crashing.kill().unwrap();
            std::thread::sleep(down);
            crashing.restart().unwrap();
        })
        .await
        .unwrap();
        if Instant::now() > end {
            return trial.end().await;
        }
    }
}

async fn stores_on_unsafe_server(urls: &[&str]) -> Vec<Arc<dyn EventStore>> {
    let mut stores: Vec<Arc<dyn EventStore>> = Vec::new();
    for url in urls {
        stores.push(Arc::new(builder(url).allow_unsafe_server().connect().await.unwrap()));
    }
    stores
}

/// Ends random sessions, two at a time; returns how many.
async fn end_sessions(url: &str, trial: &Trial, random: &mut Random, last: Duration) -> u64 {
    let client = connect(url).await;
    let end = Instant::now() + last;
    let mut ended = 0_u64;
    while Instant::now() < end {
        tokio::time::sleep(random.pause(Duration::from_millis(30))).await;
        let query = "SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity \
                     WHERE application_name LIKE 'es-fire-%' AND datname = current_database() \
                     ORDER BY md5(pid::text || $1) LIMIT 2) a";
        let row = client.query_one(query, &[&random.next().to_string()]).await.unwrap();
        ended += u64::try_from(row.get::<_, i64>(0)).unwrap();
        // The end of the trial finds stores that do not recover.
        drop(tokio::time::timeout(Duration::from_millis(300), trial.wait_for_appends(3)).await);
    }
    ended
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_ended_at_random_are_replaced() {
    let mut random = Random::new("ended sessions");
    let database = Database::fresh().unwrap();
    let url = database.url();
    let trial = Trial::start(&url, stores(&[&url, &url]).await, 4, &mut random);
    let mut ended = end_sessions(&url, &trial, &mut random, seed::duration(Duration::from_secs(3))).await;
    // A slow machine ends few sessions in that time.
    let end = Instant::now() + recovery::TIMEOUT;
    while ended <= 5 && Instant::now() < end {
        ended += end_sessions(&url, &trial, &mut random, Duration::from_millis(100)).await;
    }
    let report = trial.end().await.unwrap();
    println!("{ended} sessions ended; {report}");
    assert!(ended > 5, "{ended}");
}

/// Checks that the test above can fail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_never_reconnects_is_caught() {
    let mut random = Random::new("never reconnects");
    let database = Database::fresh().unwrap();
    let url = database.url();
    let store = builder(&url).retry_for(Duration::ZERO).connect().await.unwrap();
    let broken = Arc::new(FaultyStore::new(store, Fault::NeverReconnects, &url));
    let trial = Trial::start(&url, vec![broken.clone()], 4, &mut random).recovery_limit(Duration::from_secs(2));
    // Repeats until an append was in flight on an ended session; a slow machine ends few.
    let end = Instant::now() + recovery::TIMEOUT;
    while !broken.has_failed() && Instant::now() < end {
        end_sessions(&url, &trial, &mut random, Duration::from_millis(500)).await;
    }
    let caught = trial.end().await.unwrap_err();
    assert!(caught.contains("the store does not recover"), "{caught}");
}

/// The store itself is not reopened, which would hide a leak.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_reconnects_after_a_long_outage() {
    let mut random = Random::new("outage");
    let server = Server::start(&[]).unwrap();
    let report = outage(&server, None, SHORT, &mut random).await.unwrap();
    println!("{report}");
    // Appends in flight at the crash are unknown, and there may be no failed ones.
    assert!(report.failed + report.unknown > 0, "no append failed: {report:?}");
}

/// Checks that the test above can fail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_does_not_recover_from_an_outage_is_caught() {
    let mut random = Random::new("no recovery from an outage");
    let server = Server::start(&[]).unwrap();
    for (fault, retry_for, expected) in [
        (Some(Fault::NeverReconnects), SHORT, "the store does not recover"),
        (Some(Fault::GuessesAppended), SHORT, "is answered by Ok"),
        (None, Duration::from_mins(1), "no error is reported"),
    ] {
        let caught = outage(&server, fault, retry_for, &mut random).await.unwrap_err();
        assert!(caught.contains(expected), "{fault:?}: {caught}");
    }
}

const SHORT: Duration = Duration::from_millis(200);

/// Stops the server for longer than a store with a short retry time retries, so that callers receive errors.
async fn outage(
    server: &Server,
    fault: Option<Fault>,
    retry_for: Duration,
    random: &mut Random,
) -> Result<Report, String> {
    let database = Database::on(&server.url()).unwrap();
    let url = database.url();
    let store = builder(&url).retry_for(retry_for).connect().await.unwrap();
    let store: Arc<dyn EventStore> = match fault {
        Some(fault) => Arc::new(FaultyStore::new(store, fault, &url)),
        None => Arc::new(store),
    };
    let limit = Duration::from_secs(if fault.is_some() { 3 } else { 10 });
    let trial = Trial::start(&url, vec![store], 4, random).recovery_limit(limit);
    trial.wait_for_appends(20).await;
    server.kill().unwrap();
    tokio::time::sleep(Duration::from_millis(900)).await;
    assert!(tokio_postgres::connect(&url, NoTls).await.is_err());
    // Never sent, so that the store soon knows that nothing was appended.
    let answer = tokio::time::timeout(Duration::from_secs(5), trial.append(&["0"])).await;
    server.restart().unwrap();
    match answer {
        Ok(Err(AppendError::Store(_))) => trial.end().await,
        Ok(answer) => Err(format!("an append during the outage is answered by {answer:?}")),
        Err(_) => Err("no error is reported during the outage".to_owned()),
    }
}
