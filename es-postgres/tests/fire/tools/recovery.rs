//! What is asked of a store after each fault: it works, it holds nothing, and it leaves nothing behind.

use std::sync::Arc;
use std::time::{Duration, Instant};

use es_core::{Append, EventStore, Expected, Position, StreamId};
use futures_util::future::try_join_all;

use crate::tools::ledger::Ledger;
use crate::tools::trial::connect;
use crate::tools::workload::event;

/// What one store opens at most: readers, the writer, the patient lane, large appends, and the listener.
pub(crate) const SESSIONS: i64 = 16 + 1 + 8 + 2 + 1;

/// How long a store may take to heal.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);

/// The name by which the stores of this process are known to the server.
pub(crate) fn application() -> String {
    format!("es-fire-{}", std::process::id())
}

/// The store appends to each of the streams and shows what it appended, without being started again.
///
/// # Errors
/// The stream that is stuck, or what the store says.
pub(crate) async fn every_stream_accepts_appends(
    store: &dyn EventStore,
    ledger: &Ledger,
    streams: u64,
    limit: Duration,
) -> Result<(), String> {
    let deadline = Instant::now() + limit;
    let appends = (0..streams).map(|number| async move {
        let stream = StreamId::new("fire", number.to_string()).map_err(|error| error.to_string())?;
        // what is refused again and again is told by its error
        match tokio::time::timeout(
            limit + Duration::from_secs(1),
            append_until_acknowledged(store, ledger, &stream, deadline),
        )
        .await
        {
            Ok(position) => position,
            Err(_) => Err(format!("stream `{stream}` is stuck")),
        }
    });
    let last = try_join_all(appends).await?.into_iter().max().unwrap_or_default();
    let before = Position::new(last.get() - 1);
    match tokio::time::timeout(limit, store.changed(before.into())).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(format!("the store does not heal: {error}")),
        Err(_) => {
            let frontier = tokio::time::timeout(Duration::from_secs(1), store.frontier()).await;
            Err(format!("the frontier does not move any more: {frontier:?} is not above {before:?}"))
        }
    }
}

async fn append_until_acknowledged(
    store: &dyn EventStore,
    ledger: &Ledger,
    stream: &StreamId,
    deadline: Instant,
) -> Result<Position, String> {
    loop {
        let append = Append::new(stream.clone(), Expected::Any, vec![event()]);
        match ledger.append(store, vec![append]).await {
            Ok(answer) => return Ok(answer[0].positions[0]),
            Err(error) if Instant::now() > deadline => return Err(format!("the store does not heal: {error}")),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// No transaction is left open, no lock is held, and no store has more sessions than it may.
///
/// # Errors
/// What is left.
pub(crate) async fn nothing_is_held(url: &str, stores: usize, limit: Duration) -> Result<(), String> {
    let most = SESSIONS * i64::try_from(stores).map_err(|error| error.to_string())?;
    wait_until_idle(url, most, &application(), limit).await
}

/// No session of this process' stores is left, now that they are dropped.
///
/// # Errors
/// What is left.
pub(crate) async fn no_session_is_left(url: &str, limit: Duration) -> Result<(), String> {
    wait_until_idle(url, 0, &application(), limit).await
}

/// No session is left of any process.
///
/// # Errors
/// What is left.
pub(crate) async fn no_session_of_any_process_is_left(url: &str) -> Result<(), String> {
    wait_until_idle(url, 0, "es-fire-%", TIMEOUT).await
}

/// The store works, and when it is dropped neither it nor what it was leaves anything behind.
///
/// # Errors
/// What does not work, or is left.
pub(crate) async fn recovers_and_leaves_nothing(store: Arc<dyn EventStore>, url: &str) -> Result<(), String> {
    every_stream_accepts_appends(&*store, &Ledger::default(), 4, TIMEOUT).await?;
    nothing_is_held(url, 1, TIMEOUT).await?;
    drop(store);
    no_session_is_left(url, TIMEOUT).await
}

async fn wait_until_idle(url: &str, most: i64, application: &str, limit: Duration) -> Result<(), String> {
    let client = connect(url).await;
    let deadline = Instant::now() + limit;
    let query =
        "WITH a AS (SELECT * FROM pg_stat_activity WHERE application_name LIKE $1 AND datname = current_database())
                 SELECT (SELECT count(*) FROM a WHERE state LIKE 'idle in%'), (SELECT count(*) FROM a),
                        (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
                          AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))";
    loop {
        let row = client.query_one(query, &[&application]).await.unwrap();
        let (open, sessions, locks): (i64, i64, i64) = (row.get(0), row.get(1), row.get(2));
        if open == 0 && locks == 0 && sessions <= most {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(format!("{open} open transactions, {locks} locks and {sessions} sessions of {most} are left"));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
