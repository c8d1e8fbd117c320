//! Subscriptions catch up and continue live, between stores and through lost connections.

use std::time::Duration;

use es_core::{Append, Checkpoint, EventName, EventStore, Expected, Filter, NewEvent, SchemaVersion};
use es_postgres::PostgresStore;
use futures_util::StreamExt;
use uuid::Uuid;

use crate::{
    fixture::{Fixture, event, one, stream},
    warnings::Warnings,
};

const LIMIT: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_subscription_in_another_store_catches_up_and_continues_live() {
    let fixture = Fixture::new().await;
    let other = PostgresStore::connect(&fixture.database.url()).await.unwrap();
    fixture.store.append(one("1", Expected::Any).into()).await.unwrap();
    let mut events = other.subscribe(Checkpoint::START, &Filter::all());
    for number in 1..=50 {
        let event = tokio::time::timeout(LIMIT, events.next()).await.unwrap().unwrap().unwrap();
        assert_eq!(event.version, number);
        fixture.store.append(one("1", Expected::Any).into()).await.unwrap();
    }
}

#[tokio::test]
async fn many_subscriptions_get_every_event_once_and_in_order() {
    let fixture = Fixture::new().await;
    let subscribers: Vec<_> = (0..50)
        .map(|_| {
            let store = fixture.store.clone();
            tokio::spawn(async move {
                let events = store.subscribe(Checkpoint::START, &Filter::all()).take(300);
                events.map(|event| event.unwrap().position).collect::<Vec<_>>().await
            })
        })
        .collect();
    let mut positions = Vec::new();
    for number in 0..100 {
        let events = (0..3).map(|_| event("{}")).collect();
        let append = Append::new(stream(&format!("{}", number % 7)), Expected::Any, events);
        positions.extend(fixture.store.append(append.into()).await.unwrap().remove(0).positions);
    }
    for subscriber in subscribers {
        assert_eq!(tokio::time::timeout(LIMIT, subscriber).await.unwrap().unwrap(), positions);
    }
}

#[tokio::test]
async fn a_filtered_subscription_skips_other_events() {
    let fixture = Fixture::new().await;
    for number in 0..20 {
        fixture.store.append(one(&number.to_string(), Expected::Any).into()).await.unwrap();
    }
    let filter = Filter::all().category("account").name("account.closed");
    let mut events = fixture.store.subscribe(Checkpoint::START, &filter);
    assert!(tokio::time::timeout(Duration::from_millis(200), events.next()).await.is_err());
    let closed = NewEvent::from_json(
        Uuid::now_v7(),
        EventName::from_static("account.closed").unwrap(),
        SchemaVersion::FIRST,
        "{}",
    );
    let append = Append::new(stream("3"), Expected::Exists, vec![closed.unwrap()]);
    let position = fixture.store.append(append.into()).await.unwrap()[0].positions[0];
    let event = tokio::time::timeout(LIMIT, events.next()).await.unwrap().unwrap().unwrap();
    assert_eq!(event.position, position);
}

#[tokio::test]
async fn a_subscription_survives_lost_connections_and_warns() {
    let warnings = Warnings::default();
    let _subscribed = tracing::subscriber::set_default(warnings.clone());
    let fixture = Fixture::new().await;
    let client = fixture.client().await;
    let mut events = fixture.store.subscribe(Checkpoint::START, &Filter::all());
    for number in 1..=5 {
        fixture.store.append(one("1", Expected::Any).into()).await.unwrap();
        let event = tokio::time::timeout(LIMIT, events.next()).await.unwrap().unwrap().unwrap();
        assert_eq!(event.version, number);
        let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                    WHERE datname = current_database() AND pid <> pg_backend_pid()";
        client.execute(kill, &[]).await.unwrap();
    }
    let lost = async || {
        while !warnings.text().contains("cannot listen for notifications") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(LIMIT, lost()).await.unwrap();
}
