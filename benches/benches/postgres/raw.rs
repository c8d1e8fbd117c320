//! The baseline: prepared statements of tokio-postgres, without the framework.

use benches::bank::{Account, CATEGORY, Deposited, Opened};
use es::Apply;
use futures_util::{StreamExt, TryStreamExt};
use tokio_postgres::{Client, GenericClient, Statement};
use uuid::Uuid;

const SCHEMA: &str = r#"
CREATE SCHEMA IF NOT EXISTS raw;
CREATE TABLE IF NOT EXISTS raw.events (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    category text COLLATE "C" NOT NULL, id text COLLATE "C" NOT NULL, version bigint NOT NULL,
    event_id uuid NOT NULL, type text COLLATE "C" NOT NULL, data json NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(), UNIQUE (category, id, version))"#;
const SELECT: &str = "SELECT version, type, data FROM raw.events WHERE category = $1 AND id = $2 ORDER BY version";
const INSERT: &str = "INSERT INTO raw.events (category, id, version, event_id, type, data)
    SELECT $1, $2, $3 + o, i, t, d FROM unnest($4::uuid[], $5::text[], $6::json[]) WITH ORDINALITY u(i, t, d, o)";
const APPEND: &str = "INSERT INTO raw.events (category, id, version, event_id, type, data)
    SELECT $1, $2, o + coalesce((SELECT max(version) FROM raw.events WHERE category = $1 AND id = $2), 0), i, t, d
    FROM unnest($3::uuid[], $4::text[], $5::json[]) WITH ORDINALITY u(i, t, d, o)";
const ALL: &str = "SELECT position, type, data FROM raw.events ORDER BY position";

/// Connections, each used by one task at a time.
pub(crate) struct Raw {
    connections: Vec<Connection>,
}

pub(crate) struct Connection {
    pub(crate) client: tokio::sync::Mutex<Client>,
    select: Statement,
    insert: Statement,
    append: Statement,
}

impl Raw {
    pub(crate) async fn connect(url: &str, connections: usize) -> Self {
        connect(url).await.batch_execute(SCHEMA).await.unwrap();
        let connections = (0..connections).map(|_| Connection::open(url));
        Self { connections: futures_util::future::join_all(connections).await }
    }

    /// The server and its settings.
    pub(crate) async fn settings(&self) -> String {
        let settings = "SELECT 'server and client on one machine; PostgreSQL ' || current_setting('server_version')
                        || ', fsync ' || current_setting('fsync')
                        || ', synchronous_commit ' || current_setting('synchronous_commit')
                        || ', shared_buffers ' || current_setting('shared_buffers')";
        self.client().await.query_one(settings, &[]).await.unwrap().get(0)
    }

