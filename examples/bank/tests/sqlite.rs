//! The bank in a file: a run shows the events of earlier ones, also of those that were killed.

#![cfg(feature = "sqlite")]

use std::{
    collections::BTreeSet,
    fmt::Write,
    fs,
    path::Path,
    process::{Command, Output, Stdio},
    thread,
    time::Duration,
};

use tempfile::TempDir;

const SMALL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/ledger/small.csv");

/// A folder in which the program runs.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().expect("a folder"))
    }

    fn bank(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bank"));
        command.current_dir(self.0.path()).args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let Output { status, stdout, stderr } = self.bank(arguments).output().expect("the program runs");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        (status.code(), text(stdout) + &text(stderr))
    }

    #[track_caller]
    fn ok(&self, arguments: &[&str]) -> String {
        let (code, text) = self.run(arguments);
        assert_eq!(code, Some(0), "{text}");
        text
    }

    fn files(&self) -> BTreeSet<String> {
        let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("an entry").file_name().into_string();
        fs::read_dir(self.0.path()).expect("a folder").map(|entry| name(entry).expect("UTF-8")).collect()
    }
}

#[test]
fn without_arguments_the_books_are_kept_in_the_current_folder() {
    let folder = Folder::new();
    let first = folder.ok(&[]);
    assert!(first.starts_with("accounts: 3\nrows: 24\nalready booked: 0\n"), "{first}");
    assert!(first.contains("disagreements: 0\n"), "{first}");
    assert_eq!(folder.files(), BTreeSet::from(["bank.db", "bank.db-lock"].map(String::from)));

    let second = folder.ok(&[]);
    assert!(second.starts_with("accounts: 3\nrows: 24\nalready booked: 24\n"), "{second}");
    assert!(second.contains("disagreements: 0\n") && second.ends_with("events per second: none\n"), "{second}");

    // The same file by its URL, to which nothing is booked.
    let third = folder.ok(&["--store", "sqlite:bank.db"]);
    assert!(third.starts_with("accounts: 3\nrows: 24\nevents: 27\n"), "{third}");
}

#[test]
fn with_a_ledger_alone_nothing_is_kept() {
    let folder = Folder::new();
    for _ in 0..2 {
        let report = folder.ok(&["--ledger", SMALL]);
        assert!(report.contains("already booked: 0\n"), "{report}");
    }
    assert_eq!(folder.files(), BTreeSet::new());
}

#[test]
fn a_second_process_without_the_ledger_finds_the_balances() {
    let folder = Folder::new();
    let imported = folder.ok(&["--ledger", SMALL, "--store", "sqlite:books.db", "balances"]);
    assert!(imported.starts_with("account_id,balance_minor,version\n1,102226,"), "{imported}");
    assert_eq!(folder.ok(&["--store", "sqlite:books.db", "balances"]), imported);
    let absolute = format!("sqlite://{}/books.db", folder.0.path().display());
    assert_eq!(folder.ok(&["--store", &absolute, "balances"]), imported);
    assert_eq!(folder.files(), BTreeSet::from(["books.db", "books.db-lock"].map(String::from)));
}

#[test]
fn a_file_is_named_as_the_url_says() {
    let folder = Folder::new();
    for name in ["file:x?mode=memory", "účty 50%.db"] {
        let url = format!("sqlite:{name}");
        folder.ok(&["--ledger", SMALL, "--store", &url]);
        let report = folder.ok(&["--store", &url]);
        assert!(report.starts_with("accounts: 3\nrows: 24\nevents: 27\n"), "{report}");
        assert!(folder.files().contains(name), "{:?}", folder.files());
    }
}

#[test]
fn a_refused_withdrawal_is_found_in_the_history() {
    let folder = Folder::new();
    folder.ok(&[]);
    let store = ["--store", "sqlite:bank.db"];
    let (code, text) = folder.run(&[&store[..], &["withdraw", "2", "999999", "--on", "2024-04-15"]].concat());
    assert_eq!(code, Some(3), "{text}");
    let history = folder.ok(&[&store[..], &["history", "2"]].concat());
    let last: Vec<_> = history.lines().last().expect("a line").split_whitespace().collect();
    assert_eq!(last[1..], ["2024-04-15", "withdrawal-refused", "999999", "192490"]);
    let account = folder.ok(&[&store[..], &["account", "2"]].concat());
    assert!(account.contains("balance_minor: 192490\n") && account.contains("refused withdrawals: 1\n"), "{account}");

    // Without a store, the default is the same file.
    let refused = folder.ok(&["account", "2", "--at", "2024-04-15"]);
    assert!(refused.contains("refused withdrawals: 1\n"), "{refused}");
    let before = folder.ok(&["account", "2", "--at", "2024-04-14"]);
    assert!(before.contains("refused withdrawals: 0\n"), "{before}");
    let memory = folder.ok(&["--ledger", SMALL, "account", "2", "--at", "2024-04-14"]);
    assert_eq!(memory, before);
}

