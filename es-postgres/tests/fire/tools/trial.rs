//! One trial: writers and subscribers on one or more stores, a fault, and a check of every promise against the table.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use es_core::{Append, AppendError, Appended, EventStore, Expected, StreamId};
use es_postgres::{PostgresBuilder, PostgresStore};
use tokio_postgres::{Client, NoTls};

use crate::tools::{
    ledger::{self, Ledger},
    recording_subscriber::RecordingSubscriber,
    recovery,
    seed::Random,
    workload::{Errors, Workload, event},
};

/// How many streams the writers of a trial share.
const STREAMS: u64 = 24;

/// Stores under load.
pub(crate) struct Trial {
    direct: String,
    stores: Vec<Arc<dyn EventStore>>,
    workload: Workload,
    subscribers: Vec<RecordingSubscriber>,
    /// The time within which the stores must recover.
    recovery_limit: Duration,
}

/// The figures of a trial that broke no promise.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) events: usize,
    pub(crate) acknowledged: usize,
    pub(crate) unknown: u64,
    pub(crate) failed: u64,
    pub(crate) conflicts: u64,
    /// How often a subscription ended with an error.
    pub(crate) restarts: u64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { events, acknowledged, unknown, failed, conflicts, restarts } = self;
        write!(
            f,
            "{events} events, {acknowledged} appends acknowledged, {unknown} unknown, {failed} failed, {conflicts} \
             conflicts, {restarts} subscriptions restarted"
        )
    }
}

/// The builder of a trial's stores, with time to connect when many of them start on a busy machine.
pub(crate) fn builder(url: &str) -> PostgresBuilder {
    PostgresStore::builder(url).application_name(recovery::application()).connect_timeout(recovery::TIMEOUT)
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
    /// Starts `tasks` writers and one subscriber on each of `stores`; `direct` is the URL without a proxy.
    pub(crate) fn start(direct: &str, stores: Vec<Arc<dyn EventStore>>, tasks: u64, random: &mut Random) -> Self {
        let workload = Workload::start(&stores, tasks, STREAMS, random);
        let subscribers = stores.iter().map(|store| RecordingSubscriber::start(Arc::clone(store))).collect();
        Self { direct: direct.to_owned(), stores, workload, subscribers, recovery_limit: recovery::TIMEOUT }
    }

    /// Sets the time within which the stores must recover.
    pub(crate) fn recovery_limit(self, recovery_limit: Duration) -> Self {
        Self { recovery_limit, ..self }
    }

    /// The number of acknowledged appends so far.
    pub(crate) fn acknowledged(&self) -> usize {
        self.workload.ledger.acknowledged()
    }

    /// The number of events that the slowest subscriber has received.
    pub(crate) fn received_by_all(&self) -> usize {
        self.subscribers.iter().map(RecordingSubscriber::received).min().unwrap_or_default()
    }

    /// Waits until every subscriber has received the events that are stored now.
    pub(crate) async fn wait_for_subscribers(&self) {
        let rows = ledger::log(&self.direct).await.events.len();
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.received_by_all() < rows {
            assert!(Instant::now() < deadline, "a subscriber does not catch up");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits until `count` more appends are acknowledged.
    pub(crate) async fn wait_for_appends(&self, count: usize) {
        let until = self.acknowledged() + count;
        let deadline = Instant::now() + Duration::from_mins(1);
        while self.acknowledged() < until {
            assert!(Instant::now() < deadline, "no append is acknowledged");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Appends one event to each of these streams through the first store.
    pub(crate) async fn append(&self, ids: &[&str]) -> Result<Vec<Appended>, AppendError> {
        let stream = |id: &&str| StreamId::new("fire", *id).unwrap();
        let appends = ids.iter().map(|id| Append::new(stream(id), Expected::Any, vec![event()])).collect();
        self.workload.ledger.append(&*self.stores[0], appends).await
    }

    /// Stops the load, and checks every promise against the table.
    ///
    /// # Errors
    /// The first broken promise.
    pub(crate) async fn end(self) -> Result<Report, String> {
        self.stop().await?.check().await
    }

    /// Stops the load after checking that the stores work.
    ///
    /// # Errors
    /// The stream that is stuck, or the store's error.
    pub(crate) async fn stop(self) -> Result<StoppedTrial, String> {
        for store in &self.stores {
            recovery::every_stream_accepts_appends(&**store, &self.workload.ledger, STREAMS, self.recovery_limit)
                .await?;
        }
        let (ledger, errors) = self.workload.stop().await;
        let Self { direct, stores, subscribers, recovery_limit, .. } = self;
        Ok(StoppedTrial { direct, stores, ledger, errors, subscribers, recovery_limit })
    }
}

/// The stores and records of a trial after its load has stopped.
pub(crate) struct StoppedTrial {
    direct: String,
    stores: Vec<Arc<dyn EventStore>>,
    ledger: Arc<Ledger>,
    errors: Errors,
    subscribers: Vec<RecordingSubscriber>,
    recovery_limit: Duration,
}

impl StoppedTrial {
    /// Checks every promise against the table.
    ///
    /// # Errors
    /// The first broken promise.
    pub(crate) async fn check(self) -> Result<Report, String> {
        recovery::nothing_is_held(&self.direct, self.stores.len(), self.recovery_limit).await?;
        let log = ledger::log(&self.direct).await;
        let mut seen = Vec::new();
        for subscriber in &self.subscribers {
            seen.push(subscriber.seen(log.events.len()).await);
        }
        self.ledger.check(&log, seen)?;
        let report = Report {
            events: log.events.len(),
            acknowledged: self.ledger.acknowledged(),
            unknown: self.ledger.unknown(),
            failed: self.errors.store,
            conflicts: self.errors.conflicts,
            restarts: self.subscribers.iter().map(RecordingSubscriber::restarts).sum(),
        };
        drop((self.subscribers, self.stores));
        recovery::no_session_is_left(&self.direct, self.recovery_limit).await?;
        Ok(report)
    }
}

/// A connection for the test itself.
pub(crate) async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}
