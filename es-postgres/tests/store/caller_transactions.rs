//! Appends inside a caller's transaction.

use std::{
    error::Error,
    time::{Duration, Instant},
};

use es_core::{
    Append, AppendError, AppendRequest, Appended, EventStore, Expected, IdempotencyKey, Metadata, Violation,
};
use es_postgres::{PostgresAppendError, PostgresError, PostgresStore};
use sqlx::{Connection, Row};
use tokio_postgres::IsolationLevel;

use crate::fixture::{Fixture, all, event, exact, one, stream, with_append};

/// The error of type `E` inside a store error.
fn store_error<E: Error + 'static>(outcome: Result<Vec<Appended>, AppendError>) -> E {
    match outcome {
        Err(AppendError::Store(source)) => *source.into_inner().downcast().unwrap(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn events_and_caller_rows_commit_together() {
    let fixture = Fixture::new().await;
    let mut client = fixture.client().await;
    client.batch_execute("CREATE TABLE outbox (i int)").await.unwrap();
    for commit in [false, true] {
        let transaction = client.transaction().await.unwrap();
        transaction.execute("INSERT INTO outbox VALUES (1)", &[]).await.unwrap();
        let appended = fixture.store.append_in(&transaction, one("1", Expected::NoStream)).await.unwrap();
        assert_eq!(appended[0].version, 1);
        assert!(all(&fixture.store).await.is_empty());
        if commit { transaction.commit().await.unwrap() } else { transaction.rollback().await.unwrap() }
    }
    assert_eq!(all(&fixture.store).await.len(), 1);
    assert_eq!(client.query("SELECT FROM outbox", &[]).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_empty_append_leaves_the_transaction_usable() {
    let fixture = Fixture::new().await;
    let mut client = fixture.client().await;
    let transaction = client.transaction().await.unwrap();
    assert_eq!(fixture.store.append_in(&transaction, Vec::new()).await.unwrap(), []);
    let statement = fixture.store.append_statement(Vec::new()).unwrap();
    let answer: String = transaction.query_one(statement.sql(), &[&statement.parameter()]).await.unwrap().get(0);
    assert_eq!(statement.outcome(&answer).unwrap(), []);
    fixture.store.append_in(&transaction, one("1", Expected::NoStream)).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(all(&fixture.store).await.len(), 1);
}

#[tokio::test]
async fn a_conflict_or_a_repeat_leaves_the_transaction_usable() {
    let fixture = Fixture::new().await;
    let mut client = fixture.client().await;
    let first = one("1", Expected::NoStream);
    fixture.store.append(first.clone().into()).await.unwrap();
    let transaction = client.transaction().await.unwrap();
    let conflict = fixture.store.append_in(&transaction, one("1", Expected::NoStream)).await;
    assert!(matches!(conflict, Err(AppendError::Conflict(_))), "{conflict:?}");
    assert!(fixture.store.append_in(&transaction, first).await.unwrap()[0].repeated);
    fixture.store.append_in(&transaction, one("1", exact(1))).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(all(&fixture.store).await.len(), 2);
}

#[tokio::test]
async fn rolling_back_a_savepoint_releases_its_fence() {
    let fixture = Fixture::new().await;
    let (mut client, observer) = (fixture.client().await, fixture.client().await);
    let in_flight =
        async || observer.query_one("SELECT count(*) FROM es.es_in_flight", &[]).await.unwrap().get::<_, i64>(0);
    let mut transaction = client.transaction().await.unwrap();
    let savepoint = transaction.transaction().await.unwrap();
    fixture.store.append_in(&savepoint, one("1", Expected::NoStream)).await.unwrap();
    assert_eq!(in_flight().await, 1);
    savepoint.rollback().await.unwrap();
    assert_eq!(in_flight().await, 0);
    fixture.store.append(one("2", Expected::NoStream).into()).await.unwrap();
    fixture.store.append_in(&transaction, one("3", Expected::NoStream)).await.unwrap();
    assert_eq!(in_flight().await, 1);
    fixture.store.append(one("4", Expected::NoStream).into()).await.unwrap();
    let seen: Vec<_> = all(&fixture.store).await.iter().map(|event| event.stream.id().to_owned()).collect();
    assert_eq!(seen, ["2"]);
    transaction.commit().await.unwrap();
    let seen: Vec<_> = all(&fixture.store).await.iter().map(|event| event.stream.id().to_owned()).collect();
    assert_eq!(seen, ["2", "3", "4"]);
}

#[tokio::test]
async fn twenty_thousand_events_in_one_transaction_hold_one_fence() {
    let fixture = Fixture::new().await;
    let mut client = fixture.client().await;
    let transaction = client.transaction().await.unwrap();
    for number in 0..200 {
        let events = (0..100).map(|_| event("{}")).collect();
        let append = Append::new(stream("1"), exact(number * 100), events);
        fixture.store.append_in(&transaction, append).await.unwrap();
    }
    let row = transaction.query_one("SELECT count(*), min(low) FROM es.es_in_flight", &[]).await.unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (1, 0));
    transaction.commit().await.unwrap();
    assert_eq!(fixture.store.frontier().await.unwrap().position(), 20_000);
}

#[tokio::test]
async fn two_logs_in_one_transaction_are_both_fenced() {
    let fixture = Fixture::new().await;
    let other = PostgresStore::builder(&fixture.database.url()).schema("other").connect().await.unwrap();
    let (mut client, observer) = (fixture.client().await, fixture.client().await);
    let transaction = client.transaction().await.unwrap();
    fixture.store.append_in(&transaction, one("1", Expected::NoStream)).await.unwrap();
    other.append_in(&transaction, one("1", Expected::NoStream)).await.unwrap();
    for view in ["es.es_in_flight", "other.es_in_flight"] {
        let row = observer.query_one(&format!("SELECT count(*) FROM {view}"), &[]).await.unwrap();
        assert_eq!(row.get::<_, i64>(0), 1, "{view}");
    }
}

#[tokio::test]
async fn a_repeatable_read_transaction_is_refused() {
    let fixture = Fixture::new().await;
    let mut client = fixture.client().await;
    for level in [IsolationLevel::RepeatableRead, IsolationLevel::Serializable] {
        let transaction = client.build_transaction().isolation_level(level).start().await.unwrap();
        let refused = fixture.store.append_in(&transaction, one("1", Expected::NoStream)).await;
        let PostgresAppendError::Server(error) = store_error(refused) else { panic!("not of the server") };
        assert!(matches!(*error, PostgresError::Isolation));
    }
}

#[tokio::test]
async fn a_held_stream_delays_only_its_own_appends() {
    let fixture = Fixture::with(|builder| builder.lock_timeout(Duration::from_millis(400))).await;
    let mut client = fixture.client().await;
    let transaction = client.transaction().await.unwrap();
    fixture.store.append_in(&transaction, one("X", Expected::NoStream)).await.unwrap();
    // The task that holds X may await an append to another stream.
    fixture.store.append(one("Y", Expected::NoStream).into()).await.unwrap();
    // More appends than could wait one after the other within the time limit below.
    let waiting: Vec<_> = (0..100)
        .map(|_| {
            let store = fixture.store.clone();
            tokio::spawn(async move { store.append(one("X", Expected::Any).into()).await })
        })
        .collect();
    for number in 0..100 {
        let append = fixture.store.append(one(&number.to_string(), Expected::NoStream).into());
        tokio::time::timeout(Duration::from_secs(20), append).await.unwrap().unwrap();
    }
    let began = Instant::now();
    for waiter in waiting {
        let outcome = tokio::time::timeout(Duration::from_secs(20), waiter).await.unwrap().unwrap();
        assert!(matches!(store_error(outcome), PostgresAppendError::Held(_)));
    }
    assert!(began.elapsed() < Duration::from_secs(20), "the appends waited one after the other");
    transaction.commit().await.unwrap();
    assert_eq!(fixture.store.append(one("X", Expected::Any).into()).await.unwrap()[0].version, 2);
}

#[tokio::test]
async fn one_lock_for_all_streams_is_caught() {
    let fixture = Fixture::with(|builder| builder.lock_timeout(Duration::from_millis(300))).await;
    let shared = with_append("hashtext(u.c || u.i)", "0").replace("hashtext(categories[1] || ids[1])", "0");
    fixture.database.run(&[&shared]).unwrap();
    let mut client = fixture.client().await;
    let transaction = client.transaction().await.unwrap();
    fixture.store.append_in(&transaction, one("X", Expected::NoStream)).await.unwrap();
    let other = fixture.store.append(one("Y", Expected::NoStream).into()).await;
    assert!(matches!(store_error(other), PostgresAppendError::Held(_)));
}

#[tokio::test]
async fn a_waiting_append_succeeds_when_the_stream_is_released() {
    let fixture = Fixture::new().await;
    let mut client = fixture.client().await;
    let transaction = client.transaction().await.unwrap();
    fixture.store.append_in(&transaction, one("X", Expected::NoStream)).await.unwrap();
    let waiting: Vec<_> = (0..5)
        .map(|_| {
            let store = fixture.store.clone();
            tokio::spawn(async move { store.append(one("X", Expected::Any).into()).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    transaction.commit().await.unwrap();
    let mut versions = Vec::new();
    for waiter in waiting {
        versions.push(waiter.await.unwrap().unwrap()[0].version.get());
    }
    versions.sort_unstable();
    assert_eq!(versions, [2, 3, 4, 5, 6]);
}

#[tokio::test]
async fn an_append_statement_works_in_an_sqlx_transaction() {
    let fixture = Fixture::new().await;
    let mut connection = sqlx::PgConnection::connect(&fixture.database.url()).await.unwrap();
    let payload = r#"{ "quote" : "\"\\ü", "b":1,"b":2 }"#;
    let metadata = Metadata::new().with_actor("O'Neil");
    let events = vec![event(payload).with_metadata(&metadata).unwrap(), event("null")];
    let appends = vec![Append::new(stream("1"), Expected::NoStream, events), Append::assertion(stream("2"), exact(0))];
    let statement = fixture.store.append_statement(appends.clone()).unwrap();
    for repeated in [false, true] {
        let mut transaction = connection.begin().await.unwrap();
        let query = sqlx::query(sqlx::AssertSqlSafe(statement.sql())).bind(statement.parameter());
        let row = query.fetch_one(&mut *transaction).await.unwrap();
        let appended = statement.outcome(row.get::<&str, _>(0)).unwrap();
        transaction.commit().await.unwrap();
        assert_eq!((appended[0].version.get(), appended[0].repeated), (2, repeated));
        let stored = all(&fixture.store).await;
        assert_eq!(stored.iter().map(|event| event.position).collect::<Vec<_>>(), appended[0].positions);
        assert_eq!(stored[0].payload, payload.as_bytes());
        assert_eq!(stored[0].metadata.as_ref(), appends[0].events[0].metadata());
        assert_eq!(Some(stored[1].recorded_at), appended[0].recorded_at);
    }
}

#[tokio::test]
async fn debug_of_a_statement_hides_payloads() {
    let fixture = Fixture::new().await;
    let append = Append::new(stream("1"), Expected::NoStream, vec![event(r#""canary""#)]);
    let statement = fixture.store.append_statement(vec![append]).unwrap();
    assert!(statement.parameter().contains("canary"));
    let shown = format!("{statement:?}");
    assert!(!shown.contains("canary") && shown.contains("payload_bytes: 8"), "{shown}");
}

#[tokio::test]
async fn idempotency_keys_are_refused_in_a_callers_transaction() {
    let fixture = Fixture::new().await;
    let key = || IdempotencyKey::new("request-4711", [7; 32], "done").unwrap();
    let mut client = fixture.client().await;
    let transaction = client.transaction().await.unwrap();
    for request in [AppendRequest::from(one("1", Expected::NoStream)), AppendRequest::default()] {
        let refused = fixture.store.append_in(&transaction, request.clone().with_key(key())).await;
        assert!(matches!(refused, Err(AppendError::KeysUnsupported)), "{refused:?}");
        let refused = fixture.store.append_statement(request.with_key(key()));
        assert!(matches!(refused, Err(AppendError::KeysUnsupported)), "{refused:?}");
    }
    fixture.store.append_in(&transaction, one("2", Expected::NoStream)).await.unwrap();
    fixture.store.commit(transaction).await.unwrap();
    assert_eq!(all(&fixture.store).await.len(), 1);
}

/// Event ids of another stream: every expectation holds, and only a lookup before the insert finds them.
#[tokio::test]
async fn taken_event_ids_are_a_conflict_in_a_callers_transaction() {
    let fixture = Fixture::new().await;
    let taken = one("1", Expected::NoStream);
    fixture.store.append(taken.clone().into()).await.unwrap();
    let mut client = fixture.client().await;
    for events in [taken[0].events.clone(), vec![event("{}"), taken[0].events[0].clone()]] {
        let appends = vec![Append::new(stream("2"), Expected::NoStream, events)];
        let statement = fixture.store.append_statement(appends).unwrap();
        let transaction = client.transaction().await.unwrap();
        let row = transaction.query_one(statement.sql(), &[&statement.parameter()]).await.unwrap();
        let Err(AppendError::Conflict(conflict)) = statement.outcome(row.get(0)) else { panic!("no conflict") };
        assert!(conflict.violations().all(Violation::ids_taken));
        fixture.store.append_in(&transaction, one("3", Expected::Any)).await.unwrap();
        fixture.store.commit(transaction).await.unwrap();
        // Shows that the test can fail: without the lookup, the statement aborts the caller's transaction.
        let without_lookup = statement.sql().replacen("true, true, given", "true, false, given", 1);
        assert_ne!(without_lookup, statement.sql());
        let transaction = client.transaction().await.unwrap();
        let error = transaction.query_one(&without_lookup, &[&statement.parameter()]).await.unwrap_err();
        assert_eq!(error.code().unwrap().code(), "23505");
        assert!(transaction.query_one("SELECT 1", &[]).await.is_err());
    }
    assert_eq!(all(&fixture.store).await.len(), 3);
}