#[test]
fn files_that_are_no_books_end_with_2_and_their_name() {
    let folder = Folder::new();
    fs::write(folder.0.path().join("notes.txt"), "Not a database, but long enough to be one. ".repeat(20))
        .expect("a file");
    for (url, says) in [
        ("sqlite:notes.txt", "notes.txt` is not an SQLite database; choose another file"),
        ("sqlite:.", "is not a file"),
        ("sqlite:", "`sqlite:` names no file: write `sqlite:bank.db`"),
        ("sqlite://bank.db", "`sqlite://bank.db` names no file: write `sqlite:bank.db`"),
        ("sqlite::memory:", "write `memory:`"),
        ("sqlite:missing/bank.db", "missing` cannot be opened: No such file or directory"),
    ] {
        let (code, text) = folder.run(&["--store", url]);
        assert_eq!((code, text.lines().count()), (Some(2), 1), "{text}");
        assert!(text.contains(says), "{text}");
    }
    assert_eq!(folder.files(), BTreeSet::from([String::from("notes.txt")]));
}

#[test]
fn an_import_that_was_killed_at_any_moment_ends_with_the_same_balances() {
    const ROWS: u64 = 4_000;
    let folder = Folder::new();
    let ledger = folder.0.path().join("long.csv");
    write_long_ledger(&ledger, ROWS);
    let ledger = ledger.to_str().expect("UTF-8");
    let import = ["--ledger", ledger, "--store", "sqlite:books.db"];
    let expected = folder.ok(&["--ledger", ledger, "balances"]);

    // While the program starts and makes the file, then at some sizes of the write-ahead log.
    let moments = [0, 1, 2, 4, 8, 16].map(|time| (Duration::from_millis(time), 0));
    let sizes = [1, 10_000, 50_000, 100_000, 200_000, 400_000].map(|size| (Duration::ZERO, size));
    let (mut midway, mut booked_before) = (0, 0);
    for (time, size) in moments.into_iter().chain(sizes) {
        let mut child = folder.bank(&import).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("started");
        thread::sleep(time);
        let written = || fs::metadata(folder.0.path().join("books.db-wal")).map_or(0, |wal| wal.len());
        while written() < size && child.try_wait().expect("a child").is_none() {
            thread::sleep(Duration::from_micros(100));
        }
        child.kill().expect("killed");
        let ended = child.wait_with_output().expect("ended");
        assert_eq!(String::from_utf8_lossy(&ended.stderr), "", "after {time:?} and {size} bytes");

        // It also closes the file, which removes the write-ahead log.
        let report = folder.ok(&["--store", "sqlite:books.db"]);
        let booked = report.lines().find_map(|line| line.strip_prefix("rows: ")?.parse().ok());
        let booked: u64 = booked.expect("a number");
        assert!(booked >= booked_before, "{booked} rows are booked, and {booked_before} were before");
        midway += u64::from(0 < booked && booked < ROWS);
        booked_before = booked;
    }
    assert!(midway > 0, "no kill was in the middle of the import");

    let report = folder.ok(&import);
    assert!(report.contains("rows: 4000\n") && report.contains("disagreements: 0\n"), "{report}");
    assert_eq!(folder.ok(&["--store", "sqlite:books.db", "balances"]), expected);
}

fn write_long_ledger(file: &Path, rows: u64) {
    let mut text = String::from(
        "transaction_id,account_id,date,kind,operation,amount_minor,balance_minor,symbol,partner_bank,partner_account\n",
    );
    for row in 0..rows {
        let (account, balance) = (row % 7, (row / 7 + 1) * 10);
        writeln!(text, "{row},{account},1993-01-01,credit,transfer in,10,{balance},,,").expect("written");
    }
    fs::write(file, text).expect("a file");
}
