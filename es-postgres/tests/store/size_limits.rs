//! Appends at the size limits, and over them.

use es_core::{
    Append, AppendError, Direction, EventStore, Expected, LimitError, NewEvent, Version,
    limits::{APPEND_BYTES, EVENTS, PAYLOAD_BYTES},
};
use futures_util::TryStreamExt;
use uuid::Uuid;

use crate::fixture::{Fixture, event, stream};

/// An append of `events` events with payloads of `bytes` bytes.
fn append(id: &str, events: usize, bytes: usize) -> Vec<Append> {
    let one = event(&format!("\"{}\"", "\\\"".repeat((bytes - 2) / 2)));
    let events: Vec<NewEvent> = (0..events).map(|_| one.clone().with_id(Uuid::now_v7())).collect();
    vec![Append::new(stream(id), Expected::NoStream, events)]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_at_the_size_limit_works_in_a_callers_transaction() {
    let fixture = Fixture::new().await;
    let mut client = fixture.client().await;
    // A few long events, and many short ones, with characters that JSON text must escape.
    let few = |id| append(id, APPEND_BYTES / PAYLOAD_BYTES, PAYLOAD_BYTES);
    let many = |id| append(id, EVENTS, APPEND_BYTES / EVENTS / 2 * 2);
    let transaction = client.transaction().await.unwrap();
    fixture.store.append_in(&transaction, few("in")).await.unwrap();
    let statement = fixture.store.append_statement(many("statement")).unwrap();
    let row = transaction.query_one(statement.sql(), &[&statement.parameter()]).await.unwrap();
    statement.outcome(row.get(0)).unwrap();
    transaction.commit().await.unwrap();
    for (id, count) in [("in", 64), ("statement", EVENTS)] {
        let events = fixture.store.read_stream(&stream(id), Version::FIRST, Direction::Forward, None);
        let lengths = events.map_ok(|event| event.payload.len()).try_collect::<Vec<_>>().await.unwrap();
        assert_eq!((lengths.len(), lengths.windows(2).all(|two| two[0] == two[1])), (count, true), "{id}");
        assert!(lengths.iter().sum::<usize>() > APPEND_BYTES - 2 * EVENTS, "{id}");
    }
}

#[tokio::test]
async fn an_append_over_the_size_limit_is_refused_before_sending() {
    let fixture = Fixture::new().await;
    let mut client = fixture.client().await;
    let mut appends = append("1", APPEND_BYTES / PAYLOAD_BYTES, PAYLOAD_BYTES);
    appends.push(Append::new(stream("2"), Expected::Any, vec![event("1")]));
    let too_large = |error: AppendError| {
        let bytes = APPEND_BYTES + 1;
        assert!(matches!(error, AppendError::Limit(LimitError::TooLarge { bytes: seen }) if seen == bytes), "{error}");
    };
    too_large(fixture.store.append(appends.clone().into()).await.unwrap_err());
    too_large(fixture.store.append_statement(appends.clone()).unwrap_err());
    let transaction = client.transaction().await.unwrap();
    too_large(fixture.store.append_in(&transaction, appends).await.unwrap_err());
    transaction.query("SELECT 1", &[]).await.unwrap();
}
