//! What callers were told, held against what the server holds by the torture's check.

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};

use es_contract::torture::{self, Attempt, AttemptOutcome, Breach, FinalLog, History, Seen};
use es_core::{
    Append, AppendError, Appended, EventName, EventStore, Position, SchemaVersion, StoredEvent, StreamId, Timestamp,
    Version,
};
use uuid::Uuid;

use crate::tools::trial::connect;

/// What callers were told.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<Told>);

#[derive(Debug, Default)]
struct Told {
    /// Every append; one that nobody waited for stays unknown.
    attempts: Vec<Attempt>,
    acknowledged: usize,
    /// Appends whose outcome was `Unknown` before it was resolved.
    unknown: u64,
    /// What no store may answer at all.
    nonsense: Option<String>,
}

impl Ledger {
    /// Appends and writes down what is answered; an unknown outcome is resolved until it is known.
    pub(crate) async fn append(
        &self,
        store: &dyn EventStore,
        appends: Vec<Append>,
    ) -> Result<Vec<Appended>, AppendError> {
        let number = self.begin(&appends);
        let mut outcome = store.append(appends.into()).await;
        let deadline = Instant::now() + Duration::from_secs(90);
        while let Err(AppendError::Unknown(unknown)) = outcome {
            assert!(Instant::now() < deadline, "an outcome cannot be learnt");
            self.0.lock().unwrap().unknown += 1;
            tokio::time::sleep(Duration::from_millis(20)).await;
            outcome = store.resolve(*unknown).await;
            if let Err(AppendError::Store(error)) = &outcome {
                // refused now says nothing of the first time: it stays unknown
                let nonsense = format!("an unknown outcome became `nothing was appended`: {error}");
                self.0.lock().unwrap().nonsense.get_or_insert(nonsense);
            }
        }
        let mut told = self.0.lock().unwrap();
        told.attempts[number].outcome = match &outcome {
            Ok(answers) => AttemptOutcome::Acknowledged(answers.clone()),
            Err(_) => AttemptOutcome::Refused,
        };
        told.acknowledged += usize::from(outcome.is_ok());
        outcome
    }

    /// Until an answer is there, a call may be dropped at any time.
    fn begin(&self, appends: &[Append]) -> usize {
        let mut told = self.0.lock().unwrap();
        told.attempts.push(Attempt { appends: appends.to_vec(), outcome: AttemptOutcome::Unknown });
        told.attempts.len() - 1
    }

    /// How many appends were acknowledged.
    pub(crate) fn acknowledged(&self) -> usize {
        self.0.lock().unwrap().acknowledged
    }

    /// How many outcomes were unknown before they were resolved.
    pub(crate) fn unknown(&self) -> u64 {
        self.0.lock().unwrap().unknown
    }

    /// Holds what was told, and what subscribers saw, against the log.
    ///
    /// # Errors
    /// The promises that are broken, and where.
    pub(crate) fn check(&self, log: &FinalLog, subscribers: Vec<Seen>) -> Result<(), String> {
        let told = self.0.lock().unwrap();
        if let Some(nonsense) = &told.nonsense {
            return Err(nonsense.clone());
        }
        // of what other processes append, and of what a test appends besides, this ledger knows nothing
        let own = |event: &&StoredEvent| {
            let process = format!("\"process\":{},", std::process::id());
            event.stream.category() == "fire" && String::from_utf8_lossy(&event.payload).contains(&process)
        };
        let own: HashSet<Uuid> = log.events.iter().filter(own).map(|event| event.id).collect();
        let history = History { seed: 0, attempts: told.attempts.clone(), subscribers };
        held(&history, log, |breach| !matches!(breach, Breach::Invented { id } if !own.contains(id)))
    }
}

/// Holds what subscribers saw against the log.
///
/// # Errors
/// What was skipped, given twice or out of order.
pub(crate) fn followed(subscribers: Vec<Seen>, log: &FinalLog) -> Result<(), String> {
    let history = History { seed: 0, attempts: Vec::new(), subscribers };
    held(&history, log, |breach| matches!(breach, Breach::Subscriber { .. }))
}

/// Versions are 1 to n without a gap, positions rise, and nothing is there twice.
///
/// # Errors
/// Where that is not so.
pub(crate) fn sound(log: &FinalLog) -> Result<(), String> {
    held(&History::default(), log, |breach| !matches!(breach, Breach::Invented { .. }))
}

fn held(history: &History, log: &FinalLog, counts: impl Fn(&Breach) -> bool) -> Result<(), String> {
    let mut report = torture::check(history, log);
    report.breaches.retain(counts);
    // one of each kind is told first
    let mut kinds = HashSet::new();
    report.breaches.sort_by_cached_key(|breach| !kinds.insert(std::mem::discriminant(breach)));
    report.into_result().map(drop).map_err(|broken| broken.to_string())
}

/// Everything in the table, in the order of positions, past the store.
pub(crate) async fn log(url: &str) -> FinalLog {
    let client = connect(url).await;
    let query = "SELECT position, category, id, version, event_id, name, schema_version, payload::text, metadata::text, \
                 recorded_at FROM es.events ORDER BY position";
    let rows = client.query(query, &[]).await.unwrap();
    let event = |row: &tokio_postgres::Row| StoredEvent {
        position: Position::new(row.get::<_, i64>(0).try_into().unwrap()),
        stream: StreamId::new(row.get::<_, &str>(1), row.get::<_, &str>(2)).unwrap(),
        version: Version::new(row.get::<_, i64>(3).try_into().unwrap()),
        id: row.get(4),
        name: EventName::new(row.get::<_, &str>(5)).unwrap(),
        schema_version: SchemaVersion::new(row.get::<_, i64>(6).try_into().unwrap()).unwrap(),
        payload: row.get::<_, String>(7).into(),
        metadata: row.get::<_, Option<String>>(8).map(Into::into),
        recorded_at: Timestamp::try_from(row.get::<_, SystemTime>(9)).unwrap(),
    };
    FinalLog { events: rows.iter().map(event).collect() }
}
