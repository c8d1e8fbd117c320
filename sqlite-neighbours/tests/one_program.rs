//! One program opens a log by `es`, by sqlx and by diesel, all of them with the same SQLite.

use diesel::{Connection as _, QueryDsl, RunQueryDsl, SqliteConnection};
use es::prelude::*;
use sqlx::{ConnectOptions, sqlite::SqliteConnectOptions};

use crate::diesel_tables::log;

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.deposited")]
struct Deposited {
    amount: u64,
}

#[derive(Aggregate, Default)]
#[aggregate(category = "account", id = String, events(Deposited))]
struct Account {
    balance: u64,
}

#[es::apply]
impl Account {
    fn deposited(&mut self, event: Deposited) {
        self.balance += event.amount;
    }
}

mod diesel_tables {
    diesel::table! {
        log (position) {
            position -> BigInt,
            category -> Text,
            id -> Text,
            version -> BigInt,
            name -> Text,
            payload -> Text,
        }
    }
}

/// A row of the view `log`.
type Row = (i64, String, String, i64, String, String);

type TestResult = Result<(), Box<dyn std::error::Error>>;

fn expected() -> Vec<Row> {
    let row = |position, amount: u64| {
        let payload = format!(r#"{{"amount":{amount}}}"#);
        (position, "account".into(), "4711".into(), position, "account.deposited".into(), payload)
    };
    vec![row(1, 100), row(2, 30)]
}

#[tokio::test]
async fn sqlx_and_diesel_read_the_log_while_the_store_is_open() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("bank.db");
    let file = path.to_str().ok_or("the path of a temporary folder is UTF-8")?;
    let store = es::connect(&format!("sqlite:{file}")).await?;
    let accounts = store.repository::<Account>();
    accounts.update(&"4711".into(), |_| Deposited { amount: 100 }).await?;

    let mut by_sqlx = SqliteConnectOptions::new().filename(&path).read_only(true).connect().await?;
    let mut by_diesel = SqliteConnection::establish(file)?;
    // Appended after the others opened the file: they find what the write-ahead log holds.
    accounts.update(&"4711".into(), |_| Deposited { amount: 30 }).await?;

    let rows: Vec<Row> =
        sqlx::query_as("SELECT position, category, id, version, name, payload FROM log ORDER BY position")
            .fetch_all(&mut by_sqlx)
            .await?;
    assert_eq!(rows, expected());
    let rows: Vec<Row> = log::table.order(log::position).load(&mut by_diesel)?;
    assert_eq!(rows, expected());

    // Their connections do not keep the store from writing.
    accounts.update(&"4711".into(), |_| Deposited { amount: 5 }).await?;
    let balance: i64 = sqlx::query_scalar("SELECT sum(payload ->> 'amount') FROM log").fetch_one(&mut by_sqlx).await?;
    assert_eq!(balance, 135);
    Ok(())
}

#[tokio::test]
async fn the_three_share_one_sqlite_without_the_damage_by_two_writers() -> TestResult {
    let ours = es::sqlite::rusqlite::version();
    let parts: Vec<u32> = ours.split('.').map(str::parse).collect::<Result<_, _>>()?;
    assert!(parts >= vec![3, 51, 3], "SQLite {ours} can damage a file that several connections write");

    let mut by_sqlx = SqliteConnectOptions::new().in_memory(true).connect().await?;
    let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&mut by_sqlx).await?;
    assert_eq!(version, ours);
    let mut by_diesel = SqliteConnection::establish(":memory:")?;
    let version: String =
        diesel::select(diesel::dsl::sql::<diesel::sql_types::Text>("sqlite_version()")).get_result(&mut by_diesel)?;
    assert_eq!(version, ours);
    Ok(())
}
