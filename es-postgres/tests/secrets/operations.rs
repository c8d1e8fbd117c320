//! Calls every operation of a store, and searches the `Debug` output of every answer.

use std::{error::Error, fmt::Debug, ops::ControlFlow, time::Duration};

use es_core::{
    Append, AppendError, AsOf, Checkpoint, Claimed, Direction, EventName, EventStore, Expected, Filter, Metadata,
    NewEvent, Position, ReadModelFailure, ReadModelId, ReadModelState, ReadModelStep, SchemaVersion, StoreError,
    StoreErrorKind, StoredEvent, StoredRow, StoredSnapshot, StreamId, UnknownOutcome, Version,
};
use es_postgres::{PostgresBuilder, PostgresStore};
use futures_util::{StreamExt, TryStreamExt, future::join_all};
use sqlx::Connection;
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use crate::{METADATA, PASSWORD, PAYLOAD, SNAPSHOT, Setup, capture::Capture};

fn stream(id: &str) -> StreamId {
    StreamId::new("account", id).unwrap()
}

/// An event with secrets; `more` extends its payload.
fn event(more: &str) -> NewEvent {
    let name = EventName::from_static("account.opened").unwrap();
    let payload = format!(r#"{{"text":"{PAYLOAD}","more":"{more}"}}"#);
    let metadata = Metadata::new().with_actor(METADATA).with_extra("more", METADATA);
    let event = NewEvent::from_json(Uuid::now_v7(), name, SchemaVersion::FIRST, payload).unwrap();
    event.with_metadata(&metadata).unwrap()
}

fn append(id: &str, expected: Expected) -> Append {
    Append::new(stream(id), expected, vec![event("x"), event("y")])
}

fn builder(setup: &Setup) -> PostgresBuilder {
    PostgresStore::builder(&setup.url).application_name("secrets")
}

async fn client(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Searches the `Debug` output of an answer, and an error with its sources.
fn search<T: Debug>(capture: &Capture, what: &str, answer: &Result<T, impl Error + 'static>) {
    capture.search(what, &format!("{answer:?} {answer:#?}"));
    if let Err(error) = answer {
        capture.search_error(what, error);
    }
}

pub(crate) async fn appends(setup: &Setup, capture: &Capture) {
    let builder = builder(setup);
    capture.search("a builder", &format!("{builder:?} {builder:#?}"));
    let store = builder.connect().await.unwrap();
    capture.search("a store", &format!("{store:?} {store:#?}"));
    let first = append("1", Expected::NoStream);
    search(capture, "one", &store.append(first.clone().into()).await);
    search(capture, "a repeat", &store.append(first.clone().into()).await);
    search(
        capture,
        "ids that are taken",
        &store.append(Append::new(stream("2"), first.expected, first.events.clone()).into()).await,
    );
    search(capture, "a conflict", &store.append(append("1", Expected::NoStream).into()).await);
    let several =
        vec![append("3", Expected::Any), append("4", Expected::Any), Append::assertion(stream("1"), Expected::Exists)];
    search(capture, "several streams", &store.append(several.into()).await);
    search(capture, "twice", &store.append(vec![first.clone(), first.clone()].into()).await);
    let batch = (0..200).map(|number| store.append(append(&format!("{}", number % 20), Expected::Any).into()));
    for answer in join_all(batch).await {
        search(capture, "a batch", &answer);
    }
    let big = event(&"z".repeat(1024 * 1000));
    let large = (0..6).map(|_| big.clone().with_id(Uuid::now_v7())).collect();
    search(capture, "a large one", &store.append(Append::new(stream("large"), Expected::Any, large).into()).await);
    search(
        capture,
        "resolved",
        &store
            .resolve(UnknownOutcome::new(vec![first.clone()], StoreError::new(StoreErrorKind::Unavailable, "lost")))
            .await,
    );
    let unknown = UnknownOutcome::new(vec![first], StoreError::new(StoreErrorKind::Unavailable, "lost"));
    search(capture, "unknown", &Err::<(), _>(AppendError::from(unknown)));
}

pub(crate) async fn transactions(setup: &Setup, capture: &Capture) {
    let store = builder(setup).connect().await.unwrap();
    let mut client = client(&setup.url).await;
    let transaction = client.transaction().await.unwrap();
    search(capture, "append_in", &store.append_in(&transaction, append("in", Expected::NoStream)).await);
    search(capture, "append_in", &store.append_in(&transaction, append("in", Expected::NoStream)).await);
    transaction.commit().await.unwrap();
    let statement = store.append_statement(vec![append("statement", Expected::NoStream)]).unwrap();
    capture.search("a statement", &format!("{statement:?} {statement:#?} {}", statement.sql()));
    let mut connection = sqlx::PgConnection::connect(&setup.url).await.unwrap();
    let mut transaction = connection.begin().await.unwrap();
    let query = sqlx::query_scalar(sqlx::AssertSqlSafe(statement.sql())).bind(statement.parameter());
    let answer: String = query.fetch_one(&mut *transaction).await.unwrap();
    search(capture, "its outcome", &statement.outcome(&answer));
    search(capture, "another outcome", &statement.outcome("{}"));
    transaction.commit().await.unwrap();
}

pub(crate) async fn reads(setup: &Setup, capture: &Capture) {
    let store = builder(setup).connect().await.unwrap();
    for direction in [Direction::Forward, Direction::Backward] {
        let events = store.read_stream(&stream("large"), Version::MAX, direction, None);
        search(capture, "a stream", &events.try_collect::<Vec<_>>().await);
    }
    let filters = [Filter::all(), Filter::all().category("account"), Filter::all().name("account.opened")];
    for filter in filters {
        let events = store.read_all(Checkpoint::START, &filter, None).try_collect::<Vec<_>>().await;
        assert!(events.as_ref().unwrap().len() > 400);
        search(capture, "the log", &events);
        let events = store.subscribe(Checkpoint::START, &filter).take(300).try_collect::<Vec<_>>().await;
        search(capture, "a subscription", &events);
    }
    let mut visitor = |event: &StoredEvent| {
        capture.search("a visit", &format!("{event:?}"));
        Ok(ControlFlow::Continue(()))
    };
    search(capture, "a visit", &store.visit_stream(&stream("1"), Version::FIRST, &mut visitor).await);
    let snapshots = store.snapshots().expect("the store has no snapshots");
    let mut events = store.read_stream(&stream("1"), Version::FIRST, Direction::Forward, Some(1));
    let first = events.try_next().await.unwrap().unwrap();
    for (schema, position) in [("1", first.position), ("2", Position::MAX), ("with\0nul", first.position)] {
        let mut snapshot = StoredSnapshot::after(&first, schema, format!(r#"{{"state":"{SNAPSHOT}"}}"#));
        snapshot.position = position;
        capture.search("a snapshot", &format!("{snapshot:?} {snapshot:#?}"));
        search(capture, "a stored snapshot", &snapshots.store(snapshot).await);
        search(capture, "a found snapshot", &snapshots.nearest(&stream("1"), schema, AsOf::Newest).await);
    }
    read_models(&store, capture).await;
    let frontier = store.frontier().await.unwrap();
    search(capture, "changed", &store.changed(Checkpoint::START).await);
    search(capture, "protections", &store.missing_protections().await);
    for checkpoint in [frontier, Checkpoint::new(Uuid::nil(), frontier.position())] {
        for direction in [Direction::Forward, Direction::Backward] {
            let mut pages = store.read_pages(checkpoint, direction, &Filter::all(), None);
            search(capture, "a page", &pages.try_next().await);
        }
    }
}

/// Rows are as secret as events, and so are their keys, which may be parts of events.
async fn read_models(store: &PostgresStore, capture: &Capture) {
    let read_models = store.capabilities().read_models.expect("the store keeps no read models");
    let model = ReadModelId::new("balances", 1).unwrap();
    let lease = Duration::from_mins(1);
    let state = format!(r#"{{"state":"{SNAPSHOT}"}}"#);
    for state in [state.clone(), format!("{SNAPSHOT} is not JSON"), state] {
        let claimed = read_models.claim(&model, "mine", lease).await;
        search(capture, "a claim", &claimed);
        let Ok(Claimed::Owned(claim)) = claimed else { panic!("the owner is refused") };
        let mut step = ReadModelStep::new(claim.handled, claim.seen, ReadModelState::Retrying);
        step.rows = vec![StoredRow::new(SNAPSHOT, state)];
        let failure = ReadModelFailure::new(stream("1"), Version::FIRST, Position::new(1), 1, SNAPSHOT);
        (step.failure, step.lease) = (Some(failure), Some(lease));
        search(capture, "a step", &read_models.advance(&claim, step).await);
    }
    let found = read_models.rows(&model, &[SNAPSHOT.to_owned()]).await.unwrap();
    assert!(found[0].is_some());
    assert!(read_models.rows_after(&model, Some(SNAPSHOT), 10).await.unwrap().is_empty());
}

/// The server refuses events, and its messages to the client quote them.
pub(crate) async fn server_refusals(setup: &Setup, capture: &Capture) {
    let store = builder(setup).connect().await.unwrap();
    let refuse = "ALTER TABLE es.events ADD CONSTRAINT refuses CHECK (payload::text NOT LIKE '%refuse-me%') NOT VALID";
    setup.database.run(&[refuse]).unwrap();
    let refused = |id: &str| vec![Append::new(stream(id), Expected::Any, vec![event("refuse-me")])];
    search(capture, "refused", &store.append(refused("r").into()).await);
    let batch = (0..20).map(|number| {
        let good = vec![append(&format!("{number}"), Expected::Any)];
        store.append(if number == 7 { refused("r").into() } else { good.into() })
    });
    let answers = join_all(batch).await;
    assert!(answers[7].is_err() && answers.iter().filter(|answer| answer.is_err()).count() == 1);
    for answer in &answers {
        search(capture, "a batch", answer);
    }
    let mut client = client(&setup.url).await;
    let transaction = client.transaction().await.unwrap();
    search(capture, "append_in", &store.append_in(&transaction, refused("r")).await);
    transaction.rollback().await.unwrap();
    let raises = "CREATE FUNCTION es.raise_notice() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                  RAISE NOTICE 'stored %', NEW.payload; RETURN NEW; END $$";
    let trigger =
        "CREATE TRIGGER raise_notice BEFORE INSERT ON es.events FOR EACH ROW EXECUTE FUNCTION es.raise_notice()";
    setup.database.run(&["ALTER TABLE es.events DROP CONSTRAINT refuses", raises, trigger]).unwrap();
    search(capture, "a notice", &store.append(append("notice", Expected::Any).into()).await);
    setup.database.run(&["DROP TRIGGER raise_notice ON es.events"]).unwrap();
}

/// Sessions end while they are busy and while they are idle.
pub(crate) async fn lost_sessions(setup: &Setup, capture: &Capture) {
    let store = builder(setup).connect().await.unwrap();
    let no_retry = builder(setup).retry_for(Duration::ZERO).connect().await.unwrap();
    let other = client(&setup.database.url()).await;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'secrets'";
    let (mut holder, mut subscription) = (client(&setup.url).await, store.subscribe(Checkpoint::START, &Filter::all()));
    search(capture, "a subscription", &subscription.next().await.unwrap());
    let transaction = holder.transaction().await.unwrap();
    store.append_in(&transaction, append("held", Expected::Any)).await.unwrap();
    let waits = [&store, &no_retry].map(|store| {
        let store = store.clone();
        tokio::spawn(async move { store.append(append("held", Expected::Any).into()).await })
    });
    let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
    while other.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) < 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    other.query(end, &[]).await.unwrap();
    transaction.commit().await.unwrap();
    let [retried, lost] = waits;
    let retried = retried.await.unwrap();
    assert!(retried.is_ok(), "{retried:?}");
    search(capture, "sent again", &retried);
    let lost = lost.await.unwrap();
    assert!(matches!(lost, Err(AppendError::Unknown(_))), "{lost:?}");
    search(capture, "lost", &lost);
    let read = no_retry.read_stream(&stream("1"), Version::FIRST, Direction::Forward, None);
    search(capture, "a read", &read.try_collect::<Vec<_>>().await);
    search(capture, "another", &store.append(append("another", Expected::Any).into()).await);
    search(capture, "a subscription", &subscription.next().await.unwrap());
}

/// URLs that cannot connect, with the password in its place or not escaped.
pub(crate) async fn urls(capture: &Capture) {
    let urls = [
        format!("postgres://teller:{PASSWORD}@127.0.0.1:1/x"),
        format!("postgres://teller:{PASSWORD}@127.0.0.1:x/x"),
        format!("postgres://teller:{PASSWORD}@127.0.0.1:1/x?unknown=1"),
        format!("postgres://teller:{PASSWORD}@127.0.0.1:1/x?sslmode=prefer"),
        format!("postgres://teller:{PASSWORD}@nowhere.invalid/x?sslmode=disable"),
        format!("postgres://teller:{PASSWORD}@nowhere.invalid/x"),
        format!("postgres://teller:{PASSWORD}@127.0.0.1:1/x?sslrootcert=/nowhere"),
        format!("postgres://teller:a@{PASSWORD}@nowhere.invalid/x"),
        format!("postgres://teller:a@b?sslmode={PASSWORD}@nowhere.invalid/x"),
        format!("postgres://teller:a@b?{PASSWORD}=1@nowhere.invalid/x"),
        format!("postgres://teller@127.0.0.1:1/x?password=a&{PASSWORD}=b"),
        format!("postgres://teller@127.0.0.1:1/x?password={PASSWORD}&port=x"),
        format!("postgres://teller@127.0.0.1:1/x?password=%ff&sslmode=%ff{PASSWORD}"),
        format!("host=127.0.0.1 port=1 user=teller password={PASSWORD}"),
        format!("host=127.0.0.1 port=x user=teller password={PASSWORD}"),
        format!("host=127.0.0.1 port=1 user=teller password=a {PASSWORD}=b"),
        format!("host=127.0.0.1 port=1 user=teller password=a {PASSWORD}"),
        format!("host=127.0.0.1 port=1 user=teller password='{PASSWORD}"),
        PASSWORD.to_owned(),
    ];
    for url in urls {
        let builder = PostgresStore::builder(&url).connect_timeout(Duration::from_secs(5));
        capture.search("a builder", &format!("{builder:?} {builder:#?}"));
        let connected = builder.connect().await;
        assert!(connected.is_err(), "{connected:?}");
        search(capture, "a URL", &connected);
    }
}

/// Over TLS.
#[cfg(feature = "tls")]
pub(crate) async fn tls(setup: &Setup, capture: &Capture) {
    let signed = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    setup.server.write_file("server.crt", signed.cert.pem().as_bytes()).unwrap();
    setup.server.write_file("server.key", signed.signing_key.serialize_pem().as_bytes()).unwrap();
    setup.database.run(&["ALTER SYSTEM SET ssl = on", "SELECT pg_reload_conf()"]).unwrap();
    let on = async || client(&setup.database.url()).await.query_one("SHOW ssl", &[]).await.unwrap().get::<_, String>(0);
    while on().await != "on" {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // The server's data directory is removed when the server stops.
    let authority = setup.server.data().join("server.crt");
    let authority = authority.to_str().unwrap().replace('/', "%2F");
    let url = format!("{}?sslmode=verify-full&sslrootcert={authority}", setup.url.replace("127.0.0.1", "localhost"));
    let builder = PostgresStore::builder(&url);
    capture.search("a builder", &format!("{builder:?} {builder:#?}"));
    let store = builder.connect().await.unwrap();
    search(capture, "over TLS", &store.append(append("tls", Expected::NoStream).into()).await);
    let events = store.read_stream(&stream("tls"), Version::FIRST, Direction::Forward, None);
    search(capture, "over TLS", &events.try_collect::<Vec<_>>().await);
    let wrong = url.replace(PASSWORD, "wrong").replace("localhost", "127.0.0.1");
    search(capture, "over TLS", &PostgresStore::connect(&wrong).await);
}
