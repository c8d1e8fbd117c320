//! The errors of a server or a role without free connections, and of an exhausted pool.

use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, PoolError, RecyclingMethod, Runtime};
use es_core::{Append, AppendError, Checkpoint, EventStore, Expected, Filter, ReadError, StoreError, StoreErrorKind};
use es_postgres::{PostgresAppendError, PostgresConnectError, PostgresError, PostgresReadError, PostgresStore};
use futures_util::{TryStreamExt, future::join_all};
use test_postgres::{Database, Server};
use tokio_postgres::{Client, Config, NoTls, error::SqlState};

use crate::fixture::{all, connect, event, one, stream};

/// Opens connections as the user of `url` until the server refuses ten in a row.
///
/// Connections that were closed just before take a while to end.
async fn fill(url: &str) -> Vec<Client> {
    let (mut taken, mut refused) = (Vec::new(), 0);
    while refused < 10 {
        match tokio_postgres::connect(url, NoTls).await {
            Ok((client, connection)) => {
                tokio::spawn(connection);
                taken.push(client);
            }
            Err(error) => {
                assert_eq!(error.code(), Some(&SqlState::TOO_MANY_CONNECTIONS), "{error:?}");
                refused += 1;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
    taken
}

fn is_too_many(error: &PostgresError) -> bool {
    let (PostgresError::Connect(error) | PostgresError::Pool(PoolError::Backend(error))) = error else { return false };
    error.code() == Some(&SqlState::TOO_MANY_CONNECTIONS)
}

fn assert_busy(error: &StoreError) {
    assert!(error.kind() == StoreErrorKind::Busy && error.is_transient(), "{error:?}");
}

/// The store's errors are `Busy` while the server refuses connections to the user of `url`.
async fn refused_connections_are_busy(url: &str) {
    let builder = || PostgresStore::builder(url).pool_size(5).retry_for(Duration::ZERO).migrate(false);
    let store = builder().connect().await.unwrap();
    let taken = fill(url).await;

    // The writer's first connection, for one append and for a batch.
    let append = one("1", Expected::NoStream);
    for answer in [store.append(append.clone().into()).await, store.append(one("2", Expected::Any).into()).await] {
        let Err(AppendError::Store(error)) = answer else { panic!("{answer:?}") };
        let source = error.downcast_ref();
        assert!(matches!(source, Some(PostgresAppendError::Server(error)) if is_too_many(error)), "{error:?}");
        assert_busy(&error);
    }
    let batch = (0..20).map(|number| store.append(one(&number.to_string(), Expected::Any).into()));
    for answer in join_all(batch).await {
        let Err(AppendError::Store(error)) = answer else { panic!("{answer:?}") };
        let source = error.downcast_ref();
        assert!(matches!(source, Some(PostgresAppendError::Server(error)) if is_too_many(error)), "{error:?}");
        assert_busy(&error);
    }
    // Every reader is answered over the shared connection that is open, although there is no room for another.
    let answers = join_all((0..20).map(|_| store.frontier())).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    // A reader is refused only when that connection is gone.
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND usename = current_user AND application_name = 'es'";
    taken[0].batch_execute(end).await.unwrap();
    let more = fill(url).await;
    let error = loop {
        match store.frontier().await {
            // The store may not have noticed yet that its connection has ended.
            Err(ReadError::Store(error)) if error.kind() == StoreErrorKind::Unavailable => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            answer => break answer.unwrap_err(),
        }
    };
    let ReadError::Store(error) = error else { panic!("{error:?}") };
    let source = error.downcast_ref();
    assert!(matches!(source, Some(PostgresReadError::Server(error)) if is_too_many(error)), "{error:?}");
    assert_busy(&error);
    // The connect of a new store.
    let error = builder().connect().await.unwrap_err();
    assert!(matches!(&error, PostgresConnectError::Server(error) if is_too_many(error)), "{error:?}");
    assert!(error.is_transient());
    assert_busy(&error.into());

    drop((taken, more));
    // The server takes a while to end these sessions.
    let answer = loop {
        match store.append(append.clone().into()).await {
            Err(AppendError::Store(error)) => assert_busy(&error),
            answer => break answer.unwrap(),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert!(!answer[0].repeated, "a busy append wrote events");
    let stored = loop {
        match store.frontier().await {
            Ok(_) => break all(&store).await,
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    };
    assert_eq!(stored.iter().map(|event| event.id).collect::<Vec<_>>(), [append[0].events[0].id()]);
}

#[tokio::test]
async fn a_server_out_of_connections_is_busy_and_writes_nothing() {
    let server = Server::start(&[("max_connections", "20")]).unwrap();
    let database = Database::on(&server.url()).unwrap();
    drop(PostgresStore::connect(&database.url()).await.unwrap());
    refused_connections_are_busy(&database.url()).await;
}

#[tokio::test]
async fn a_role_out_of_connections_is_busy_and_writes_nothing() {
    let server = Server::start(&[]).unwrap();
    let database = Database::on(&server.url()).unwrap();
    drop(PostgresStore::connect(&database.url()).await.unwrap());
    database.run(&[&PostgresStore::hardening("crowd"), "ALTER ROLE crowd CONNECTION LIMIT 9"]).unwrap();
    refused_connections_are_busy(&database.url().replace("postgres@", "crowd@")).await;
}

#[tokio::test]
async fn an_exhausted_pool_times_out() {
    let database = Database::fresh().unwrap();
    let mut config: Config = database.url().parse().unwrap();
    config.application_name("theirs");
    let manager = Manager::from_config(config, NoTls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
    let pool = Pool::builder(manager)
        .max_size(1)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(Duration::from_millis(100)))
        .build()
        .unwrap();
    let store = PostgresStore::builder(&database.url()).pool(pool.clone()).retry_for(Duration::ZERO);
    let store = store.connect().await.unwrap();
    let events = (0..1_000).map(|_| event("{}")).collect();
    store.append(Append::new(stream("1"), Expected::NoStream, events).into()).await.unwrap();

    let lent = pool.get().await.unwrap();
    let assert_timed_out = |error: ReadError| {
        let ReadError::Store(error) = error else { panic!("{error:?}") };
        let source = error.downcast_ref();
        let of_pool = matches!(source, Some(PostgresReadError::Server(PostgresError::Pool(PoolError::Timeout(_)))));
        assert!(of_pool && error.kind() == StoreErrorKind::TimedOut && error.is_transient(), "{error:?}");
    };
    // Pages after the first one are read over the pool.
    let read = store.read_all(Checkpoint::START, &Filter::all(), None).try_collect::<Vec<_>>().await;
    assert_timed_out(read.unwrap_err());
    // A shared connection that replaces a lost one comes from the pool, too.
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND application_name = 'theirs' AND query !~ 'lent'";
    lent.batch_execute("SELECT 'lent'").await.unwrap();
    connect(&database.url()).await.batch_execute(end).await.unwrap();
    let timed_out = loop {
        match store.frontier().await {
            // A reader may fail on the lost connection before the store asks for a new one.
            Err(ReadError::Store(error)) if error.kind() == StoreErrorKind::Unavailable => {}
            answer => break answer.unwrap_err(),
        }
    };
    assert_timed_out(timed_out);
    drop(lent);
    assert_eq!(all(&store).await.len(), 1_000);
}
