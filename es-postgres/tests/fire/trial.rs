//! One trial: writers and subscribers over one or more stores, a fault, and then every promise held against the table.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use es_core::{Append, EventStore, Expected, Position, StreamId};
use es_postgres::{PostgresBuilder, PostgresStore};
use tokio_postgres::{Client, NoTls};

use crate::follower::Follower;
use crate::ledger::{self, Ledger, Row};
use crate::seed::Chance;
use crate::workload::{Errors, Workload, event};

/// The name by which the stores of a trial are known to the server.
pub(crate) const APPLICATION: &str = "es-fire";
/// What one store opens at most: readers, the writer, the patient lane, and one to start.
const SESSIONS: i64 = 16 + 1 + 8 + 1;

/// Stores under load.
pub(crate) struct Trial {
    direct: String,
    stores: Vec<Arc<dyn EventStore>>,
    workload: Workload,
    followers: Vec<Follower>,
}

/// What came of a trial in which no promise was broken.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) events: usize,
    pub(crate) acknowledged: usize,
    pub(crate) unknown: u64,
    pub(crate) failed: u64,
    pub(crate) conflicts: u64,
    /// How often a subscription ended with an error.
    pub(crate) begun_anew: u64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { events, acknowledged, unknown, failed, conflicts, begun_anew } = self;
        write!(
            f,
            "{events} events, {acknowledged} appends acknowledged, {unknown} unknown, {failed} failed, {conflicts} \
             conflicts, {begun_anew} subscriptions begun anew"
        )
    }
}

/// How the stores of a trial are set up.
pub(crate) fn builder(url: &str) -> PostgresBuilder {
    PostgresStore::builder(url).application_name(APPLICATION)
}

/// A store at each of `urls`.
pub(crate) async fn stores(urls: &[&str]) -> Vec<Arc<dyn EventStore>> {
    let mut stores: Vec<Arc<dyn EventStore>> = Vec::new();
    for url in urls {
        stores.push(Arc::new(builder(url).connect().await.unwrap()));
    }
    stores
}

impl Trial {
    /// Starts `tasks` writers and one subscriber on each of `stores`; `direct` is the server without anything between.
    pub(crate) fn start(direct: &str, stores: Vec<Arc<dyn EventStore>>, tasks: u64, chance: &mut Chance) -> Self {
        let workload = Workload::start(&stores, tasks, 24, chance);
        let followers = stores.iter().map(|store| Follower::start(Arc::clone(store))).collect();
        Self { direct: direct.to_owned(), stores, workload, followers }
    }

    /// How many appends were acknowledged so far.
    pub(crate) fn acknowledged(&self) -> usize {
        self.workload.ledger.acknowledged()
    }

    /// How many events the slowest subscriber has had so far.
    pub(crate) fn followed(&self) -> usize {
        self.followers.iter().map(Follower::count).min().unwrap_or_default()
    }

    /// Waits until every subscriber has what was acknowledged until now.
    pub(crate) async fn is_followed(&self) {
        let rows = ledger::rows(&self.direct).await.len();
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.followed() < rows {
            assert!(Instant::now() < deadline, "subscribers wait");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits until `count` more appends are acknowledged: the stores work.
    pub(crate) async fn goes_on(&self, count: usize) {
        let until = self.acknowledged() + count;
        let deadline = Instant::now() + Duration::from_mins(1);
        while self.acknowledged() < until {
            assert!(Instant::now() < deadline, "nothing is acknowledged any more");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Ends the load, and holds every promise against the table.
    ///
    /// # Errors
    /// The first promise that is broken.
    pub(crate) async fn end(self) -> Result<Report, String> {
        self.stop().await?.check().await
    }

    /// Ends the load, when the stores have shown that they work.
    ///
    /// # Errors
    /// What is not as it was before.
    pub(crate) async fn stop(self) -> Result<Quiet, String> {
        for store in &self.stores {
            healed(&**store).await?;
        }
        let (ledger, errors) = self.workload.stop().await;
        Ok(Quiet { direct: self.direct, stores: self.stores, ledger, errors, followers: self.followers })
    }
}

/// Stores that have been under load.
pub(crate) struct Quiet {
    direct: String,
    stores: Vec<Arc<dyn EventStore>>,
    ledger: Arc<Ledger>,
    errors: Errors,
    followers: Vec<Follower>,
}

impl Quiet {
    /// Holds every promise against the table.
    ///
    /// # Errors
    /// The first promise that is broken.
    pub(crate) async fn check(self) -> Result<Report, String> {
        nothing_held(&self.direct, self.stores.len()).await?;
        let rows: Vec<Row> = ledger::rows(&self.direct).await;
        // what a test appends besides stands in other categories
        let own: Vec<Row> = rows.iter().filter(|row| row.stream.0 == "fire").cloned().collect();
        self.ledger.check(&own)?;
        for follower in &self.followers {
            follower.check(&rows).await?;
        }
        Ok(Report {
            events: rows.len(),
            acknowledged: self.ledger.acknowledged(),
            unknown: self.ledger.unknown(),
            failed: self.errors.store,
            conflicts: self.errors.conflicts,
            begun_anew: self.followers.iter().map(Follower::begun_anew).sum(),
        })
    }
}

/// The store appends and shows what it appended, without being started again.
async fn healed(store: &dyn EventStore) -> Result<(), String> {
    let deadline = Instant::now() + Duration::from_secs(30);
    let append = Append::new(StreamId::new("healed", "1").unwrap(), Expected::Any, vec![event()]);
    loop {
        match store.append(vec![append.clone()]).await {
            Ok(answer) => return shows(store, answer[0].positions[0]).await,
            Err(error) if Instant::now() > deadline => return Err(format!("the store does not heal: {error}")),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn shows(store: &dyn EventStore, position: Position) -> Result<(), String> {
    let before = Position::new(position.get() - 1);
    match tokio::time::timeout(Duration::from_secs(20), store.changed(before)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(format!("the store does not heal: {error}")),
        Err(_) => Err("the frontier does not move any more".to_owned()),
    }
}

/// No transaction is left open, no lock is held, and no store has more sessions than it may.
pub(crate) async fn nothing_held(url: &str, stores: usize) -> Result<(), String> {
    let client = connect(url).await;
    let deadline = Instant::now() + Duration::from_secs(15);
    let query = "SELECT count(*) FILTER (WHERE a.state LIKE 'idle in%'), count(*), \
                 (SELECT count(*) FROM pg_locks l WHERE l.locktype = 'advisory' \
                  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())) \
                 FROM pg_stat_activity a WHERE a.application_name = $1 AND a.datname = current_database()";
    loop {
        let row = client.query_one(query, &[&APPLICATION]).await.unwrap();
        let (open, sessions, locks): (i64, i64, i64) = (row.get(0), row.get(1), row.get(2));
        if open == 0 && locks == 0 && sessions <= SESSIONS * i64::try_from(stores).unwrap() {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(format!("{open} open transactions, {locks} locks and {sessions} sessions are left"));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A connection of the test's own.
pub(crate) async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}
