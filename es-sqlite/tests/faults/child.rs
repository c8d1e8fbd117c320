//! A child process that runs this test binary again and works on a log as it is told, line by line.

use std::{env, path::Path, process::Command};

use es_core::{Append, EventName, EventStore, Expected, NewEvent, SchemaVersion, StreamId};
use es_sqlite::{
    SqliteStore,
    rusqlite::{Connection, TransactionBehavior},
};
use uuid::Uuid;

use crate::{
    log::{append_one, read, request},
    process::{self, say},
};

/// A user without rights.
const NOBODY: [&str; 4] = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

/// A child process that works on a log. Dropping it ends it with SIGKILL.
pub(crate) struct Process(process::Process);

impl Process {
    /// Starts a child that works on the log at `path`.
    pub(crate) fn start(path: &Path) -> Self {
        Self::start_by(&["env"], path)
    }

    /// Starts a child that has no rights on the files of others. Tests that run as root give theirs up.
    pub(crate) fn start_as_nobody(path: &Path) -> Self {
        let is_root = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap()) == 0;
        Self::start_by(if is_root { &NOBODY } else { &["env"] }, path)
    }

    /// Starts a child by `launcher`, a program and its arguments, which executes the arguments that follow.
    pub(crate) fn start_by(launcher: &[&str], path: &Path) -> Self {
        let mut command = Command::new(launcher[0]);
        command.args(&launcher[1..]).arg(env::current_exe().unwrap());
        command.args(["--exact", "child::a_part_of_other_tests", "--nocapture", "--include-ignored"]);
        Self(process::Process::spawn(&mut command, "work", path, &[]))
    }

    /// Starts a child that works on the log at `path`, tells it to open it and to do what `commands` say, and ends it with SIGKILL.
    pub(crate) fn crash(path: &Path, commands: &[&str]) {
        let mut child = Self::start(path);
        child.tell("open");
        for command in commands {
            child.tell(command);
        }
        child.kill();
    }

    /// Tells the child what to do, and gives its answer.
    pub(crate) fn ask(&mut self, command: &str) -> String {
        self.0.tell(command);
        self.0.line()
    }

    /// Tells the child what to do, which it must be able to.
    pub(crate) fn tell(&mut self, command: &str) {
        let answer = self.ask(command);
        assert!(!answer.starts_with("error"), "{command}: {answer}");
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Ends the child with SIGKILL.
    pub(crate) fn kill(mut self) {
        self.0.kill();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a part of other tests, which run it in a child process"]
async fn a_part_of_other_tests() {
    let (_, path) = process::role().unwrap();
    let mut store = None;
    for line in std::io::stdin().lines() {
        let answer = obey(&line.unwrap(), path.as_ref(), &mut store).await;
        let answer = answer.map_or_else(|error| format!("error: {error:?}"), |done| format!("ok {done}"));
        say(&answer.replace('\n', " "));
    }
}

async fn obey(line: &str, path: &Path, store: &mut Option<SqliteStore>) -> Result<String, Box<dyn std::error::Error>> {
    let words: Vec<_> = line.split(' ').collect();
    let number = |at: usize| words[at].parse::<usize>().unwrap();
    let opened = |store: &Option<SqliteStore>| store.clone().unwrap();
    match words[0] {
        "open" => *store = Some(SqliteStore::open(path).await?),
        "open-to-read" => *store = Some(SqliteStore::builder(path).read_only(true).open().await?),
        // From one number to another.
        "append" => {
            for number in number(1)..number(2) {
                append_one(&opened(store), number).await?;
            }
        }
        // In a transaction of another connection.
        "append-in" | "append-in-and-roll-back" => {
            let mut mine = Connection::open(path)?;
            let transaction = mine.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for number in number(1)..number(2) {
                opened(store).append_in(&transaction, &request(number))?;
            }
            if words[0] == "append-in" {
                transaction.commit()?;
            }
        }
        // Events of 900 kB, as many as are asked for, in one append.
        "append-large" => {
            let payload = format!("\"{}\"", "x".repeat(900_000));
            let event = |number| {
                let id = Uuid::from_u128(1_000_000 + number as u128);
                NewEvent::from_json(id, EventName::new("large").unwrap(), SchemaVersion::FIRST, payload.clone())
                    .unwrap()
            };
            let events = (0..number(1)).map(event).collect();
            let append = Append::new(StreamId::new("large", "1")?, Expected::NoStream, events);
            opened(store).append(append.into()).await?;
        }
        "read" => return Ok(read(&opened(store)).await?.len().to_string()),
        "verify" => return Ok(format!("{:?}", opened(store).verify().await?.problems)),
        "backup" => opened(store).backup_to(words[1]).await?,
        // In another connection of the process.
        "sql" => Connection::open(path)?.execute_batch(&words[1..].join(" "))?,
        "close" => opened(store).close().await,
        other => return Err(format!("`{other}` is nothing that a child does").into()),
    }
    Ok(String::new())
}
