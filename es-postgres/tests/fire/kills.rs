//! The server is killed and started again, and its sessions are ended one by one, while appends are on their way.

use std::sync::Arc;
use std::time::{Duration, Instant};

use es_core::{Append, AppendError, EventStore, Expected, StreamId};
use test_postgres::{Database, Server};
use tokio_postgres::NoTls;

use crate::faults::altered::{Change, change};
use crate::faults::broken::{Broken, Fault};
use crate::tools::healing;
use crate::tools::seed::{self, Chance};
use crate::tools::trial::{Trial, connect, stores};
use crate::tools::workload::event;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_in_the_middle_of_appends_loses_nothing_it_acknowledged() {
    let mut chance = Chance::new("killed server");
    let server = Server::start(&[]).unwrap();
    let report = kill(server, Change::NONE, &mut chance).await.unwrap();
    println!("{report}");
    assert!(report.acknowledged > 20, "{report:?}");
}

/// What the test above is for: a server that acknowledges before the log is on disk, and an append that lets it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_acknowledges_too_early_is_caught() {
    let mut chance = Chance::new("acknowledges too early");
    let settings = [("synchronous_commit", "off"), ("wal_writer_delay", "10s"), ("wal_writer_flush_after", "1GB")];
    let server = Server::start(&settings).unwrap();
    let broken = kill(server, AS_IT_IS, &mut chance).await.unwrap_err();
    assert!(broken.contains("was acknowledged and is not stored"), "{broken}");
}

/// An append that does not ask whether its commit waits for the disk.
const AS_IT_IS: Change = change("IF current_setting('synchronous_commit') IN ('off', 'local') THEN", "IF false THEN");

/// Ways to switch off, after the store was opened, that commits wait for the disk.
const OFF: [&str; 3] = ["ALTER DATABASE {database}", "ALTER ROLE postgres", "ALTER SYSTEM"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_where_commits_stop_to_wait_for_the_disk_after_the_store_was_opened() {
    let server = lazy();
    for off in OFF {
        assert_eq!(lost(&server, off, Change::NONE).await, 0, "{off}");
    }
}

/// What the test above is for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_that_does_not_wait_for_the_disk_is_caught() {
    let server = lazy();
    for off in OFF {
        assert!(lost(&server, off, AS_IT_IS).await > 0, "{off}");
    }
}

fn one(id: &str) -> Vec<Append> {
    vec![Append::new(StreamId::new("fire", id).unwrap(), Expected::Any, vec![event()])]
}

/// A server that writes to its disk when it must.
fn lazy() -> Server {
    Server::start(&[("wal_writer_delay", "10s"), ("wal_writer_flush_after", "1GB")]).unwrap()
}

