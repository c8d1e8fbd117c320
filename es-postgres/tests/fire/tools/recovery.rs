//! Checks after a fault: the store works again, holds no locks, and leaves no sessions behind.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use es_core::{Append, EventStore, Expected, Position, StreamId};
use futures_util::future::try_join_all;

use crate::tools::{ledger::Ledger, trial::connect, workload::event};

/// The most sessions of one store: readers, the writer, the lane of waiting appends, large appends, and the listener.
pub(crate) const SESSIONS: i64 = 16 + 1 + 8 + 2 + 1;

/// The time within which a store must recover.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);

/// The `application_name` of the stores of this process.
pub(crate) fn application() -> String {
    format!("es-fire-{}", std::process::id())
}

/// The store appends to each of the streams, and its frontier reaches the last event.
///
/// # Errors
/// The stream that is stuck, or the store's error.
pub(crate) async fn every_stream_accepts_appends(
    store: &dyn EventStore,
    ledger: &Ledger,
    streams: u64,
    limit: Duration,
) -> Result<(), String> {
    let deadline = Instant::now() + limit;
    let appends = (0..streams).map(|number| async move {
        let stream = StreamId::new("fire", number.to_string()).map_err(|error| error.to_string())?;
        // An append that keeps failing ends earlier, with its error.
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
        Ok(Err(error)) => Err(format!("the store does not recover: {error}")),
        Err(_) => {
            let frontier = tokio::time::timeout(Duration::from_secs(1), store.frontier()).await;
            Err(format!("the frontier does not advance: {frontier:?} is not above {before:?}"))
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
            Err(error) if Instant::now() > deadline => return Err(format!("the store does not recover: {error}")),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// No transaction is open, no lock is held, and no store has more than [`SESSIONS`].
///
/// # Errors
/// The open transactions, locks and sessions.
pub(crate) async fn nothing_is_held(url: &str, stores: usize, limit: Duration) -> Result<(), String> {
    let most = SESSIONS * i64::try_from(stores).map_err(|error| error.to_string())?;
    wait_until_idle(url, most, &application(), limit).await
}

/// No session of this process's dropped stores is left.
///
/// # Errors
/// The open transactions, locks and sessions.
pub(crate) async fn no_session_is_left(url: &str, limit: Duration) -> Result<(), String> {
    wait_until_idle(url, 0, &application(), limit).await
}

/// No session of any process is left.
///
/// # Errors
/// The open transactions, locks and sessions.
pub(crate) async fn no_session_of_any_process_is_left(url: &str) -> Result<(), String> {
    wait_until_idle(url, 0, "es-fire-%", TIMEOUT).await
}

/// The store works, and leaves no session behind when it is dropped.
///
/// # Errors
/// The first check that fails.
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
