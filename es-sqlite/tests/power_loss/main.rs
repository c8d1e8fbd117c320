//! Power losses: the writing process runs on a disk that loses every write that was not flushed, by a library that is loaded
//! before it (`disk.c`), and is killed.

#![expect(clippy::unwrap_used, reason = "a failed `unwrap` fails the test")]

#[path = "../shared/follow.rs"]
mod follow;
#[path = "../shared/process.rs"]
#[expect(dead_code, reason = "these tests send no signals")]
mod process;
#[path = "../shared/random.rs"]
mod random;
#[path = "../shared/record.rs"]
mod record;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
    thread,
    time::Duration,
};

use es_contract::Effort;
use es_core::{Claimed, EventStore, Expected, ReadModelRequest, ReadModels};
use es_sqlite::{
    SqliteStore, Synchronous,
    rusqlite::{self, Connection},
};
use follow::{append_always, check_rows, follow, model, step};
use process::{Process, role, say};
use random::Random;
use record::{Records, Row, append, append_at_random, log};
use tempfile::TempDir;

/// The library, built once.
static DISK: LazyLock<(TempDir, PathBuf)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let library = folder.path().join("disk.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/power_loss/disk.c");
    let mut cc = Command::new("cc");
    cc.args(["-O1", "-shared", "-fPIC", "-o"]).arg(&library).args([source, "-ldl"]);
    assert!(cc.status().unwrap().success(), "`cc` builds {source}");
    (folder, library)
});

/// A folder for the log, and the folder with what the disk keeps of it.
struct Disk {
    _folder: TempDir,
    log: PathBuf,
    kept: PathBuf,
}

impl Disk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for name in ["disk", "kept"] {
            fs::create_dir(root.join(name)).unwrap();
        }
        Self { log: root.join("disk").join("log.db"), kept: root.join("kept").join("log.db"), _folder: folder }
    }

    /// Starts a process on the disk.
    fn start(&self, role: &str, environment: &[(&str, &str)]) -> Process {
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let folder = |path: &Path| text(path.parent().unwrap());
        let (library, log, kept) = (text(&DISK.1), folder(&self.log), folder(&self.kept));
        let disk = [("LD_PRELOAD", library.as_str()), ("DISK_FOLDER", &log), ("DISK_KEEPS", &kept)];
        Process::start("entry", role, &self.log, &[&disk, environment].concat())
    }
}

/// Where the writing process begins. Does nothing in the process that runs the tests.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entry() {
    let Some((role, path)) = role() else { return };
    let builder = SqliteStore::builder(&path);
    let store = match role.as_str() {
        role if role.ends_with(", and flush little") => builder.synchronous(Synchronous::LosesLastEventsOnPowerLoss),
        _ => builder,
    };
    let store = match store.open().await {
        Ok(store) => store,
        Err(error) => return say(&format!("refused: {:?}", error.kind())),
    };
    if let Some(role) = role.strip_prefix("read model: ") {
        return keep_read_model(&store, role).await;
    }
    if let Some(appends) = role.strip_prefix("append ") {
        // More than a few, so that SQLite copies the write-ahead log into the file and begins it again.
        for _ in 0..appends.parse().unwrap() {
            store.append(append("0", Expected::Any, 100).into()).await.unwrap();
        }
        say("appended");
        std::future::pending::<()>().await;
    }
    let tasks: Vec<_> = (0..4).map(|_| tokio::spawn(append_at_random(store.clone()))).collect();
    for task in tasks {
        task.await.unwrap();
    }
}

