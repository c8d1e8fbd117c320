//! The bank on PostgreSQL: a run shows the events of earlier ones.

#![cfg(feature = "postgres")]

use std::{
    error::Error,
    io::Read,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use bank::read_models::TurnoverInPostgres;
use es::{PostgresStore, prelude::*};
use test_postgres::Database;

const SMALL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/ledger/small.csv");

fn bank(database: &Database, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bank"));
    command.args(["--store", &database.url()]).args(arguments);
    command
}

fn run(database: &Database, arguments: &[&str]) -> (Option<i32>, String) {
    let output = bank(database, arguments).output().expect("the program runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout) + &text(output.stderr))
}

#[track_caller]
fn ok(database: &Database, arguments: &[&str]) -> String {
    let (code, text) = run(database, arguments);
    assert_eq!(code, Some(0), "{text}");
    text
}

#[test]
fn a_second_run_shows_what_the_first_stored() {
    let database = Database::fresh().expect("a server");
    let report = ok(&database, &[]);
    assert!(report.starts_with("accounts: 0\nrows: 0\n"), "{report}");

    let first = ok(&database, &["--ledger", SMALL]);
    assert!(first.contains("already booked: 0\n") && first.contains("disagreements: 0\n"), "{first}");
    let balances = ok(&database, &["balances"]);
    assert!(balances.starts_with("account_id,balance_minor,version\n1,102226,"), "{balances}");

    let second = ok(&database, &["--ledger", SMALL]);
    assert!(second.ends_with("events per second: none\n"), "{second}");
    assert!(second.contains("already booked: 24\n") && second.contains("disagreements: 0\n"), "{second}");
    assert_eq!(ok(&database, &["balances"]), balances);
    let report = ok(&database, &["report"]);
    assert!(report.starts_with("accounts: 3\nrows: 24\nevents: 27\n"), "{report}");
}

#[test]
fn ten_processes_that_start_at_once_on_an_empty_database_all_succeed() {
    let database = Database::fresh().expect("a server");
    let start = || bank(&database, &["report"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started");
    let processes: Vec<_> = (0..10).map(|_| start()).collect();
    for process in processes {
        let output = process.wait_with_output().expect("ended");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_refused_withdrawal_is_found_in_the_history() {
    let database = Database::fresh().expect("a server");
    ok(&database, &["--ledger", SMALL]);
    let (code, text) = run(&database, &["withdraw", "2", "999999", "--on", "2024-04-15"]);
    assert_eq!(code, Some(3), "{text}");
    let history = ok(&database, &["history", "2"]);
    let last: Vec<_> = history.lines().last().expect("a line").split_whitespace().collect();
    assert_eq!(last[1..], ["2024-04-15", "withdrawal-refused", "999999", "192490"]);
    let account = ok(&database, &["account", "2"]);
    assert!(account.contains("balance_minor: 192490\n"), "{account}");
}

#[test]
fn the_read_models_are_those_of_the_small_ledger() {
    let database = Database::fresh().expect("a server");
    ok(&database, &["--ledger", SMALL]);
    let turnover = ok(&database, &["turnover", "--from", "2024-03-29", "--to", "2024-03-31", "--csv"]);
    assert_eq!(turnover, "day,credited_minor,debited_minor,rows\n2024-03-29,0,85000,1\n2024-03-31,121,1460,2\n");
    assert_eq!(ok(&database, &["top", "2", "--csv"]), "account_id,balance_minor\n2,192490\n1,102226\n");
    let partners = ok(&database, &["partners", "10", "--csv"]);
    let expected = "partner_bank,partner_account,credited_minor,debited_minor,rows
KL,900,0,19900,1
NB,4455,250000,0,1
NB,7781,0,170000,2
";
    assert_eq!(partners, expected);
    let (code, text) = run(&database, &["partners", "11", "--csv"]);
    assert_eq!((code, text.as_str()), (Some(2), "there is no account 11\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_turnover_as_a_table_equals_the_rows() -> Result<(), Box<dyn Error>> {
    let database = Database::fresh()?;
    ok(&database, &["--ledger", SMALL]);
    let store = PostgresStore::connect(&database.url()).await?;
    let projections = store.projections().follow(TurnoverInPostgres);
    let running = projections.start()?;
    let (client, connection) = tokio_postgres::connect(&database.url(), tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    let table = projections.table::<TurnoverInPostgres>("turnover")?;
    let line = "concat_ws(',', day, credited_minor, debited_minor, rows)";
    for withdraw in ["1", "2", "999999999"] {
        projections.wait_for(&["turnover-table"], store.frontier().await?, Duration::from_mins(1)).await?;
        let lines = client.query(&format!("SELECT {line} FROM {table} ORDER BY day"), &[]).await?;
        let lines: String = lines.iter().map(|row| row.get::<_, String>(0) + "\n").collect();
        let rows = ok(&database, &["turnover", "--csv"]);
        assert_eq!(format!("day,credited_minor,debited_minor,rows\n{lines}"), rows);
        run(&database, &["withdraw", "2", withdraw]);
    }
    running.stop().await?;
    Ok(())
}

#[test]
fn an_import_goes_on_after_it_was_killed() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let file = folder.path().join("long.csv");
    write_long_ledger(&file, 3_000);
    let ledger = file.to_str().expect("UTF-8");

    let database = Database::fresh().expect("a server");
    ok(&database, &["report"]);
    let mut child = bank(&database, &["--ledger", ledger]).stdout(Stdio::piped()).spawn().expect("the program runs");
    let booked = || -> u64 {
        let report = ok(&database, &["report"]);
        let rows = report.lines().find_map(|line| line.strip_prefix("rows: ")).expect("a count");
        rows.parse().expect("a number")
    };
    while booked() == 0 {
        thread::sleep(Duration::from_millis(5));
    }
    child.kill().expect("killed");
    let mut report = String::new();
    child.stdout.take().expect("a pipe").read_to_string(&mut report).expect("read");
    child.wait().expect("ended");
    assert_eq!(report, "", "it was killed before it was done");

    let again = ok(&database, &["--ledger", ledger]);
    assert!(again.contains("rows: 3000\n") && again.contains("disagreements: 0\n"), "{again}");
    assert!(!again.contains("already booked: 0\n") && !again.contains("already booked: 3000\n"), "{again}");
    assert_eq!(booked(), 3_000);
}

fn write_long_ledger(file: &Path, rows: u64) {
    use std::fmt::Write;
    let mut text = String::from(
        "transaction_id,account_id,date,kind,operation,amount_minor,balance_minor,symbol,partner_bank,partner_account\n",
    );
    for row in 0..rows {
        let (account, balance) = (row % 7, (row / 7 + 1) * 10);
        writeln!(text, "{row},{account},1993-01-01,credit,transfer in,10,{balance},,,").expect("written");
    }
    std::fs::write(file, text).expect("a file");
}
