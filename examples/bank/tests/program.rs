//! The program, from its command line to its exit code.

use std::{
    collections::HashMap,
    fs,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use tempfile::TempDir;

const HEADER: &str =
    "transaction_id,account_id,date,kind,operation,amount_minor,balance_minor,symbol,partner_bank,partner_account";

const ROWS: &str = "1,20,1993-01-01,credit,cash deposit,1000,1000,,,
2,3,1993-01-02,credit,transfer in,500,500,,AB,77
3,20,1993-01-15,debit,card withdrawal,1200,-200,,,
4,20,1993-02-01,credit,,5,-195,UROK,,
5,3,1993-02-01,debit,cash withdrawal,100,400,SLUZBY,,
";

/// A ledger in a folder of its own, and the program that runs on it.
struct Bank {
    folder: TempDir,
}

impl Bank {
    fn with(rows: &str) -> Self {
        let bank = Self { folder: TempDir::new().expect("a folder") };
        fs::write(bank.file(), format!("{HEADER}\n{rows}")).expect("a file");
        bank
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("ledger.csv")
    }

    fn run(&self, arguments: &[&str]) -> Run {
        run(program().arg("--ledger").arg(self.file()).args(arguments))
    }
}

#[derive(Debug)]
struct Run {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Run {
    #[track_caller]
    fn ok(self) -> String {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""), "{}", self.stdout);
        self.stdout
    }

    #[track_caller]
    fn fails(self, code: i32, says: &str) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.stderr.lines().count(), 1, "{self:?}");
        assert!(self.stderr.contains(says), "{self:?}");
    }
}

/// The program on the small ledger, in memory.
fn in_memory() -> Command {
    let mut program = program();
    program.args(["--store", "memory:"]);
    program
}

/// Without arguments it keeps its books in the current folder: tests of that have a folder of their own.
fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_bank"))
}

