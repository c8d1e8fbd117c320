//! A store in a new database, and constructors for events and appends.

use es_core::{
    Append, Checkpoint, EventName, EventStore, Expected, Filter, NewEvent, SchemaVersion, StoredEvent, StreamId,
    Version,
};
use es_postgres::{PostgresBuilder, PostgresStore};
use futures_util::TryStreamExt;
use test_postgres::Database;
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

/// A new database with a store.
pub(crate) struct Fixture {
    pub(crate) store: PostgresStore,
    pub(crate) database: Database,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        Self::with(|builder| builder).await
    }

    pub(crate) async fn with(set_up: impl FnOnce(PostgresBuilder) -> PostgresBuilder) -> Self {
        let database = Database::fresh().unwrap();
        let store = set_up(PostgresStore::builder(&database.url())).connect().await.unwrap();
        Self { store, database }
    }

    /// A new database with the store of an application that may only execute the functions of es and read.
    pub(crate) async fn hardened() -> Self {
        let mut fixture = Self::new().await.harden().await;
        fixture.store = fixture.another_application().await;
        fixture
    }

    /// Hardens the log for one application.
    pub(crate) async fn harden(mut self) -> Self {
        let roles = ["es_owner", "es_projections"].map(|role| format!("{role}_{}", self.database.name()));
        for role in roles {
            self.database.drop_role(role);
        }
        drop(self.another_application().await);
        self
    }

    /// The store of one more application.
    pub(crate) async fn another_application(&mut self) -> PostgresStore {
        let application = format!("app_{}", Uuid::now_v7().simple());
        self.database.drop_role(application.clone());
        self.database.run(&[&PostgresStore::hardening(&application)]).unwrap();
        PostgresStore::connect(&self.database.url_as(&application)).await.unwrap()
    }

    /// A connection for the test itself.
    pub(crate) async fn client(&self) -> Client {
        connect(&self.database.url()).await
    }
}

pub(crate) async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

pub(crate) fn stream(id: &str) -> StreamId {
    StreamId::new("account", id).unwrap()
}

pub(crate) fn event(payload: &str) -> NewEvent {
    let name = EventName::from_static("account.deposited").unwrap();
    NewEvent::from_json(Uuid::now_v7(), name, SchemaVersion::FIRST, payload.to_owned()).unwrap()
}

pub(crate) fn one(id: &str, expected: Expected) -> Vec<Append> {
    vec![Append::new(stream(id), expected, vec![event("{}")])]
}

pub(crate) fn exact(version: u64) -> Expected {
    Expected::Exact(Version::new(version))
}

pub(crate) async fn all(store: &dyn EventStore) -> Vec<StoredEvent> {
    store.read_all(Checkpoint::START, &Filter::all(), None).try_collect().await.unwrap()
}

/// The function `append` with `from` replaced by `to`.
pub(crate) fn with_append(from: &str, to: &str) -> String {
    with_step("append", from, to)
}

/// A function of the migration `append` with `from` replaced by `to`.
pub(crate) fn with_step(name: &str, from: &str, to: &str) -> String {
    let migrations = PostgresStore::migrations("es").unwrap();
    let (_, sql) = migrations.into_iter().find(|(name, _)| name.ends_with("append")).unwrap();
    let begin = sql.find(&format!("CREATE FUNCTION \"es\".{name}(")).unwrap();
    let end = begin + sql[begin..].find("END\n$es$;").unwrap();
    let function = sql[begin..end].replacen("CREATE", "CREATE OR REPLACE", 1);
    assert!(function.contains(from), "`{from}` is not in `{name}`");
    function.replacen(from, to, 1) + "END\n$es$;"
}
