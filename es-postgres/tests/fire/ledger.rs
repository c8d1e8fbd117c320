//! What callers were told, held against what the server holds.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use es_core::{Append, AppendError, Appended, EventStore, NewEvent};
use tokio_postgres::NoTls;
use uuid::Uuid;

/// What callers were told.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<Told>);

#[derive(Debug, Default)]
struct Told {
    /// Event ids and what was answered for them.
    acknowledged: Vec<(Vec<Uuid>, Appended)>,
    refused: HashSet<Uuid>,
    /// Calls that were sent, and nobody waited for the answer, by the first of their ids.
    abandoned: HashMap<Uuid, Vec<Uuid>>,
    /// Appends whose outcome was `Unknown` before it was resolved.
    unknown: u64,
}

/// An event as it stands in the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) position: u64,
    pub(crate) stream: (String, String),
    pub(crate) version: u64,
    pub(crate) id: Uuid,
    pub(crate) data: String,
}

impl Ledger {
    /// Appends and writes down what is answered; an unknown outcome is resolved until it is known.
    pub(crate) async fn append(
        &self,
        store: &dyn EventStore,
        appends: Vec<Append>,
    ) -> Result<Vec<Appended>, AppendError> {
        let ids: Vec<Vec<Uuid>> =
            appends.iter().map(|append| append.events.iter().map(NewEvent::id).collect()).collect();
        // until an answer is there, this call may be dropped at any time
        let call: Vec<Uuid> = ids.iter().flatten().copied().collect();
        self.0.lock().unwrap().abandoned.insert(call[0], call.clone());
        let mut outcome = store.append(appends).await;
        let deadline = Instant::now() + Duration::from_secs(90);
        while let Err(AppendError::Unknown(unknown)) = outcome {
            assert!(Instant::now() < deadline, "an outcome cannot be learnt");
            self.0.lock().unwrap().unknown += 1;
            tokio::time::sleep(Duration::from_millis(20)).await;
            outcome = store.resolve(*unknown).await;
            if let Err(AppendError::Store(error)) = &outcome {
                // refused now says nothing of the first time: it stays unknown
                panic!("an unknown outcome became `nothing was appended`: {error}");
            }
        }
        let mut told = self.0.lock().unwrap();
        told.abandoned.remove(&call[0]);
        match &outcome {
            Ok(answers) => told.acknowledged.extend(ids.into_iter().zip(answers.iter().cloned())),
            Err(_) => told.refused.extend(call),
        }
        outcome
    }

    /// How many appends were acknowledged.
    pub(crate) fn acknowledged(&self) -> usize {
        self.0.lock().unwrap().acknowledged.len()
    }

    /// How many outcomes were unknown before they were resolved.
    pub(crate) fn unknown(&self) -> u64 {
        self.0.lock().unwrap().unknown
    }

    /// Holds what was told against the table.
    ///
    /// # Errors
    /// The first promise that is broken, and where.
    pub(crate) fn check(&self, rows: &[Row]) -> Result<(), String> {
        streams(rows)?;
        let stored: HashMap<Uuid, &Row> = rows.iter().map(|row| (row.id, row)).collect();
        let told = self.0.lock().unwrap();
        let mut known: HashSet<Uuid> = told.abandoned.values().flatten().copied().collect();
        for call in told.abandoned.values() {
            let there = call.iter().filter(|id| stored.contains_key(*id)).count();
            if there != 0 && there != call.len() {
                return Err(format!("{there} of {} events of one append are there", call.len()));
            }
        }
        for (ids, answer) in &told.acknowledged {
            known.extend(ids);
            acknowledged(&stored, ids, answer)?;
        }
        if let Some(id) = told.refused.iter().find(|id| stored.contains_key(*id)) {
            return Err(format!("event {id} was answered as refused, and is there"));
        }
        let own = |row: &&Row| row.data.contains(&format!("\"process\":{},", std::process::id()));
        if let Some(row) = rows.iter().filter(own).find(|row| !known.contains(&row.id)) {
            return Err(format!("event {} is there, and nobody was told of it", row.id));
        }
        let payloads: HashSet<&str> = rows.iter().map(|row| row.data.as_str()).collect();
        if payloads.len() != rows.len() {
            return Err("an event is there twice, under two ids".to_owned());
        }
        Ok(())
    }
}

/// Versions are 1 to n without a gap, and positions rise with them.
pub(crate) fn streams(rows: &[Row]) -> Result<(), String> {
    let mut streams: BTreeMap<&(String, String), Vec<(u64, u64)>> = BTreeMap::new();
    for row in rows {
        streams.entry(&row.stream).or_default().push((row.version, row.position));
    }
    for (stream, mut places) in streams {
        places.sort_unstable();
        if !places.iter().map(|(version, _)| *version).eq(1..=places.len() as u64) {
            return Err(format!("the versions of {stream:?} have a gap: {places:?}"));
        }
        if !places.is_sorted_by_key(|(_, position)| *position) {
            return Err(format!("the positions of {stream:?} do not rise: {places:?}"));
        }
    }
    Ok(())
}

/// An acknowledged append is there, whole, where it was answered.
fn acknowledged(stored: &HashMap<Uuid, &Row>, ids: &[Uuid], answer: &Appended) -> Result<(), String> {
    let first = answer.first_version().get();
    for (step, (id, position)) in (0..).zip(ids.iter().zip(&answer.positions)) {
        let row = stored.get(id).ok_or_else(|| format!("event {id} was acknowledged, and is not there: {answer:?}"))?;
        let stream = (answer.stream.category(), answer.stream.id());
        if (row.stream.0.as_str(), row.stream.1.as_str()) != stream
            || (row.version, row.position) != (first + step, position.get())
        {
            return Err(format!("event {id} stands elsewhere than was answered: {row:?}, {answer:?}"));
        }
    }
    if ids.len() != answer.positions.len() {
        return Err(format!("{} events, and an answer for another number: {answer:?}", ids.len()));
    }
    Ok(())
}

/// Everything in the table, in the order of positions, past the store.
pub(crate) async fn rows(url: &str) -> Vec<Row> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    let drive = tokio::spawn(connection);
    let query = "SELECT position, category, id, version, event_id, data::text FROM es.events ORDER BY position";
    let rows = client.query(query, &[]).await.unwrap();
    drop(client);
    drive.await.unwrap().unwrap();
    rows.iter()
        .map(|row| Row {
            position: row.get::<_, i64>(0).try_into().unwrap(),
            stream: (row.get(1), row.get(2)),
            version: row.get::<_, i64>(3).try_into().unwrap(),
            id: row.get(4),
            data: row.get(5),
        })
        .collect()
}
