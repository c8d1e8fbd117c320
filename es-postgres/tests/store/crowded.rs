//! A server that has room for no more connections, and a pool that has none to give: what the errors say of it.

use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, PoolError, RecyclingMethod, Runtime};
use es_core::{Append, AppendError, Checkpoint, EventStore, Expected, Filter, ReadError, StoreError, StoreErrorKind};
use es_postgres::{PostgresAppendError, PostgresConnectError, PostgresError, PostgresReadError, PostgresStore};
use futures_util::TryStreamExt;
use futures_util::future::join_all;
use test_postgres::{Database, Server};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls};

use crate::fixture::{all, connect, event, one, stream};

/// Takes connections as the user of `url` until the server has no room for another, also when those are gone that were
/// closed just before.
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
    let (PostgresError::Connect(said) | PostgresError::Pool(PoolError::Backend(said))) = error else { return false };
    said.code() == Some(&SqlState::TOO_MANY_CONNECTIONS)
}

fn says_busy(error: &StoreError) {
    assert!(error.kind() == StoreErrorKind::Busy && error.is_transient(), "{error:?}");
}

/// As the user of `url`, whom the server refuses more connections at some point.
async fn is_busy(url: &str) {
    let builder = || PostgresStore::builder(url).pool_size(5).retry_for(Duration::ZERO).migrate(false);
    let store = builder().connect().await.unwrap();
    let room = fill(url).await;

    // the writer's first connection, for one append and for a batch of several
    let append = one("1", Expected::NoStream);
    for answer in [store.append(append.clone().into()).await, store.append(one("2", Expected::Any).into()).await] {
        let Err(AppendError::Store(error)) = answer else { panic!("{answer:?}") };
        let said = error.downcast_ref();
        assert!(matches!(said, Some(PostgresAppendError::Server(said)) if is_too_many(said)), "{error:?}");
        says_busy(&error);
    }
    let batch = (0..20).map(|number| store.append(one(&number.to_string(), Expected::Any).into()));
    for answer in join_all(batch).await {
        let Err(AppendError::Store(error)) = answer else { panic!("{answer:?}") };
        let said = error.downcast_ref();
        assert!(matches!(said, Some(PostgresAppendError::Server(said)) if is_too_many(said)), "{error:?}");
        says_busy(&error);
    }
    // Every reader is answered over the shared connection that is open, although there is no room for another.
    let answers = join_all((0..20).map(|_| store.frontier())).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    // A reader is refused only when that connection is gone.
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND usename = current_user AND application_name = 'es'";
    room[0].batch_execute(end).await.unwrap();
    let more_room = fill(url).await;
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
    let said = error.downcast_ref();
    assert!(matches!(said, Some(PostgresReadError::Server(said)) if is_too_many(said)), "{error:?}");
    says_busy(&error);
    // a store that is opened
    let error = builder().connect().await.unwrap_err();
    assert!(matches!(&error, PostgresConnectError::Server(said) if is_too_many(said)), "{error:?}");
    assert!(error.is_transient());
    says_busy(&error.into());

    drop((room, more_room));
    // the server takes a while to notice that they are gone
    let answer = loop {
        match store.append(append.clone().into()).await {
            Err(AppendError::Store(error)) => says_busy(&error),
            answer => break answer.unwrap(),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert!(!answer[0].repeated, "what was busy had written nothing");
    let stored = loop {
        match store.frontier().await {
            Ok(_) => break all(&store).await,
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    };
    assert_eq!(stored.iter().map(|event| event.id).collect::<Vec<_>>(), [append[0].events[0].id()]);
}

#[tokio::test]
async fn a_server_without_room_for_another_connection_is_busy_and_wrote_nothing() {
    let server = Server::start(&[("max_connections", "20")]).unwrap();
    let database = Database::on(&server.url()).unwrap();
    drop(PostgresStore::connect(&database.url()).await.unwrap());
    is_busy(&database.url()).await;
}

#[tokio::test]
async fn a_role_that_has_as_many_connections_as_it_may_is_busy_and_wrote_nothing() {
    let server = Server::start(&[]).unwrap();
    let database = Database::on(&server.url()).unwrap();
    drop(PostgresStore::connect(&database.url()).await.unwrap());
    database.run(&[&PostgresStore::hardening("crowd"), "ALTER ROLE crowd CONNECTION LIMIT 9"]).unwrap();
    is_busy(&database.url().replace("postgres@", "crowd@")).await;
}

#[tokio::test]
async fn a_pool_that_gives_no_connection_in_time_timed_out_and_wrote_nothing() {
    let database = Database::fresh().unwrap();
    let mut config: tokio_postgres::Config = database.url().parse().unwrap();
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
    let says_timed_out = |error: ReadError| {
        let ReadError::Store(error) = error else { panic!("{error:?}") };
        let said = error.downcast_ref();
        let of_pool = matches!(said, Some(PostgresReadError::Server(PostgresError::Pool(PoolError::Timeout(_)))));
        assert!(of_pool && error.kind() == StoreErrorKind::TimedOut && error.is_transient(), "{error:?}");
    };
    // what comes after the first page goes over the pool
    let read = store.read_all(Checkpoint::START, &Filter::all(), None).try_collect::<Vec<_>>().await;
    says_timed_out(read.unwrap_err());
    // so does a connection for all readers to share, in the place of one that broke
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND application_name = 'theirs' AND query !~ 'lent'";
    lent.batch_execute("SELECT 'lent'").await.unwrap();
    connect(&database.url()).await.batch_execute(end).await.unwrap();
    let timed_out = loop {
        match store.frontier().await {
            // the end of the old connection is told before it is known that there is no other
            Err(ReadError::Store(error)) if error.kind() == StoreErrorKind::Unavailable => {}
            answer => break answer.unwrap_err(),
        }
    };
    says_timed_out(timed_out);
    drop(lent);
    assert_eq!(all(&store).await.len(), 1_000);
}
