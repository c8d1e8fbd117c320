//! Error kinds: a busy store has written nothing, and a failed connect reports its cause.

use std::{fmt::Debug, time::Duration};

use es_core::{AppendError, EventStore, Expected, StoreError, StoreErrorKind};
use es_postgres::{PostgresAppendError, PostgresError, PostgresStore};
use test_postgres::Database;

use crate::fixture::{Fixture, all, one};

fn store_error<T: Debug>(outcome: Result<T, AppendError>) -> StoreError {
    match outcome {
        Err(AppendError::Store(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_append_to_a_held_stream_is_busy_and_writes_nothing() {
    let fixture = Fixture::with(|builder| builder.lock_timeout(Duration::from_millis(100))).await;
    let mut client = fixture.client().await;
    let transaction = client.transaction().await.unwrap();
    fixture.store.append_in(&transaction, one("held", Expected::NoStream)).await.unwrap();
    let mut both = one("free", Expected::NoStream);
    both.extend(one("held", Expected::NoStream));
    let error = store_error(fixture.store.append(both.clone().into()).await);
    assert!(error.kind() == StoreErrorKind::Busy && error.is_transient(), "{error:?}");
    // Every append of a batch to the held stream is busy.
    let batch = (0..20).map(|_| fixture.store.append(one("held", Expected::Any).into()));
    for answer in futures_util::future::join_all(batch).await {
        assert_eq!(store_error(answer).kind(), StoreErrorKind::Busy);
    }
    transaction.rollback().await.unwrap();
    assert!(all(&fixture.store).await.is_empty(), "a busy append wrote events");
    let answers = fixture.store.append(both.into()).await.unwrap();
    assert!(answers.iter().all(|answer| !answer.repeated && answer.version.get() == 1), "{answers:?}");
    assert_eq!(all(&fixture.store).await.len(), 2);
}

#[tokio::test]
async fn a_deadlock_is_busy_and_writes_nothing() {
    let fixture = Fixture::new().await;
    let (mut one_client, mut other_client) = (fixture.client().await, fixture.client().await);
    let (first, second) = (one_client.transaction().await.unwrap(), other_client.transaction().await.unwrap());
    fixture.store.append_in(&first, one("a", Expected::NoStream)).await.unwrap();
    fixture.store.append_in(&second, one("b", Expected::NoStream)).await.unwrap();
    let (crossed, back) = (one("b", Expected::Any), one("a", Expected::Any));
    // The transaction whose append the server aborts rolls back, so that the other can continue.
    let ours = async {
        let answer = fixture.store.append_in(&first, crossed).await;
        if answer.is_err() { first.rollback().await } else { first.commit().await }.unwrap();
        answer
    };
    let theirs = async {
        let answer = fixture.store.append_in(&second, back).await;
        if answer.is_err() { second.rollback().await } else { second.commit().await }.unwrap();
        answer
    };
    let ((Err(lost), Ok(_)) | (Ok(_), Err(lost))) = tokio::join!(ours, theirs) else {
        panic!("both or none succeeded")
    };
    let error = store_error::<()>(Err(lost));
    assert_eq!(
        (error.kind(), all(&fixture.store).await.len()),
        (StoreErrorKind::Busy, 2),
        "only the winner's events are stored"
    );
    let Some(PostgresAppendError::Server(refused)) = error.downcast_ref() else { panic!("{error:?}") };
    assert!(matches!(&**refused, PostgresError::Refused { code, .. } if code == "40P01"), "{error:?}");
}

#[tokio::test]
async fn a_failed_connect_reports_its_error_kind() {
    let unreachable = PostgresStore::connect("postgres://me@127.0.0.1:1/bank").await.unwrap_err();
    assert_eq!(unreachable.kind(), StoreErrorKind::Unavailable, "{unreachable:?}");
    let database = Database::fresh().unwrap();
    let missing = database.url().replacen(database.name(), "there_is_none", 1);
    for url in [missing.as_str(), "postgres://me@localhost/bank?sslmode=prefer", "mysql://localhost"] {
        let error = StoreError::from(PostgresStore::connect(url).await.unwrap_err());
        assert_eq!(error.kind(), StoreErrorKind::Misconfigured, "{error:?}");
    }
    let older = PostgresStore::builder(&database.url()).migrate(false).connect().await.unwrap_err();
    assert_eq!(older.kind(), StoreErrorKind::Misconfigured, "{older:?}");
}
