//! Runs a promise in a child process: the test binary starts itself again, for that one test.

use std::{env, io::Write, process::Stdio, time::Duration};

use tokio::{io::AsyncReadExt, process::Command};

use crate::{BrokenPromise, FactoryError};

pub(crate) mod peak;

/// The variable that names the task to a child process.
const TASK: &str = "ES_CONTRACT_CHILD";
/// A child prints this line after its task. A child that did not find the test does not print it.
const DONE: &str = "es-contract: the child is done";

tokio::task_local! {
    /// The test that is running; a child process runs it again.
    static TEST: Rerun;
}

/// How a test is run again in another process.
#[derive(Clone, Debug)]
pub struct Rerun {
    test: String,
    env: Vec<(String, String)>,
    patience: Duration,
}

/// How long a promise waits for something that a correct store does soon.
const PATIENCE: Duration = Duration::from_secs(10);

impl Rerun {
    /// Names the test by its path, which begins with the crate, as `module_path!` gives it.
    pub fn new(path: &str) -> Self {
        Self {
            test: path.split_once("::").map_or(path, |(_, path)| path).to_owned(),
            env: Vec::new(),
            patience: PATIENCE,
        }
    }

    /// Sets an environment variable of the child process.
    #[must_use]
    pub fn with_env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Sets how long a promise waits for something that a correct store does soon; the default is ten seconds.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    pub(crate) async fn scope<T>(self, promise: impl Future<Output = T>) -> T {
        TEST.scope(self, promise).await
    }
}

/// How long the running promise waits for something that a correct store does soon.
pub(crate) fn patience() -> Duration {
    TEST.try_with(|test| test.patience).unwrap_or(PATIENCE)
}

/// The task of a child process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// Reads a long log.
    Read,
    /// Subscribes to a long log, and stalls.
    Stall,
    /// Races the parent process for `rounds` in the log at `address`.
    Race { rounds: u64, address: String },
    /// Reads and moves the read models of the store at `address`.
    ReadModels { address: String },
}

impl Task {
    fn text(&self) -> String {
        match self {
            Self::Read => "read".to_owned(),
            Self::Stall => "stall".to_owned(),
            Self::Race { rounds, address } => format!("race {rounds} {address}"),
            Self::ReadModels { address } => format!("read-models {address}"),
        }
    }

    fn parse(text: &str) -> Result<Self, FactoryError> {
        let unknown = || FactoryError::from(format!("`{text}` is not a task of a child process"));
        match text.split_once(' ') {
            None if text == "read" => Ok(Self::Read),
            None if text == "stall" => Ok(Self::Stall),
            Some(("race", rest)) => {
                let (rounds, address) = rest.split_once(' ').ok_or_else(unknown)?;
                Ok(Self::Race { rounds: rounds.parse()?, address: address.to_owned() })
            }
            Some(("read-models", address)) => Ok(Self::ReadModels { address: address.to_owned() }),
            _ => Err(unknown()),
        }
    }
}

/// The task of this process, if it is a child.
pub(super) fn task() -> Result<Option<Task>, FactoryError> {
    env::var(TASK).ok().map(|text| Task::parse(&text)).transpose()
}

/// Reports to the parent that this child process has done its task.
pub(super) fn done() -> Result<(), BrokenPromise> {
    // Written to stdout directly: captured output of a test would not leave the process.
    let written = writeln!(std::io::stdout().lock(), "{DONE}");
    written.map_err(|error| BrokenPromise::new("the child reports that it is done", error.to_string()))
}

/// Runs a task in a child process and waits for it.
pub(crate) async fn run(task: Task) -> Result<(), BrokenPromise> {
    let failed =
        |error: std::io::Error| BrokenPromise::new("the test runs again in a child process", error.to_string());
    let test = TEST.try_with(Clone::clone);
    let test = test.map_err(|_| BrokenPromise::new("a test that can run again", "none; run it by `contract::run`"))?;
    let mut child = Command::new(env::current_exe().map_err(failed)?)
        .args(["--exact", &test.test, "--nocapture", "--include-ignored"])
        .env(TASK, task.text())
        .envs(test.env)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    let (mut out, mut err) = (String::new(), String::new());
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let read_out = async { if let Some(mut pipe) = stdout { pipe.read_to_string(&mut out).await } else { Ok(0) } };
    let read_err = async { if let Some(mut pipe) = stderr { pipe.read_to_string(&mut err).await } else { Ok(0) } };
    let (status, read_out, read_err) = tokio::join!(child.wait(), read_out, read_err);
    read_out.map_err(failed)?;
    read_err.map_err(failed)?;
    let status = status.map_err(failed)?;
    if status.success() && out.contains(DONE) {
        return Ok(());
    }
    let seen = [out, err].concat();
    match seen.split_once("promised: ") {
        Some((_, broken)) => {
            let (promised, seen) = broken.split_once("seen: ").unwrap_or((broken, ""));
            Err(BrokenPromise::new(promised.trim(), seen.lines().next().unwrap_or_default()))
        }
        None => Err(BrokenPromise::new("a child process that does its task", format!("{status}: {}", seen.trim()))),
    }
}