    pub(crate) async fn client(&self) -> tokio::sync::MutexGuard<'_, Client> {
        self.connections[0].client.lock().await
    }

    /// Loads, decides and appends, in two round trips.
    pub(crate) async fn execute(&self, task: usize, id: &str, amount: i64) {
        let connection = &self.connections[task % self.connections.len()];
        let client = connection.client.lock().await;
        connection.deposit(&*client, id, amount).await;
    }

    /// Loads, decides and appends in a transaction.
    pub(crate) async fn execute_in_transaction(&self, task: usize, id: &str, amount: i64) {
        let connection = &self.connections[task % self.connections.len()];
        let mut client = connection.client.lock().await;
        let transaction = client.transaction().await.unwrap();
        connection.deposit(&transaction, id, amount).await;
        transaction.commit().await.unwrap();
    }

    /// Appends at a known version, in a transaction of its own.
    pub(crate) async fn insert(&self, task: usize, id: &str, version: i64, amount: i64) {
        let connection = &self.connections[task % self.connections.len()];
        connection.insert(&*connection.client.lock().await, id, version, amount).await;
    }

    /// Appends at the current version, and retries when another task has taken it.
    pub(crate) async fn append(&self, task: usize, id: &str, amount: i64) {
        let connection = &self.connections[task % self.connections.len()];
        let client = connection.client.lock().await;
        let data = serde_json::to_string(&Deposited::sample(amount)).unwrap();
        loop {
            let (ids, types, data) = (vec![Uuid::now_v7()], vec!["account.deposited"], vec![Json(data.clone())]);
            let sent = client.execute(&connection.append, &[&CATEGORY, &id, &ids, &types, &data]).await;
            match sent {
                Ok(_) => return,
                Err(error) if error.code() == Some(&tokio_postgres::error::SqlState::UNIQUE_VIOLATION) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    pub(crate) async fn load(&self, id: &str) -> Account {
        let connection = &self.connections[0];
        let client = connection.client.lock().await;
        let rows = client.query_raw(&connection.select, [CATEGORY, id]).await.unwrap();
        rows.try_fold(Account::default(), |mut account, row| async move {
            apply(&mut account, row.get(1), row.get::<_, RawJson<'_>>(2).0);
            Ok(account)
        })
        .await
        .unwrap()
    }

    /// Folds the whole log.
    pub(crate) async fn fold(&self) -> (usize, i64) {
        let client = self.client().await;
        let rows = client.query_raw(ALL, std::iter::empty::<i64>()).await.unwrap();
        let mut rows = std::pin::pin!(rows);
        let mut account = Account::default();
        let mut count = 0;
        while let Some(row) = rows.next().await {
            let row = row.unwrap();
            let _position: i64 = row.get(0);
            apply(&mut account, row.get(1), row.get::<_, RawJson<'_>>(2).0);
            count += 1;
        }
        (count, account.balance)
    }
}

impl Connection {
    async fn open(url: &str) -> Self {
        let client = connect(url).await;
        Self {
            select: client.prepare(SELECT).await.unwrap(),
            insert: client.prepare(INSERT).await.unwrap(),
            append: client.prepare(APPEND).await.unwrap(),
            client: tokio::sync::Mutex::new(client),
        }
    }

    async fn deposit(&self, client: &impl GenericClient, id: &str, amount: i64) {
        let rows = client.query(&self.select, &[&CATEGORY, &id]).await.unwrap();
        let mut account = Account::default();
        let mut version = 0_i64;
        for row in &rows {
            version = row.get(0);
            apply(&mut account, row.get(1), row.get::<_, RawJson<'_>>(2).0);
        }
        self.insert(client, id, version, amount).await;
    }

    async fn insert(&self, client: &impl GenericClient, id: &str, version: i64, amount: i64) {
        let data = Json(serde_json::to_string(&Deposited::sample(amount)).unwrap());
        let (ids, types) = (vec![Uuid::now_v7()], vec!["account.deposited"]);
        client.execute(&self.insert, &[&CATEGORY, &id, &version, &ids, &types, &vec![data]]).await.unwrap();
    }
}

fn apply(account: &mut Account, name: &str, data: &[u8]) {
    match name {
        "account.opened" => account.apply(serde_json::from_slice::<Opened>(data).unwrap()),
        "account.deposited" => account.apply(serde_json::from_slice::<Deposited>(data).unwrap()),
        other => panic!("{other}"),
    }
}

pub(crate) async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// JSON that is sent to the server.
#[derive(Debug)]
struct Json(String);

impl tokio_postgres::types::ToSql for Json {
    fn to_sql(
        &self,
        _: &tokio_postgres::types::Type,
        out: &mut bytes::BytesMut,
    ) -> Result<tokio_postgres::types::IsNull, Box<dyn std::error::Error + Sync + Send>> {
        out.extend_from_slice(self.0.as_bytes());
        Ok(tokio_postgres::types::IsNull::No)
    }

    tokio_postgres::types::accepts!(JSON);
    tokio_postgres::types::to_sql_checked!();
}

/// JSON that was received from the server, as bytes.
struct RawJson<'a>(&'a [u8]);

impl<'a> tokio_postgres::types::FromSql<'a> for RawJson<'a> {
    fn from_sql(
        _: &tokio_postgres::types::Type,
        raw: &'a [u8],
    ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(raw))
    }

    tokio_postgres::types::accepts!(JSON);
}