/// How many acknowledged events the killed server has lost, appended over sessions that were opened after this switched
/// off that commits wait for the disk.
async fn lost(server: &Server, off: &str, change: Change) -> usize {
    let database = Database::on(&server.url()).unwrap();
    let url = database.url();
    let store = crate::tools::trial::builder(&url).connect().await.unwrap();
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

async fn kill(server: Server, fault: Change, chance: &mut Chance) -> Result<crate::tools::trial::Report, String> {
    let server = Arc::new(server);
    let database = Database::on(&server.url()).unwrap();
    let url = database.url();
    let stores = unsafe_stores(&[&url, &url]).await;
    fault.in_function(&connect(&url).await, "es.append").await;
    // a server that acknowledges too early is to lose events, and not the log as a whole
    connect(&url).await.batch_execute("CHECKPOINT").await.unwrap();
    let trial = Trial::start(&url, stores, 4, chance);
    let end = Instant::now() + seed::duration(Duration::from_secs(3));
    loop {
        trial.goes_on(20).await;
        tokio::time::sleep(chance.pause(Duration::from_millis(200))).await;
        let victim = Arc::clone(&server);
        let down = chance.pause(Duration::from_millis(300));
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

async fn unsafe_stores(urls: &[&str]) -> Vec<Arc<dyn EventStore>> {
    let mut stores: Vec<Arc<dyn EventStore>> = Vec::new();
    for url in urls {
        stores.push(Arc::new(crate::tools::trial::builder(url).allow_unsafe_server().connect().await.unwrap()));
    }
    stores
}

/// Ends sessions at random, two at a time; how many.
async fn end_sessions(url: &str, trial: &Trial, chance: &mut Chance, last: Duration) -> u64 {
    let client = connect(url).await;
    let end = Instant::now() + last;
    let mut ended = 0_u64;
    while Instant::now() < end {
        tokio::time::sleep(chance.pause(Duration::from_millis(30))).await;
        let query = "SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity \
                     WHERE application_name LIKE 'es-fire-%' AND datname = current_database() \
                     ORDER BY md5(pid::text || $1) LIMIT 2) a";
        let row = client.query_one(query, &[&chance.next().to_string()]).await.unwrap();
        ended += u64::try_from(row.get::<_, i64>(0)).unwrap();
        // those that do not go on are found out in the end
        drop(tokio::time::timeout(Duration::from_millis(300), trial.goes_on(3)).await);
    }
    ended
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_ended_at_random_are_replaced() {
    let mut chance = Chance::new("ended sessions");
    let database = Database::fresh().unwrap();
    let url = database.url();
    let trial = Trial::start(&url, stores(&[&url, &url]).await, 4, &mut chance);
    let mut ended = end_sessions(&url, &trial, &mut chance, seed::duration(Duration::from_secs(3))).await;
    // a slow machine ends few in that time
    let end = Instant::now() + healing::PATIENCE;
    while ended <= 5 && Instant::now() < end {
        ended += end_sessions(&url, &trial, &mut chance, Duration::from_millis(100)).await;
    }
    let report = trial.end().await.unwrap();
    println!("{ended} sessions ended; {report}");
    assert!(ended > 5, "{ended}");
}

/// What the test above is for: a store that keeps to the session it has.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_replaces_no_session_is_caught() {
    let mut chance = Chance::new("replaces no session");
    let database = Database::fresh().unwrap();
    let url = database.url();
    let store = crate::tools::trial::builder(&url).retry_for(Duration::ZERO).connect().await.unwrap();
    let broken = Arc::new(Broken::new(store, Fault::StaysDown, &url));
    let trial = Trial::start(&url, vec![broken.clone()], 4, &mut chance).patience(Duration::from_secs(2));
    // until one of them had an append on its way: a slow machine ends few
    let end = Instant::now() + healing::PATIENCE;
    while !broken.is_hurt() && Instant::now() < end {
        end_sessions(&url, &trial, &mut chance, Duration::from_millis(500)).await;
    }
    let caught = trial.end().await.unwrap_err();
    assert!(caught.contains("the store does not heal"), "{caught}");
}

/// A store that is ended for good and begun again would hide a leak: this one is not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_away_for_long_is_found_again() {
    let mut chance = Chance::new("away");
    let server = Server::start(&[]).unwrap();
    let report = away(&server, None, BRIEF, &mut chance).await.unwrap();
    println!("{report}");
    // the writers' appends that were on their way when it went are unknown, and there may have been no others
    assert!(report.failed + report.unknown > 0, "nobody noticed: {report:?}");
}

/// What the test above is for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_does_not_find_its_server_again_is_caught() {
    let mut chance = Chance::new("away for good");
    let server = Server::start(&[]).unwrap();
    for (fault, retry_for, as_what) in [
        (Some(Fault::StaysDown), BRIEF, "the store does not heal"),
        (Some(Fault::GuessesDone), BRIEF, "is answered by Ok"),
        (None, Duration::from_mins(1), "nobody is told"),
    ] {
        let caught = away(&server, fault, retry_for, &mut chance).await.unwrap_err();
        assert!(caught.contains(as_what), "{fault:?}: {caught}");
    }
}

const BRIEF: Duration = Duration::from_millis(200);

/// Takes the server away for longer than appends and reads are tried again, when that is brief: callers hear of it.
async fn away(
    server: &Server,
    fault: Option<Fault>,
    retry_for: Duration,
    chance: &mut Chance,
) -> Result<crate::tools::trial::Report, String> {
    let database = Database::on(&server.url()).unwrap();
    let url = database.url();
    let store = crate::tools::trial::builder(&url).retry_for(retry_for).connect().await.unwrap();
    let store: Arc<dyn EventStore> = match fault {
        Some(fault) => Arc::new(Broken::new(store, fault, &url)),
        None => Arc::new(store),
    };
    let patience = Duration::from_secs(if fault.is_some() { 3 } else { 10 });
    let trial = Trial::start(&url, vec![store], 4, chance).patience(patience);
    trial.goes_on(20).await;
    server.kill().unwrap();
    tokio::time::sleep(Duration::from_millis(900)).await;
    assert!(tokio_postgres::connect(&url, NoTls).await.is_err());
    // sent to nobody: soon it is known that nothing was appended
    let told = tokio::time::timeout(Duration::from_secs(5), trial.append(&["0"])).await;
    server.restart().unwrap();
    match told {
        Ok(Err(AppendError::Store(_))) => trial.end().await,
        Ok(told) => Err(format!("an append to a server that is away is answered by {told:?}")),
        Err(_) => Err("nobody is told that the server is away".to_owned()),
    }
}