fn run(command: &mut Command) -> Run {
    let Output { status, stdout, stderr } = command.output().expect("the program runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Run { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
}

#[track_caller]
fn assert_line(text: &str, line: &str) {
    assert!(text.lines().any(|found| found == line), "no `{line}` in:\n{text}");
}

#[test]
fn without_a_ledger_it_runs_the_small_one_and_reports() {
    let report = run(&mut in_memory()).ok();
    for line in ["accounts: 3", "rows: 24", "last day: 2024-03-31", "disagreements: 0"] {
        assert_line(&report, line);
    }
}

#[test]
fn a_report_counts_and_sums() {
    let report = Bank::with(ROWS).run(&["report"]).ok();
    for line in [
        "accounts: 2",
        "rows: 5",
        "already booked: 0",
        "first day: 1993-01-01",
        "last day: 1993-02-01",
        "sum of balances: 205",
        "disagreements: 0",
    ] {
        assert_line(&report, line);
    }
    let rate = report.lines().find_map(|line| line.strip_prefix("events per second: ")).unwrap();
    assert!(rate.parse::<u64>().is_ok_and(|rate| rate > 0), "{report}");
}

#[test]
fn a_balance_that_is_not_the_banks_ends_with_1_and_its_line() {
    let bank = Bank::with(&ROWS.replace("1200,-200", "1200,-201"));
    let run = bank.run(&["report"]);
    assert_line(&run.stdout, "disagreements: 1");
    run.fails(1, "ledger.csv:4: the balance of account 20 is -200, and the ledger says -201");
}

#[test]
fn a_wrong_amount_shows_in_every_later_row_of_the_account() {
    let run = Bank::with(&ROWS.replace("cash deposit,1000,", "cash deposit,1001,")).run(&[]);
    assert_line(&run.stdout, "disagreements: 3");
    run.fails(1, "ledger.csv:2: ");
}

#[test]
fn balances_are_csv_sorted_by_number() {
    let balances = Bank::with(ROWS).run(&["balances"]).ok();
    let lines: Vec<_> = balances.lines().collect();
    assert_eq!(lines[0], "account_id,balance_minor,version");
    let numbers: Vec<_> = lines[1..].iter().map(|line| line.rsplit_once(',').expect("three columns").0).collect();
    assert_eq!(numbers, ["3,400", "20,-195"]);
}

#[test]
fn an_account_is_shown_as_of_a_day_of_the_ledger() {
    let bank = Bank::with(ROWS);
    for (day, balance) in [("1993-01-01", 1000), ("1993-01-14", 1000), ("1993-01-15", -200), ("2026-01-01", -195)] {
        let account = bank.run(&["account", "20", "--at", day]).ok();
        assert_line(&account, &format!("balance_minor: {balance}"));
    }
    bank.run(&["account", "20", "--at", "1992-12-31"]).fails(2, "did not exist on 1992-12-31");
    bank.run(&["account", "21"]).fails(2, "no account 21");
    bank.run(&["history", "21"]).fails(2, "no account 21");
}

#[test]
fn an_account_is_shown_as_of_a_version() {
    let bank = Bank::with(ROWS);
    let last = bank.run(&["history", "20"]).ok().lines().count();
    let account = bank.run(&["account", "20", "--version", &last.to_string()]).ok();
    assert_line(&account, "balance_minor: -195");
    assert_line(&account, &format!("version: {last}"));
    let before = bank.run(&["account", "20", "--version", &(last - 1).to_string()]).ok();
    assert_line(&before, "balance_minor: -200");
    bank.run(&["account", "20", "--version", "0"]).fails(2, "has no version 0");
    bank.run(&["account", "20", "--version", "99"]).fails(2, "has no version 99");
    bank.run(&["account", "21", "--version", "1"]).fails(2, "no account 21");
}

#[test]
fn rows_out_of_the_order_of_their_days_count_by_their_days() {
    let bank = Bank::with(
        "1,7,1993-03-01,credit,cash deposit,10,10,,,\n\
         2,7,1993-01-01,credit,transfer in,5,15,,,\n",
    );
    assert_line(&bank.run(&["account", "7", "--at", "1993-02-01"]).ok(), "balance_minor: 5");
}

#[test]
fn a_history_has_one_line_for_each_event() {
    let history = Bank::with(ROWS).run(&["history", "20"]).ok();
    let lines: Vec<Vec<_>> = history.lines().map(|line| line.split_whitespace().collect()).collect();
    let last = lines.last().expect("a line");
    assert_eq!(last[0], lines.len().to_string());
    assert_eq!(last[1..], ["1993-02-01", "interest", "5", "-195"]);
}

#[test]
fn a_withdrawal_beyond_the_balance_is_refused_and_recorded() {
    let bank = Bank::with(ROWS);
    let refused = bank.run(&["withdraw", "3", "401", "--on", "1993-02-15"]);
    let words: Vec<_> = refused.stdout.split_whitespace().skip(1).collect();
    assert_eq!(words, ["1993-02-15", "withdrawal-refused", "401", "400"]);
    refused.fails(3, "401 cannot be withdrawn from a balance of 400");

    let done = bank.run(&["withdraw", "3", "400", "--on", "1993-02-15"]).ok();
    let words: Vec<_> = done.split_whitespace().skip(1).collect();
    assert_eq!(words, ["1993-02-15", "cash-withdrawal", "400", "0"]);

    bank.run(&["withdraw", "4", "1"]).fails(2, "no account 4");
    for amount in ["0", "-1", "x", "9223372036854775808"] {
        assert_eq!(bank.run(&["withdraw", "3", amount]).code, Some(2), "{amount}");
    }
}

#[test]
fn duplicate_rows_are_booked_once() {
    let report = Bank::with(&ROWS.repeat(2)).run(&["report"]).ok();
    for line in ["rows: 10", "already booked: 5", "sum of balances: 205", "disagreements: 0"] {
        assert_line(&report, line);
    }
}

#[test]
fn a_malformed_row_ends_with_2_and_its_line() {
    for (row, says) in [
        ("6,3,1993-02-31,credit,,1,1,,,\n", "ledger.csv:7: `date` is `1993-02-31`"),
        ("6,3,1993-02-01,loan,,1,1,,,\n", "ledger.csv:7: `kind` is `loan`"),
        ("6,3\n", "ledger.csv:7: 2 field(s)"),
    ] {
        for task in [&["report"][..], &["balances"], &["history", "3"]] {
            let run = Bank::with(&format!("{ROWS}{row}")).run(task);
            assert_eq!(run.stdout, "");
            run.fails(2, says);
        }
    }
}

#[test]
fn sums_beyond_64_bits_end_with_2_and_the_line() {
    let bank = Bank::with(
        "1,7,1993-01-01,credit,transfer in,9223372036854775807,9223372036854775807,,,\n\
         2,7,1993-01-01,credit,transfer in,1,0,,,\n",
    );
    bank.run(&[]).fails(2, "ledger.csv:3: the balance would not fit into 64 bits");
}

#[test]
fn files_that_cannot_be_read_end_with_2() {
    run(program().args(["--ledger", "there/is/none.csv"])).fails(2, "there/is/none.csv: cannot be read: ");
    run(program().args(["--ledger", "."])).fails(2, ".: cannot be read: ");
}

#[test]
fn a_store_that_is_not_there_ends_with_2() {
    run(program().args(["--store", "floppy:a", "report"])).fails(2, "no store is known for this URL");
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let mut child =
        in_memory().arg("log").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()));
}

#[test]
fn the_log_is_json_lines() {
    let log = run(in_memory().arg("log")).ok();
    let mut versions = HashMap::new();
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert!(line["stream"].as_str().is_some_and(|stream| stream.starts_with("account/")), "{line}");
        assert!(line["payload"].is_object(), "{line}");
        let version = versions.entry(line["stream"].to_string()).or_insert(0_u64);
        *version += 1;
        assert_eq!(line["version"], *version);
    }
    assert_eq!(versions.len(), 3);
}
