//! One trial: writers and subscribers over one or more stores, a fault, and then every promise held against the table.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use es_core::{Append, AppendError, Appended, EventStore, Expected, StreamId};
use es_postgres::{PostgresBuilder, PostgresStore};
use tokio_postgres::{Client, NoTls};

use crate::tools::follower::Follower;
use crate::tools::healing;
use crate::tools::ledger::{self, Ledger};
use crate::tools::seed::Chance;
use crate::tools::workload::{Errors, Workload, event};

/// How many streams the writers of a trial share.
const STREAMS: u64 = 24;

/// Stores under load.
pub(crate) struct Trial {
    direct: String,
    stores: Vec<Arc<dyn EventStore>>,
    workload: Workload,
    followers: Vec<Follower>,
    /// How long the stores may take to heal.
    patience: Duration,
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

/// How the stores of a trial are set up: a busy machine that opens many of them at once may take its time.
pub(crate) fn builder(url: &str) -> PostgresBuilder {
    PostgresStore::builder(url).application_name(healing::application()).connect_timeout(healing::PATIENCE)
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
        let workload = Workload::start(&stores, tasks, STREAMS, chance);
        let followers = stores.iter().map(|store| Follower::start(Arc::clone(store))).collect();
        Self { direct: direct.to_owned(), stores, workload, followers, patience: healing::PATIENCE }
    }

    /// With less time to heal.
    pub(crate) fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
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
        let rows = ledger::log(&self.direct).await.events.len();
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

    /// Appends one event to each of these streams over the first store, while the load goes on.
    pub(crate) async fn append(&self, ids: &[&str]) -> Result<Vec<Appended>, AppendError> {
        let stream = |id: &&str| StreamId::new("fire", *id).unwrap();
        let appends = ids.iter().map(|id| Append::new(stream(id), Expected::Any, vec![event()])).collect();
        self.workload.ledger.append(&*self.stores[0], appends).await
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
            healing::every_lane_is_free(&**store, &self.workload.ledger, STREAMS, self.patience).await?;
        }
        let (ledger, errors) = self.workload.stop().await;
        let Self { direct, stores, followers, patience, .. } = self;
        Ok(Quiet { direct, stores, ledger, errors, followers, patience })
    }
}

/// Stores that have been under load.
pub(crate) struct Quiet {
    direct: String,
    stores: Vec<Arc<dyn EventStore>>,
    ledger: Arc<Ledger>,
    errors: Errors,
    followers: Vec<Follower>,
    patience: Duration,
}

impl Quiet {
    /// Holds every promise against the table.
    ///
    /// # Errors
    /// The first promise that is broken.
    pub(crate) async fn check(self) -> Result<Report, String> {
        healing::nothing_held(&self.direct, self.stores.len(), self.patience).await?;
        let log = ledger::log(&self.direct).await;
        let mut subscribers = Vec::new();
        for follower in &self.followers {
            subscribers.push(follower.seen(log.events.len()).await);
        }
        self.ledger.check(&log, subscribers)?;
        let report = Report {
            events: log.events.len(),
            acknowledged: self.ledger.acknowledged(),
            unknown: self.ledger.unknown(),
            failed: self.errors.store,
            conflicts: self.errors.conflicts,
            begun_anew: self.followers.iter().map(Follower::begun_anew).sum(),
        };
        drop((self.followers, self.stores));
        healing::no_session_is_left(&self.direct, self.patience).await?;
        Ok(report)
    }
}

/// A connection of the test's own.
pub(crate) async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}
