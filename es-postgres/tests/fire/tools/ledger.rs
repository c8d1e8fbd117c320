//! Records the answers that callers received, and checks them against the table with the torture's check.

use std::{
    collections::HashSet,
    sync::Mutex,
    time::{Duration, Instant, SystemTime},
};

use es_contract::torture::{self, Attempt, AttemptOutcome, Breach, FinalLog, History, Seen};
use es_core::{
    Append, AppendError, Appended, EventName, EventStore, Position, SchemaVersion, StoredEvent, StreamId, Timestamp,
    Version,
};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::tools::trial::connect;

/// The answers that callers received.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<Answers>);

#[derive(Debug, Default)]
struct Answers {
    /// Every append; one whose caller stopped waiting stays unknown.
    attempts: Vec<Attempt>,
    acknowledged: usize,
    /// Appends whose outcome was `Unknown` before it was resolved.
    unknown: u64,
    /// An answer that no store may give.
    impossible: Option<String>,
}

impl Ledger {
    /// Appends and records the answer; resolves an unknown outcome until it is known.
    pub(crate) async fn append(
        &self,
        store: &dyn EventStore,
        appends: Vec<Append>,
    ) -> Result<Vec<Appended>, AppendError> {
        let number = self.begin(&appends);
        let mut outcome = store.append(appends.into()).await;
        let deadline = Instant::now() + Duration::from_secs(90);
        while let Err(AppendError::Unknown(unknown)) = outcome {
            assert!(Instant::now() < deadline, "an outcome stays unknown");
            self.0.lock().unwrap().unknown += 1;
            tokio::time::sleep(Duration::from_millis(20)).await;
            outcome = store.resolve(*unknown).await;
            if let Err(AppendError::Store(error)) = &outcome {
                // A refusal now does not tell the outcome of the first try, which stays unknown.
                let impossible = format!("an unknown outcome became `nothing was appended`: {error}");
                self.0.lock().unwrap().impossible.get_or_insert(impossible);
            }
        }
        let mut answers = self.0.lock().unwrap();
        answers.attempts[number].outcome = match &outcome {
            Ok(appended) => AttemptOutcome::Acknowledged(appended.clone()),
            Err(_) => AttemptOutcome::Refused,
        };
        answers.acknowledged += usize::from(outcome.is_ok());
        outcome
    }

    /// Records an append before its call, which may be dropped at any time.
    fn begin(&self, appends: &[Append]) -> usize {
        let mut answers = self.0.lock().unwrap();
        answers.attempts.push(Attempt { appends: appends.to_vec(), outcome: AttemptOutcome::Unknown });
        answers.attempts.len() - 1
    }

    /// The number of acknowledged appends.
    pub(crate) fn acknowledged(&self) -> usize {
        self.0.lock().unwrap().acknowledged
    }

    /// The number of outcomes that were unknown before they were resolved.
    pub(crate) fn unknown(&self) -> u64 {
        self.0.lock().unwrap().unknown
    }

    /// Checks the answers, and the events that subscribers received, against the log.
    ///
    /// # Errors
    /// The broken promises, and where.
    pub(crate) fn check(&self, log: &FinalLog, subscribers: Vec<Seen>) -> Result<(), String> {
        let answers = self.0.lock().unwrap();
        if let Some(impossible) = &answers.impossible {
            return Err(impossible.clone());
        }
        // This ledger does not record the appends of other processes, nor a test's direct appends.
        let own = |event: &&StoredEvent| {
            let process = format!("\"process\":{},", std::process::id());
            event.stream.category() == "fire" && String::from_utf8_lossy(&event.payload).contains(&process)
        };
        let own: HashSet<Uuid> = log.events.iter().filter(own).map(|event| event.id).collect();
        let history = History { seed: 0, attempts: answers.attempts.clone(), subscribers };
        check_breaches(&history, log, |breach| !matches!(breach, Breach::Invented { id } if !own.contains(id)))
    }
}

/// Checks the events that subscribers received against the log.
///
/// # Errors
/// Events that were skipped, delivered twice or out of order.
pub(crate) fn check_subscribers(subscribers: Vec<Seen>, log: &FinalLog) -> Result<(), String> {
    let history = History { seed: 0, attempts: Vec::new(), subscribers };
    check_breaches(&history, log, |breach| matches!(breach, Breach::Subscriber { .. }))
}

/// Versions are 1 to n without a gap, positions rise, and no event is stored twice.
///
/// # Errors
/// The first events that break this.
pub(crate) fn check_log(log: &FinalLog) -> Result<(), String> {
    check_breaches(&History::default(), log, |breach| !matches!(breach, Breach::Invented { .. }))
}

fn check_breaches(history: &History, log: &FinalLog, counts: impl Fn(&Breach) -> bool) -> Result<(), String> {
    let mut report = torture::check(history, log);
    report.breaches.retain(counts);
    // One breach of each kind comes first.
    let mut kinds = HashSet::new();
    report.breaches.sort_by_cached_key(|breach| !kinds.insert(std::mem::discriminant(breach)));
    report.into_result().map(drop).map_err(|broken| broken.to_string())
}

/// All rows of the table in position order, read without the store.
pub(crate) async fn log(url: &str) -> FinalLog {
    let client = connect(url).await;
    let query = "SELECT position, category, id, version, event_id, name, schema_version, payload::text, metadata::text, \
                 recorded_at FROM es.events ORDER BY position";
    let rows = client.query(query, &[]).await.unwrap();
    let event = |row: &Row| {
        StoredEvent::at(
            StreamId::new(row.get::<_, &str>(1), row.get::<_, &str>(2)).unwrap(),
            Version::try_from(row.get::<_, i64>(3)).unwrap(),
            Position::try_from(row.get::<_, i64>(0)).unwrap(),
            Timestamp::try_from(row.get::<_, SystemTime>(9)).unwrap(),
        )
        .event(
            row.get(4),
            EventName::new(row.get::<_, &str>(5)).unwrap(),
            SchemaVersion::new(row.get::<_, i64>(6).try_into().unwrap()).unwrap(),
            row.get::<_, String>(7),
            row.get::<_, Option<String>>(8).map(Into::into),
        )
    };
    FinalLog { events: rows.iter().map(event).collect() }
}
