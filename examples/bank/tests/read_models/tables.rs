//! The turnover as a table, which equals the rows by key.

use std::error::Error;

use bank::read_models::TurnoverInSqlite;
use es::{
    SqliteStore,
    prelude::*,
    sqlite::rusqlite::{Connection, Row},
};

use crate::{LONG, generated, program::Bank};

#[tokio::test(flavor = "multi_thread")]
async fn the_table_equals_the_rows_while_withdrawals_are_decided() -> Result<(), Box<dyn Error>> {
    let ledger = generated::ledger(2_000, 11);
    let bank = Bank::each(&ledger).into_iter().find(Bank::keeps_its_books).ok_or("a bank that keeps its books")?;
    let store = SqliteStore::connect(&bank.url()).await?;
    let projections = store.projections().follow(TurnoverInSqlite);
    let running = tokio::spawn(projections.run());
    for _ in 0..3 {
        projections.wait_for(&["turnover-table"], store.frontier().await?, LONG).await?;
        assert_eq!(table(&store)?, bank.ok(&["turnover", "--csv"]));
        bank.run(&["withdraw", &generated::ACCOUNTS[1].to_string(), "1"]);
    }
    projections.rebuild("turnover-table").await?;
    projections.wait_for(&["turnover-table"], store.frontier().await?, LONG).await?;
    assert_eq!(table(&store)?, bank.ok(&["turnover", "--csv"]));
    projections.stop().await;
    running.await??;
    Ok(())
}

/// The table as the command `turnover` prints the rows.
fn table(store: &SqliteStore) -> Result<String, Box<dyn Error>> {
    let name = store.projections().table::<TurnoverInSqlite>("turnover")?;
    let connection = Connection::open(store.path())?;
    let sql = format!("SELECT day, credited_minor, debited_minor, rows FROM {name} ORDER BY day");
    let line = |row: &Row<'_>| {
        let day: String = row.get(0)?;
        let [credited, debited, rows] = [row.get::<_, i64>(1)?, row.get(2)?, row.get(3)?];
        Ok(format!("{day},{credited},{debited},{rows}\n"))
    };
    let lines = connection.prepare(&sql)?.query_map([], line)?.collect::<Result<String, _>>()?;
    Ok(format!("day,credited_minor,debited_minor,rows\n{lines}"))
}
