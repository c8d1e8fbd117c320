//! The server is killed and started again, and its sessions are ended one by one, while appends are on their way.

use std::sync::Arc;
use std::time::{Duration, Instant};

use es_core::{Append, AppendError, EventStore, Expected, StreamId};
use test_postgres::{Database, Server};
use tokio_postgres::NoTls;

use crate::faults::altered_sql::{Change, change};
use crate::faults::faulty_store::{Fault, FaultyStore};
use crate::tools::recovery;
use crate::tools::seed::{self, Random};
use crate::tools::trial::{Report, Trial, builder, connect, stores};
use crate::tools::workload::event;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_loses_no_acknowledged_append() {
    let mut random = Random::new("killed server");
    let server = Server::start(&[]).unwrap();
    let report = kill(server, Change::NONE, &mut random).await.unwrap();
    println!("{report}");
    assert!(report.acknowledged > 20, "{report:?}");
}

/// What the test above is for: a server that acknowledges before the log is on disk, and an append that lets it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_acknowledges_too_early_is_caught() {
    let mut random = Random::new("acknowledges too early");
    let settings = [("synchronous_commit", "off"), ("wal_writer_delay", "10s"), ("wal_writer_flush_after", "1GB")];
    let server = Server::start(&settings).unwrap();
    let broken = kill(server, WITHOUT_COMMIT_CHECK, &mut random).await.unwrap_err();
    assert!(broken.contains("was acknowledged and is not stored"), "{broken}");
}

/// An append that does not ask whether its commit waits for the disk.
const WITHOUT_COMMIT_CHECK: Change =
    change("IF current_setting('synchronous_commit') IN ('off', 'local') THEN", "IF false THEN");

/// Ways to switch off, after the store was opened, that commits wait for the disk.
const OFF: [&str; 3] = ["ALTER DATABASE {database}", "ALTER ROLE postgres", "ALTER SYSTEM"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_synchronous_commit_is_switched_off_later() {
    let server = lazy_wal_server();
    for off in OFF {
        assert_eq!(count_lost(&server, off, Change::NONE).await, 0, "{off}");
    }
}

/// What the test above is for.
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

/// A server that writes to its disk when it must.
fn lazy_wal_server() -> Server {
    Server::start(&[("wal_writer_delay", "10s"), ("wal_writer_flush_after", "1GB")]).unwrap()
}

/// How many acknowledged events the killed server has lost, appended over sessions that were opened after this switched
/// off that commits wait for the disk.
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
    // a server that acknowledges too early is to lose events, and not the log as a whole
    connect(&url).await.batch_execute("CHECKPOINT").await.unwrap();
    let trial = Trial::start(&url, stores, 4, random);
    let end = Instant::now() + seed::duration(Duration::from_secs(3));
    loop {
        trial.wait_for_appends(20).await;
        tokio::time::sleep(random.pause(Duration::from_millis(200))).await;
        let victim = Arc::clone(&server);
        let down = random.pause(Duration::from_millis(300));
        tokio::task::spawn_blocking(move || {
            victim.kill().unwrap();
            std::thread::sleep(down);
            victim.restart().unwrap();
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

/// Ends sessions at random, two at a time; how many.
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
        // those that do not go on are found out in the end
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
    // a slow machine ends few in that time
    let end = Instant::now() + recovery::TIMEOUT;
    while ended <= 5 && Instant::now() < end {
        ended += end_sessions(&url, &trial, &mut random, Duration::from_millis(100)).await;
    }
    let report = trial.end().await.unwrap();
    println!("{ended} sessions ended; {report}");
    assert!(ended > 5, "{ended}");
}

/// What the test above is for: a store that keeps to the session it has.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_never_reconnects_is_caught() {
    let mut random = Random::new("replaces no session");
    let database = Database::fresh().unwrap();
    let url = database.url();
    let store = builder(&url).persistence(Duration::ZERO).connect().await.unwrap();
    let broken = Arc::new(FaultyStore::new(store, Fault::NeverReconnects, &url));
    let trial = Trial::start(&url, vec![broken.clone()], 4, &mut random).recovery_limit(Duration::from_secs(2));
    // until one of them had an append on its way: a slow machine ends few
    let end = Instant::now() + recovery::TIMEOUT;
    while !broken.has_failed() && Instant::now() < end {
        end_sessions(&url, &trial, &mut random, Duration::from_millis(500)).await;
    }
    let caught = trial.end().await.unwrap_err();
    assert!(caught.contains("the store does not heal"), "{caught}");
}

/// A store that is ended for good and begun again would hide a leak: this one is not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_reconnects_after_a_long_outage() {
    let mut random = Random::new("away");
    let server = Server::start(&[]).unwrap();
    let report = outage(&server, None, SHORT, &mut random).await.unwrap();
    println!("{report}");
    // the writers' appends that were on their way when it went are unknown, and there may have been no others
    assert!(report.failed + report.unknown > 0, "nobody noticed: {report:?}");
}

/// What the test above is for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_does_not_recover_from_an_outage_is_caught() {
    let mut random = Random::new("away for good");
    let server = Server::start(&[]).unwrap();
    for (fault, persistence, expected) in [
        (Some(Fault::NeverReconnects), SHORT, "the store does not heal"),
        (Some(Fault::GuessesAppended), SHORT, "is answered by Ok"),
        (None, Duration::from_mins(1), "no error is reported"),
    ] {
        let caught = outage(&server, fault, persistence, &mut random).await.unwrap_err();
        assert!(caught.contains(expected), "{fault:?}: {caught}");
    }
}

const SHORT: Duration = Duration::from_millis(200);

/// Takes the server away for longer than appends and reads are tried again, when that is brief: callers hear of it.
async fn outage(
    server: &Server,
    fault: Option<Fault>,
    persistence: Duration,
    random: &mut Random,
) -> Result<Report, String> {
    let database = Database::on(&server.url()).unwrap();
    let url = database.url();
    let store = builder(&url).persistence(persistence).connect().await.unwrap();
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
    // sent to nobody: soon it is known that nothing was appended
    let answer = tokio::time::timeout(Duration::from_secs(5), trial.append(&["0"])).await;
    server.restart().unwrap();
    match answer {
        Ok(Err(AppendError::Store(_))) => trial.end().await,
        Ok(answer) => Err(format!("an append during the outage is answered by {answer:?}")),
        Err(_) => Err("no error is reported during the outage".to_owned()),
    }
}
