//! COMMIT of a failed transaction: PostgreSQL rolls it back without an error, and the store reports that.

use es_core::{Append, AppendError, EventStore, Expected, NewEvent};
use es_postgres::{PostgresAppendError, PostgresCommitError, PostgresError, PostgresStore};
use sqlx::Connection;
use tokio_postgres::Transaction;

use crate::{
    fixture::{Fixture, all, event, exact, one, stream},
    pools::pool,
};

/// Appends, and ignores the error of another statement.
async fn append_and_ignore_an_error(store: &PostgresStore, transaction: &Transaction<'_>) {
    store.append_in(transaction, one("1", Expected::NoStream)).await.unwrap();
    assert!(transaction.batch_execute("SELECT 1 / 0").await.is_err());
}

fn sqlstate(error: &PostgresError) -> &str {
    match error {
        PostgresError::Refused { code, .. } => code,
        other => panic!("{other}"),
    }
}

/// The server's error for a transaction that was rolled back.
fn rolled_back(outcome: Result<(), PostgresCommitError>) -> PostgresError {
    match outcome {
        Err(PostgresCommitError::RolledBack(source)) => source,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_commit_after_a_swallowed_error_reports_the_rollback() {
    let fixture = Fixture::new().await;
    let mut client = fixture.client().await;
    let transaction = client.transaction().await.unwrap();
    append_and_ignore_an_error(&fixture.store, &transaction).await;
    // The driver's own commit reports no error.
    transaction.commit().await.unwrap();
    assert!(all(&fixture.store).await.is_empty());

    let transaction = client.transaction().await.unwrap();
    append_and_ignore_an_error(&fixture.store, &transaction).await;
    let error = rolled_back(fixture.store.commit(transaction).await);
    assert_eq!(sqlstate(&error), "25P02");
    assert!(all(&fixture.store).await.is_empty());

    let transaction = client.transaction().await.unwrap();
    fixture.store.append_in(&transaction, one("1", Expected::NoStream)).await.unwrap();
    fixture.store.commit(transaction).await.unwrap();
    assert_eq!(all(&fixture.store).await.len(), 1);
}

/// A caller may also ignore a failed append. A conflict does not fail the transaction.
#[tokio::test]
async fn a_commit_fails_after_a_failed_append_but_not_after_a_conflict() {
    let fixture = Fixture::new().await;
    fixture.database.run(&["ALTER TABLE es.events ADD CONSTRAINT theirs CHECK (payload::text <> '\"bad\"')"]).unwrap();
    let mut client = fixture.client().await;
    let transaction = client.transaction().await.unwrap();
    let bad = Append::new(stream("1"), Expected::Any, vec![event("\"bad\"")]);
    assert!(matches!(fixture.store.append_in(&transaction, bad).await, Err(AppendError::Store(_))));
    rolled_back(fixture.store.commit(transaction).await);

    let transaction = client.transaction().await.unwrap();
    let conflict = fixture.store.append_in(&transaction, one("1", exact(7))).await;
    assert!(matches!(conflict, Err(AppendError::Conflict(_))));
    fixture.store.append_in(&transaction, one("1", Expected::NoStream)).await.unwrap();
    fixture.store.commit(transaction).await.unwrap();
    assert_eq!(all(&fixture.store).await.len(), 1);
}

#[tokio::test]
async fn a_constraint_violation_at_commit_rolls_back() {
    let fixture = Fixture::new().await;
    let tables = "CREATE TABLE parents (id int PRIMARY KEY);
                  CREATE TABLE children (parent int REFERENCES parents DEFERRABLE INITIALLY DEFERRED)";
    fixture.database.run(&[tables]).unwrap();
    let mut client = fixture.client().await;
    let transaction = client.transaction().await.unwrap();
    transaction.batch_execute("INSERT INTO children VALUES (1)").await.unwrap();
    fixture.store.append_in(&transaction, one("1", Expected::NoStream)).await.unwrap();
    assert_eq!(sqlstate(&rolled_back(fixture.store.commit(transaction).await)), "23503");
    assert!(all(&fixture.store).await.is_empty());
}

/// The insert succeeds, and a deferred trigger fails at the commit.
#[tokio::test]
async fn an_append_that_fails_at_commit_is_refused() {
    let fixture = Fixture::new().await;
    let late = "CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    IF new.payload::text = '\"bad\"' THEN RAISE EXCEPTION 'late' USING ERRCODE = '23514'; END IF;
                    RETURN NULL; END $$;
                CREATE CONSTRAINT TRIGGER late AFTER INSERT ON es.events DEFERRABLE INITIALLY DEFERRED
                    FOR EACH ROW EXECUTE FUNCTION late()";
    fixture.database.run(&[late]).unwrap();
    let append = |events: Vec<NewEvent>| vec![Append::new(stream("1"), Expected::Any, events)];
    for events in [vec![event("\"bad\"")], vec![event("{}"), event("\"bad\"")]] {
        let Err(AppendError::Store(source)) = fixture.store.append(append(events).into()).await else {
            panic!("acknowledged")
        };
        let Some(PostgresAppendError::Server(error)) = source.downcast_ref() else { panic!("{source:?}") };
        assert_eq!(sqlstate(error), "23514");
        assert!(all(&fixture.store).await.is_empty());
    }
    fixture.store.append(append(vec![event("{}")]).into()).await.unwrap();
}

#[tokio::test]
async fn a_failed_savepoint_is_reported_and_the_rest_is_committed() {
    let fixture = Fixture::new().await;
    let mut client = fixture.client().await;
    let mut transaction = client.transaction().await.unwrap();
    let savepoint = transaction.transaction().await.unwrap();
    append_and_ignore_an_error(&fixture.store, &savepoint).await;
    assert_eq!(sqlstate(&rolled_back(fixture.store.commit(savepoint).await)), "25P02");
    let savepoint = transaction.transaction().await.unwrap();
    fixture.store.append_in(&savepoint, one("2", Expected::NoStream)).await.unwrap();
    fixture.store.commit(savepoint).await.unwrap();
    fixture.store.append_in(&transaction, one("3", Expected::NoStream)).await.unwrap();
    assert!(all(&fixture.store).await.is_empty());
    fixture.store.commit(transaction).await.unwrap();
    let ids: Vec<_> = all(&fixture.store).await.iter().map(|event| event.stream.id().to_owned()).collect();
    assert_eq!(ids, ["2", "3"]);
}

/// A statement of the caller may have committed or rolled back the transaction.
#[tokio::test]
async fn a_transaction_that_a_statement_ended_is_not_committed_again() {
    let fixture = Fixture::new().await;
    let mut client = fixture.client().await;
    for ended in ["ROLLBACK", "COMMIT"] {
        let transaction = client.transaction().await.unwrap();
        transaction.batch_execute(ended).await.unwrap();
        match fixture.store.commit(transaction).await {
            Err(PostgresCommitError::NoTransaction(error)) => assert_eq!(sqlstate(&error), "25P01", "{ended}"),
            other => panic!("{ended}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_connection_lost_before_commit_is_a_rollback_and_during_it_unknown() {
    let fixture = Fixture::new().await;
    let ends = "CREATE TABLE theirs (i int);
                CREATE FUNCTION ends() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(60); RETURN NULL; END $$;
                CREATE CONSTRAINT TRIGGER ends AFTER INSERT ON theirs DEFERRABLE INITIALLY DEFERRED
                    FOR EACH ROW EXECUTE FUNCTION ends()";
    fixture.database.run(&[ends]).unwrap();
    let mut client = fixture.client().await;
    let transaction = client.transaction().await.unwrap();
    fixture.store.append_in(&transaction, one("1", Expected::NoStream)).await.unwrap();
    assert!(transaction.batch_execute("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(60)").await.is_err());
    let lost = rolled_back(fixture.store.commit(transaction).await);
    assert!(matches!(lost, PostgresError::Lost(_)), "{lost}");

    let mut client = fixture.client().await;
    let transaction = client.transaction().await.unwrap();
    transaction.batch_execute("INSERT INTO theirs VALUES (1)").await.unwrap();
    let unknown = fixture.store.commit(transaction).await.unwrap_err();
    assert!(matches!(&unknown, PostgresCommitError::Unknown(PostgresError::Lost(_))), "{unknown}");
}

#[tokio::test]
async fn a_pooled_transaction_is_committed_the_same_way() {
    let fixture = Fixture::new().await;
    let pool = pool(&fixture.database, 1, "");
    let mut client = pool.get().await.unwrap();
    let transaction = client.transaction().await.unwrap();
    append_and_ignore_an_error(&fixture.store, &transaction).await;
    assert_eq!(sqlstate(&rolled_back(fixture.store.commit(transaction).await)), "25P02");
    let transaction = client.transaction().await.unwrap();
    fixture.store.append_in(&transaction, one("1", Expected::NoStream)).await.unwrap();
    fixture.store.commit(transaction).await.unwrap();
    assert_eq!(all(&fixture.store).await.len(), 1);
}

/// As the documentation says for other drivers, one more statement before the commit reports the failure.
#[tokio::test]
async fn a_statement_before_commit_shows_the_failure_in_another_driver() {
    let fixture = Fixture::new().await;
    let mut connection = sqlx::PgConnection::connect(&fixture.database.url()).await.unwrap();
    for statement_before_commit in [false, true] {
        let mut transaction = connection.begin().await.unwrap();
        let statement = fixture.store.append_statement(one("1", Expected::NoStream)).unwrap();
        let query = sqlx::query(sqlx::AssertSqlSafe(statement.sql())).bind(statement.parameter());
        query.fetch_one(&mut *transaction).await.unwrap();
        assert!(sqlx::query("SELECT 1 / 0").execute(&mut *transaction).await.is_err());
        if statement_before_commit {
            let error = sqlx::query("SELECT 1").execute(&mut *transaction).await.unwrap_err();
            assert_eq!(error.as_database_error().unwrap().code().unwrap(), "25P02");
        } else {
            transaction.commit().await.unwrap();
        }
        assert!(all(&fixture.store).await.is_empty());
    }
}
