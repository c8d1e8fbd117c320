//! A process that keeps a read model: for each event it counts one row up. And the check of its rows against the log.
//!
//! The check reads the tables with SQL of its own, and shares no code with the store.

use std::{collections::BTreeMap, path::Path, time::Duration};

use es_core::{
    Checkpoint, Claim, Claimed, EventStore, Expected, ReadModelError, ReadModelId, ReadModelState, ReadModelStep,
    ReadModels, StoredRow,
};
use es_sqlite::{SqliteStore, rusqlite::Connection};

use super::{process::say, random::Random, record::append};

/// Among how many rows the events are spread. A step takes long enough to be killed within.
const ROWS: u64 = 200;
const LEASE: Duration = Duration::from_millis(20);

pub(crate) fn model() -> ReadModelId {
    ReadModelId::new("counts", 1).unwrap()
}

fn key(position: u64) -> String {
    format!("row {}", position % ROWS)
}

/// A step that counts the events up to `to`.
pub(crate) async fn step(store: &SqliteStore, claim: &Claim, to: Checkpoint) -> ReadModelStep {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for position in claim.handled.position().get() + 1..=to.position().get() {
        *counts.entry(key(position)).or_default() += 1;
    }
    let keys: Vec<_> = counts.keys().cloned().collect();
    let stored = store.rows(&model(), &keys).await.unwrap();
    for (count, stored) in counts.values_mut().zip(stored) {
        *count += stored.map_or(0, |state| str::from_utf8(&state).unwrap().parse().unwrap());
    }
    let mut step = ReadModelStep::new(to, to, ReadModelState::CatchingUp);
    step.rows = counts.into_iter().map(|(key, count)| StoredRow::new(key, count.to_string())).collect();
    step.lease = Some(LEASE);
    step
}

/// Appends for ever, and says nothing of it.
pub(crate) async fn append_always(store: SqliteStore) {
    loop {
        store.append(append("counted", Expected::Any, ROWS / 2).into()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
}

/// Counts events for ever, in turn with other processes. Says where it stands after each step.
pub(crate) async fn follow(store: SqliteStore) {
    let owner = format!("process {}", std::process::id());
    let mut random = Random::new();
    loop {
        let Claimed::Owned(mut claim) = store.claim(&model(), &owner, LEASE).await.unwrap() else {
            tokio::time::sleep(Duration::from_millis(2)).await;
            continue;
        };
        loop {
            // A step without an event could not be taken by halves.
            let frontier = store.changed(claim.handled).await.unwrap();
            let to = claim.handled.position().plus(1 + random.below(2 * ROWS)).min(frontier.position());
            let step = step(&store, &claim, frontier.at(to)).await;
            // Sometimes for longer than the lease, so that another process takes over.
            if random.below(20) == 0 {
                tokio::time::sleep(2 * LEASE).await;
            }
            let next = claim.after(&step);
            match store.advance(&claim, step).await {
                Ok(()) => claim = next,
                Err(ReadModelError::Fenced { .. }) => {
                    say("fenced");
                    break;
                }
                Err(error) => panic!("{error:?}"),
            }
            say(&format!("handled {}", claim.handled.position()));
        }
    }
}

/// Checks that the rows are those of the events up to where the read model stands, and that this is not ahead of the log. Gives
/// where it stands.
pub(crate) fn check_rows(path: &Path) -> Result<u64, String> {
    let connection = Connection::open(path).unwrap();
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap().cast_unsigned();
    let (handled, last) = (number("SELECT handled FROM read_models"), number("SELECT max(position) FROM events"));
    if handled > last {
        return Err(format!("it stands at {handled}, and the log ends at {last}"));
    }
    let mut expected: BTreeMap<String, u64> = BTreeMap::new();
    for position in 1..=handled {
        *expected.entry(key(position)).or_default() += 1;
    }
    let mut statement = connection.prepare("SELECT key, CAST(state AS INTEGER) FROM read_model_rows").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned()))).unwrap();
    let found: BTreeMap<String, u64> = rows.map(Result::unwrap).collect();
    if found == expected { Ok(handled) } else { Err(format!("at {handled} it has {found:?}")) }
}
