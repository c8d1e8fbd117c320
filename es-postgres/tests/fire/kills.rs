//! The server is killed and started again, and its sessions are ended one by one, while appends are on their way.

use std::sync::Arc;
use std::time::{Duration, Instant};

use test_postgres::{Database, Server};
use tokio_postgres::NoTls;

use crate::seed::{self, Chance};
use crate::trial::{Trial, connect, stores};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_in_the_middle_of_appends_loses_nothing_it_acknowledged() {
    let mut chance = Chance::new("killed server");
    let server = Server::start(&[]).unwrap();
    let report = kill(server, &mut chance).await.unwrap();
    println!("{report}");
    assert!(report.acknowledged > 20, "{report:?}");
}

/// What the test above is for: a server that acknowledges before the log is on disk. The store refuses it, unless told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_acknowledges_too_early_is_caught() {
    let mut chance = Chance::new("acknowledges too early");
    let settings = [("synchronous_commit", "off"), ("wal_writer_delay", "10s"), ("wal_writer_flush_after", "1GB")];
    let server = Server::start(&settings).unwrap();
    let broken = kill(server, &mut chance).await.unwrap_err();
    assert!(broken.contains("acknowledged, and is not there") || broken.contains("stands elsewhere"), "{broken}");
}

async fn kill(server: Server, chance: &mut Chance) -> Result<crate::trial::Report, String> {
    let server = Arc::new(server);
    let database = Database::on(&server.url()).unwrap();
    let url = database.url();
    let stores = unsafe_stores(&[&url, &url]).await;
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

async fn unsafe_stores(urls: &[&str]) -> Vec<Arc<dyn es_core::EventStore>> {
    let mut stores: Vec<Arc<dyn es_core::EventStore>> = Vec::new();
    for url in urls {
        stores.push(Arc::new(crate::trial::builder(url).allow_unsafe_server().connect().await.unwrap()));
    }
    stores
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_ended_at_random_are_replaced() {
    let mut chance = Chance::new("ended sessions");
    let database = Database::fresh().unwrap();
    let url = database.url();
    let trial = Trial::start(&url, stores(&[&url, &url]).await, 4, &mut chance);
    let client = connect(&url).await;
    let end = Instant::now() + seed::duration(Duration::from_secs(3));
    let mut ended = 0_u64;
    while Instant::now() < end {
        trial.goes_on(3).await;
        tokio::time::sleep(chance.pause(Duration::from_millis(30))).await;
        let query = "SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity \
                     WHERE application_name = 'es-fire' AND datname = current_database() \
                     ORDER BY md5(pid::text || $1) LIMIT 2) a";
        let row = client.query_one(query, &[&chance.next().to_string()]).await.unwrap();
        ended += u64::try_from(row.get::<_, i64>(0)).unwrap();
    }
    let report = trial.end().await.unwrap();
    println!("{ended} sessions ended; {report}");
    assert!(ended > 5, "{ended}");
}

/// A store that is ended for good and begun again would hide a leak: this one is not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_away_for_long_is_found_again() {
    let mut chance = Chance::new("away");
    let server = Arc::new(Server::start(&[]).unwrap());
    let database = Database::on(&server.url()).unwrap();
    let url = database.url();
    let quick = |url: &str| crate::trial::builder(url).persistence(Duration::from_millis(200)).connect();
    let store: Arc<dyn es_core::EventStore> = Arc::new(quick(&url).await.unwrap());
    let trial = Trial::start(&url, vec![store], 4, &mut chance);
    trial.goes_on(20).await;
    server.kill().unwrap();
    // longer than appends and reads are tried again: callers hear of it
    tokio::time::sleep(Duration::from_millis(900)).await;
    assert!(tokio_postgres::connect(&url, NoTls).await.is_err());
    server.restart().unwrap();
    trial.goes_on(20).await;
    let report = trial.end().await.unwrap();
    println!("{report}");
    assert!(report.failed > 0, "nobody noticed: {report:?}");
}
