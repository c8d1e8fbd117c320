//! Waiting readers are woken by a notification of another process, and find events by polling without one.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use es_core::{EventStore, Expected, Filter};
use es_postgres::PostgresStore;
use futures_util::StreamExt;
use test_postgres::Database;
use tokio_postgres::{AsyncMessage, NoTls};

use crate::fixture::{Fixture, connect, one, with_append};

const LIMIT: Duration = Duration::from_secs(30);
/// The time within which an idle store must learn of another store's append.
const SOON: Duration = Duration::from_millis(50);
/// Long enough for polling to become rare.
const IDLE: Duration = Duration::from_millis(600);
/// Added to the idle time in each round, so that the phase of polling, four times a second, differs.
const LONGER: Duration = Duration::from_millis(50);

#[tokio::test]
async fn an_append_soon_wakes_an_idle_store() {
    let fixture = Fixture::new().await;
    let other = PostgresStore::connect(&fixture.database.url()).await.unwrap();
    wakes_soon(&other, async || drop(fixture.store.append(one("1", Expected::Any).into()).await.unwrap())).await;
}

#[tokio::test]
async fn a_callers_commit_soon_wakes_idle_stores() {
    let fixture = Fixture::new().await;
    let url = fixture.database.url();
    let other = PostgresStore::connect(&url).await.unwrap();
    let append = async || {
        let mut client = connect(&url).await;
        let transaction = client.transaction().await.unwrap();
        fixture.store.append_in(&transaction, one("1", Expected::Any)).await.unwrap();
        // So late that a single poll after the insert does not find it.
        tokio::time::sleep(Duration::from_millis(100)).await;
        transaction.commit().await.unwrap();
    };
    wakes_soon(&other, &append).await;
    wakes_soon(&fixture.store, &append).await;
    let append = async || {
        let mut client = connect(&url).await;
        let transaction = client.transaction().await.unwrap();
        let statement = fixture.store.append_statement(one("1", Expected::Any)).unwrap();
        let row = transaction.query_one(statement.sql(), &[&statement.parameter()]).await.unwrap();
        statement.outcome(row.get(0)).unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        transaction.commit().await.unwrap();
    };
    wakes_soon(&other, append).await;
}

#[tokio::test]
async fn without_notifications_events_are_found_by_polling() {
    let database = Database::fresh().unwrap();
    // Shadows the server's function, as if a proxy dropped all notifications.
    let without_notify = [
        "CREATE SCHEMA no_notify",
        "CREATE FUNCTION no_notify.pg_notify(text, text) RETURNS void LANGUAGE sql AS ''",
        &format!("ALTER DATABASE {} SET search_path = no_notify, pg_catalog, public", database.name()),
    ];
    database.run(&without_notify).unwrap();
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    let other = PostgresStore::connect(&database.url()).await.unwrap();
    let append = async || drop(store.append(one("1", Expected::Any).into()).await.unwrap());
    let mut delays = Vec::new();
    // On a slow machine, polling may by chance come just in time in three of five rounds.
    for _ in 0..4 {
        let delay = median_delay(&other, &append).await;
        if delay > SOON {
            return;
        }
        delays.push(delay);
    }
    panic!("woken without a notification after {delays:?}");
}

#[tokio::test]
async fn notifications_are_coalesced_and_sent_outside_append_transactions() {
    let (count, overlap) = notifications(&Fixture::new().await, "").await;
    assert!(count < 100, "{count} notifications for 200 appends");
    assert!(overlap.is_empty(), "a session that appends sends notifications");
}

#[tokio::test]
async fn notifying_inside_an_append_transaction_is_caught() {
    let fixture = Fixture::new().await;
    let (_, overlap) = notifications(&fixture, "PERFORM pg_notify('{channel}', '');").await;
    assert!(!overlap.is_empty());
}

/// The median wake-up must be within [`SOON`]; tried four times, in case the machine is busy.
async fn wakes_soon(store: &PostgresStore, append: impl AsyncFn()) {
    let mut delays = Vec::new();
    for _ in 0..4 {
        let delay = median_delay(store, &append).await;
        if delay <= SOON {
            return;
        }
        delays.push(delay);
    }
    panic!("woken after {delays:?}");
}

/// The median time from the end of an append until its event arrives, in an idle store.
async fn median_delay(store: &PostgresStore, append: &impl AsyncFn()) -> Duration {
    let mut events = store.subscribe(store.frontier().await.unwrap(), &Filter::all());
    let mut delays = Vec::new();
    for number in 0..5 {
        tokio::time::sleep(IDLE + LONGER * number).await;
        append().await;
        let began = Instant::now();
        tokio::time::timeout(LIMIT, events.next()).await.unwrap().unwrap().unwrap();
        delays.push(began.elapsed());
    }
    delays.sort_unstable();
    delays[delays.len() / 2]
}

/// The number of notifications of 200 appends, and the sessions that both append and notify.
///
/// The function that appends also runs `inside`.
async fn notifications(fixture: &Fixture, inside: &str) -> (usize, BTreeSet<i32>) {
    let (client, mut connection) = tokio_postgres::connect(&fixture.database.url(), NoTls).await.unwrap();
    let (received, mut notifications) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(Ok(message)) = std::future::poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notification(notification) = message {
                received.send(notification.process_id()).unwrap_or_default();
            }
        }
    });
    let channel = "SELECT c FROM (SELECT substring(query from 'LISTEN (\\w+)') c FROM pg_stat_activity \
                   WHERE datname = current_database()) q WHERE c IS NOT NULL";
    let channel: String = loop {
        if let Some(row) = client.query_opt(channel, &[]).await.unwrap() {
            break row.get(0);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let inside =
        format!("INSERT INTO public.appending VALUES (pg_backend_pid()); {}", inside.replace("{channel}", &channel));
    let append = with_append("\nBEGIN\n", &format!("\nBEGIN {inside}\n"));
    client
        .batch_execute(&format!("CREATE TABLE public.appending (pid int); {append}; LISTEN {channel}"))
        .await
        .unwrap();
    for _ in 0..200 {
        fixture.store.append(one("1", Expected::Any).into()).await.unwrap();
    }
    let mut notifiers = vec![tokio::time::timeout(LIMIT, notifications.recv()).await.unwrap().unwrap()];
    tokio::time::sleep(Duration::from_millis(100)).await;
    notifiers.extend(std::iter::from_fn(|| notifications.try_recv().ok()));
    let appending = client.query("SELECT DISTINCT pid FROM public.appending", &[]).await.unwrap();
    let appending: BTreeSet<i32> = appending.iter().map(|row| row.get(0)).collect();
    assert!(!appending.is_empty());
    (notifiers.len(), notifiers.into_iter().filter(|pid| appending.contains(pid)).collect())
}