/// Loses the power while processes write. Gives what they recorded, and the log that the disk has kept.
async fn lose_power(role: &str, processes: usize, random: &mut Random) -> (Records, Vec<Row>) {
    let disk = Disk::new();
    let mut processes: Vec<_> = (0..processes).map(|_| disk.start(role, &[])).collect();
    let mut lines = vec![Vec::new(); processes.len()];
    for (process, lines) in processes.iter().zip(&mut lines) {
        while lines.iter().filter(|line: &&String| line.starts_with("done ")).count() < 10 {
            lines.push(process.line());
        }
    }
    thread::sleep(Duration::from_micros(random.below(100_000)));
    processes.iter_mut().for_each(Process::kill);
    let mut records = Records::default();
    for (process, lines) in processes.iter().zip(&mut lines) {
        lines.extend(process.rest());
        records.add(lines);
    }
    let store = SqliteStore::open(&disk.kept).await.unwrap();
    let found = store.verify().await.unwrap();
    assert!(found.is_intact(), "{:?}", found.problems);
    store.append(append("after", Expected::NoStream, 1).into()).await.unwrap();
    store.close().await;
    let mut log = log(&disk.kept);
    // The one that was appended after the power loss.
    log.pop();
    (records, log)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_power_loss_loses_nothing_that_was_acknowledged() {
    let mut random = Random::new();
    for round in 0..Effort::from_env().unwrap().times(120) {
        let processes = 1 + round as usize % 2;
        let (records, log) = lose_power("write", processes, &mut random).await;
        let counts = records.check(&log).unwrap();
        assert!(counts.done >= 10 * processes, "round {round}: {counts:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_power_loss_with_less_flushing_loses_whole_appends_at_the_end() {
    let mut random = Random::new();
    let mut lost = 0;
    for round in 0..Effort::from_env().unwrap().times(60) {
        let (records, log) = lose_power("write, and flush little", 1 + round as usize % 2, &mut random).await;
        lost += records.check_with_losses(&log).unwrap().lost;
    }
    println!("{lost} appends were lost");
    assert!(lost > 0);
}

/// Does with a read model what the role says, and waits until it is killed.
async fn keep_read_model(store: &SqliteStore, role: &str) {
    // So that the write-ahead log has its row: with that a read model would be flushed, too.
    store.append(append("0", Expected::Any, 10).into()).await.unwrap();
    if role == "follow" {
        tokio::spawn(append_always(store.clone()));
        return follow(store.clone()).await;
    }
    let claim = match store.claim(&model(), "alone", Duration::from_hours(1)).await.unwrap() {
        Claimed::Owned(claim) => claim,
        Claimed::Refused(status) => panic!("somebody else owns it: {status:?}"),
    };
    let (does, _) = role.split_once(", and flush").unwrap_or((role, ""));
    match does {
        "claim" => {}
        "claim and pause" => store.ask(&model(), ReadModelRequest::Pause).await.unwrap(),
        "step" | "step before an append" => {
            let to = store.frontier().await.unwrap();
            store.advance(&claim, step(store, &claim, to).await).await.unwrap();
            if does == "step before an append" {
                store.append(append("0", Expected::Any, 1).into()).await.unwrap();
            }
        }
        other => panic!("no such role: {other}"),
    }
    say("done");
    std::future::pending::<()>().await;
}

/// Loses the power after a process did with a read model what `role` says, and gives what the disk has kept of it.
fn kept_read_model(role: &str) -> (String, i64, i64) {
    let disk = Disk::new();
    let mut process = disk.start(&format!("read model: {role}"), &[]);
    assert_eq!(process.line(), "done");
    process.kill();
    let connection = Connection::open(&disk.kept).unwrap();
    let kept = "SELECT state, epoch, handled FROM read_models";
    let found = connection.query_row(kept, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    found.unwrap_or_else(|error| panic!("{role}: {error}"))
}

#[test]
fn a_claim_and_a_request_are_on_the_disk_when_they_are_answered() {
    let kept = |state: &str, epoch| (state.to_owned(), epoch, 0);
    for flush in ["", ", and flush little"] {
        assert_eq!(kept_read_model(&format!("claim{flush}")), kept("building", 1));
        assert_eq!(kept_read_model(&format!("claim and pause{flush}")), kept("paused", 2));
    }
}

#[test]
fn a_step_does_not_wait_for_the_disk_and_stays_before_the_appends_that_follow_it() {
    assert_eq!(kept_read_model("step"), ("building".to_owned(), 1, 0));
    assert_eq!(kept_read_model("step before an append"), ("catching-up".to_owned(), 1, 10));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_power_loss_leaves_the_steps_of_a_read_model_whole_and_not_ahead_of_the_log() {
    let mut random = Random::new();
    let mut lost = 0;
    for round in 0..Effort::from_env().unwrap().times(60) {
        let disk = Disk::new();
        let mut processes: Vec<_> = (0..=round % 2).map(|_| disk.start("read model: follow", &[])).collect();
        let handled = |line: &str| line.strip_prefix("handled ").map(|position| position.parse::<u64>().unwrap());
        let mut told = 0;
        for process in &processes {
            for _ in 0..5 {
                told = told.max((0..).find_map(|_| handled(&process.line())).unwrap());
            }
        }
        thread::sleep(Duration::from_micros(random.below(50_000)));
        processes.iter_mut().for_each(Process::kill);
        told = processes.iter().flat_map(Process::rest).filter_map(|line| handled(&line)).fold(told, u64::max);
        let store = SqliteStore::open(&disk.kept).await.unwrap();
        let found = store.verify().await.unwrap();
        assert!(found.is_intact(), "{:?}", found.problems);
        store.close().await;
        let kept = check_rows(&disk.kept).unwrap_or_else(|error| panic!("round {round}: {error}"));
        lost += u64::from(kept < told);
    }
    println!("steps were lost in {lost} rounds");
}

/// Lets a process make a log and append to it, on a disk that loses removals of names; gives what the process says.
fn make_log(disk: &Disk, role: &str, environment: &[(&str, &str)]) -> String {
    let mut process = disk.start(role, &[environment, &[("DISK_LOSES_UNLINKS", "yes")]].concat());
    let line = process.line();
    process.kill();
    line
}

fn kept_events(disk: &Disk) -> rusqlite::Result<i64> {
    let connection = Connection::open(&disk.kept)?;
    connection.query_row("SELECT count(*) FROM events", [], |row| row.get(0))
}

#[test]
fn a_lost_removal_of_the_journal_does_not_roll_a_new_log_back_to_nothing() {
    let disk = Disk::new();
    assert_eq!(make_log(&disk, "append 1", &[]), "appended");
    assert_eq!(kept_events(&disk).unwrap(), 100);
}

/// SQLite ignores that the folder was not flushed, except under EXTRA as it removes the journal.
#[test]
fn a_new_log_whose_journal_would_come_back_is_refused() {
    let disk = Disk::new();
    let line = make_log(&disk, "append 200", &[("DISK_FAILS_FOLDERS", "yes")]);
    assert_eq!(line, "refused: Unavailable", "20,000 events are acknowledged; the disk has {:?}", kept_events(&disk));
}
