//! Everything that a store does, in scenes; what it answers is debugged.

use std::fmt::Debug;

use es_core::{
    Append, AppendError, AsOf, Checkpoint, Direction, EventName, EventStore, Expected, Filter, Metadata, NewEvent,
    Position, SchemaVersion, StoredSnapshot, StreamId, UnknownOutcome, Version,
};
use es_postgres::{PostgresBuilder, PostgresStore};
use futures_util::future::join_all;
use futures_util::{StreamExt, TryStreamExt};
use sqlx::Connection;
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use crate::log::Log;
use crate::{METADATA, PASSWORD, PAYLOAD, SNAPSHOT, Stage};

fn stream(id: &str) -> StreamId {
    StreamId::new("account", id).unwrap()
}

/// An event with secrets, and `more` of a payload.
fn event(more: &str) -> NewEvent {
    let name = EventName::from_static("account.opened").unwrap();
    let payload = format!(r#"{{"text":"{PAYLOAD}","more":"{more}"}}"#);
    let metadata = Metadata::default().actor(METADATA).extra("more", METADATA);
    let event = NewEvent::from_json(Uuid::now_v7(), name, SchemaVersion::FIRST, payload).unwrap();
    event.with_metadata(&metadata).unwrap()
}

fn append(id: &str, expected: Expected) -> Append {
    Append::new(stream(id), expected, vec![event("x"), event("y")])
}

fn builder(stage: &Stage) -> PostgresBuilder {
    PostgresStore::builder(&stage.url).application_name("said")
}

async fn client(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Debugs what was answered, and an error with its sources.
fn hear<T: Debug>(log: &Log, what: &str, answer: &Result<T, impl std::error::Error + 'static>) {
    log.hear(what, &format!("{answer:?} {answer:#?}"));
    if let Err(error) = answer {
        log.hear_error(what, error);
    }
}

pub(crate) async fn appends(stage: &Stage, log: &Log) {
    let builder = builder(stage);
    log.hear("a builder", &format!("{builder:?} {builder:#?}"));
    let store = builder.connect().await.unwrap();
    log.hear("a store", &format!("{store:?} {store:#?}"));
    let first = append("1", Expected::NoStream);
    hear(log, "one", &store.append(first.clone().into()).await);
    hear(log, "a repeat", &store.append(first.clone().into()).await);
    hear(
        log,
        "ids that are taken",
        &store.append(Append::new(stream("2"), first.expected, first.events.clone()).into()).await,
    );
    hear(log, "a conflict", &store.append(append("1", Expected::NoStream).into()).await);
    let several =
        vec![append("3", Expected::Any), append("4", Expected::Any), Append::assertion(stream("1"), Expected::Exists)];
    hear(log, "several streams", &store.append(several.into()).await);
    hear(log, "twice", &store.append(vec![first.clone(), first.clone()].into()).await);
    let batch = (0..200).map(|number| store.append(append(&format!("{}", number % 20), Expected::Any).into()));
    for answer in join_all(batch).await {
        hear(log, "a batch", &answer);
    }
    let big = event(&"z".repeat(1024 * 1000));
    let large = (0..6).map(|_| big.clone().with_id(Uuid::now_v7())).collect();
    hear(log, "a large one", &store.append(Append::new(stream("large"), Expected::Any, large).into()).await);
    hear(
        log,
        "resolved",
        &store
            .resolve(UnknownOutcome::new(
                vec![first.clone()],
                es_core::StoreError::new(es_core::StoreErrorKind::Unavailable, "lost"),
            ))
            .await,
    );
    let unknown =
        UnknownOutcome::new(vec![first], es_core::StoreError::new(es_core::StoreErrorKind::Unavailable, "lost"));
    hear(log, "unknown", &Err::<(), _>(AppendError::from(unknown)));
}

pub(crate) async fn transactions(stage: &Stage, log: &Log) {
    let store = builder(stage).connect().await.unwrap();
    let mut client = client(&stage.url).await;
    let transaction = client.transaction().await.unwrap();
    hear(log, "append_in", &store.append_in(&transaction, append("in", Expected::NoStream)).await);
    hear(log, "append_in", &store.append_in(&transaction, append("in", Expected::NoStream)).await);
    transaction.commit().await.unwrap();
    let statement = store.append_statement(vec![append("statement", Expected::NoStream)]).unwrap();
    log.hear("a statement", &format!("{statement:?} {statement:#?} {}", statement.sql()));
    let mut connection = sqlx::PgConnection::connect(&stage.url).await.unwrap();
    let mut transaction = connection.begin().await.unwrap();
    let query = sqlx::query_scalar(sqlx::AssertSqlSafe(statement.sql())).bind(statement.parameter());
    let answer: String = query.fetch_one(&mut *transaction).await.unwrap();
    hear(log, "its outcome", &statement.outcome(&answer));
    hear(log, "another outcome", &statement.outcome("{}"));
    transaction.commit().await.unwrap();
}

pub(crate) async fn reads(stage: &Stage, log: &Log) {
    let store = builder(stage).connect().await.unwrap();
    for direction in [Direction::Forward, Direction::Backward] {
        let events = store.read_stream(&stream("large"), Version::MAX, direction, None);
        hear(log, "a stream", &events.try_collect::<Vec<_>>().await);
    }
    let filters = [Filter::all(), Filter::all().category("account"), Filter::all().name("account.opened")];
    for filter in filters {
        let events = store.read_all(Checkpoint::START, &filter, None).try_collect::<Vec<_>>().await;
        assert!(events.as_ref().unwrap().len() > 400);
        hear(log, "the log", &events);
        let events = store.subscribe(Checkpoint::START, &filter).take(300).try_collect::<Vec<_>>().await;
        hear(log, "a subscription", &events);
    }
    let mut visitor = |event: &es_core::StoredEvent| {
        log.hear("a visit", &format!("{event:?}"));
        Ok(std::ops::ControlFlow::Continue(()))
    };
    hear(log, "a visit", &store.visit_stream(&stream("1"), Version::FIRST, &mut visitor).await);
    let snapshots = store.snapshots().expect("it keeps snapshots");
    let mut events = store.read_stream(&stream("1"), Version::FIRST, Direction::Forward, Some(1));
    let first = events.try_next().await.unwrap().unwrap();
    for (schema, position) in [("1", first.position), ("2", Position::MAX), ("with\0nul", first.position)] {
        let snapshot = StoredSnapshot::after(&first, schema, format!(r#"{{"state":"{SNAPSHOT}"}}"#));
        let snapshot = StoredSnapshot { position, ..snapshot };
        log.hear("a snapshot", &format!("{snapshot:?} {snapshot:#?}"));
        hear(log, "a stored snapshot", &snapshots.store(snapshot).await);
        hear(log, "a found snapshot", &snapshots.nearest(&stream("1"), schema, AsOf::Newest).await);
    }
    let frontier = store.frontier().await.unwrap();
    hear(log, "changed", &store.changed(Checkpoint::START).await);
    hear(log, "protections", &store.missing_protections().await);
    for checkpoint in [frontier, Checkpoint::new(Uuid::nil(), frontier.position())] {
        for direction in [Direction::Forward, Direction::Backward] {
            let mut pages = store.read_pages(checkpoint, direction, &Filter::all(), None);
            hear(log, "a page", &pages.try_next().await);
        }
    }
}

/// The server refuses what it is given, and tells its clients what that was.
pub(crate) async fn refusals(stage: &Stage, log: &Log) {
    let store = builder(stage).connect().await.unwrap();
    let refuse = "ALTER TABLE es.events ADD CONSTRAINT refuses CHECK (payload::text NOT LIKE '%refuse-me%') NOT VALID";
    stage.database.run(&[refuse]).unwrap();
    let refused = |id: &str| vec![Append::new(stream(id), Expected::Any, vec![event("refuse-me")])];
    hear(log, "refused", &store.append(refused("r").into()).await);
    let batch = (0..20).map(|number| {
        let good = vec![append(&format!("{number}"), Expected::Any)];
        store.append(if number == 7 { refused("r").into() } else { good.into() })
    });
    let answers = join_all(batch).await;
    assert!(answers[7].is_err() && answers.iter().filter(|answer| answer.is_err()).count() == 1);
    for answer in &answers {
        hear(log, "a batch", answer);
    }
    let mut client = client(&stage.url).await;
    let transaction = client.transaction().await.unwrap();
    hear(log, "append_in", &store.append_in(&transaction, refused("r")).await);
    transaction.rollback().await.unwrap();
    let raises = "CREATE FUNCTION es.tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                  RAISE NOTICE 'stored %', NEW.payload; RETURN NEW; END $$";
    let trigger = "CREATE TRIGGER tell BEFORE INSERT ON es.events FOR EACH ROW EXECUTE FUNCTION es.tell()";
    stage.database.run(&["ALTER TABLE es.events DROP CONSTRAINT refuses", raises, trigger]).unwrap();
    hear(log, "a notice", &store.append(append("notice", Expected::Any).into()).await);
    stage.database.run(&["DROP TRIGGER tell ON es.events"]).unwrap();
}

/// Sessions end while they work and while they are idle.
pub(crate) async fn breaks(stage: &Stage, log: &Log) {
    let store = builder(stage).connect().await.unwrap();
    let impatient = builder(stage).retry_for(std::time::Duration::ZERO).connect().await.unwrap();
    let other = client(&stage.database.url()).await;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'said'";
    let (mut holder, mut subscription) = (client(&stage.url).await, store.subscribe(Checkpoint::START, &Filter::all()));
    hear(log, "a subscription", &subscription.next().await.unwrap());
    let transaction = holder.transaction().await.unwrap();
    store.append_in(&transaction, append("held", Expected::Any)).await.unwrap();
    let waits = [&store, &impatient].map(|store| {
        let store = store.clone();
        tokio::spawn(async move { store.append(append("held", Expected::Any).into()).await })
    });
    let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
    while other.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) < 2 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    other.query(end, &[]).await.unwrap();
    transaction.commit().await.unwrap();
    let [patient, lost] = waits;
    let patient = patient.await.unwrap();
    assert!(patient.is_ok(), "{patient:?}");
    hear(log, "sent again", &patient);
    let lost = lost.await.unwrap();
    assert!(matches!(lost, Err(AppendError::Unknown(_))), "{lost:?}");
    hear(log, "lost", &lost);
    let read = impatient.read_stream(&stream("1"), Version::FIRST, Direction::Forward, None);
    hear(log, "a read", &read.try_collect::<Vec<_>>().await);
    hear(log, "another", &store.append(append("another", Expected::Any).into()).await);
    hear(log, "a subscription", &subscription.next().await.unwrap());
}

/// URLs that lead nowhere, with the password where it belongs and where it was not escaped.
pub(crate) async fn urls(log: &Log) {
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
        let builder = PostgresStore::builder(&url).connect_timeout(std::time::Duration::from_secs(5));
        log.hear("a builder", &format!("{builder:?} {builder:#?}"));
        let connected = builder.connect().await;
        assert!(connected.is_err(), "{connected:?}");
        hear(log, "a URL", &connected);
    }
}

/// Over TLS.
#[cfg(feature = "tls")]
pub(crate) async fn tls(stage: &Stage, log: &Log) {
    let signed = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    stage.server.write_file("server.crt", signed.cert.pem().as_bytes()).unwrap();
    stage.server.write_file("server.key", signed.signing_key.serialize_pem().as_bytes()).unwrap();
    stage.database.run(&["ALTER SYSTEM SET ssl = on", "SELECT pg_reload_conf()"]).unwrap();
    let on = async || client(&stage.database.url()).await.query_one("SHOW ssl", &[]).await.unwrap().get::<_, String>(0);
    while on().await != "on" {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    // beside the server's own, which goes when the server does
    let authority = stage.server.data().join("server.crt");
    let authority = authority.to_str().unwrap().replace('/', "%2F");
    let url = format!("{}?sslmode=verify-full&sslrootcert={authority}", stage.url.replace("127.0.0.1", "localhost"));
    let builder = PostgresStore::builder(&url);
    log.hear("a builder", &format!("{builder:?} {builder:#?}"));
    let store = builder.connect().await.unwrap();
    hear(log, "over TLS", &store.append(append("tls", Expected::NoStream).into()).await);
    let events = store.read_stream(&stream("tls"), Version::FIRST, Direction::Forward, None);
    hear(log, "over TLS", &events.try_collect::<Vec<_>>().await);
    let wrong = url.replace(PASSWORD, "wrong").replace("localhost", "127.0.0.1");
    hear(log, "over TLS", &PostgresStore::connect(&wrong).await);
}
