//! The program, on each store.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

/// A ledger in a folder of its own, and the program that runs on it.
pub(crate) struct Bank {
    folder: TempDir,
    store: Option<&'static str>,
}

/// A program that runs, at most as long as the test.
pub(crate) struct Started(Child);

impl Started {
    /// The first line that it prints.
    pub(crate) fn first_line(&mut self) -> String {
        let mut line = String::new();
        BufReader::new(self.0.stdout.as_mut().expect("its output")).read_line(&mut line).expect("a line");
        line
    }

    /// Sends it a signal, and gives its exit code.
    pub(crate) fn end_by(mut self, signal: &str) -> Option<i32> {
        let sent = Command::new("kill").args([signal, &self.0.id().to_string()]).status().expect("`kill` runs");
        assert!(sent.success(), "{signal} was not sent");
        self.0.wait().expect("it ends").code()
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// How a run ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Bank {
    /// A bank for each kind of store that the features bring in. That in memory books the ledger in each run; the ones that
    /// keep their books have done so before.
    pub(crate) fn each(ledger: &str) -> Vec<Self> {
        let stores = [None, cfg!(feature = "sqlite").then_some("sqlite:books.db")];
        let stores = stores.into_iter().filter(|store| cfg!(feature = "memory") || store.is_some());
        stores.map(|store| Self::new(ledger, store)).collect()
    }

    fn new(ledger: &str, store: Option<&'static str>) -> Self {
        let bank = Self { folder: TempDir::new().expect("a folder"), store };
        fs::write(bank.folder.path().join("ledger.csv"), ledger).expect("a file");
        if let Some(store) = bank.store {
            let booked = bank.arguments(&["--store", store, "--ledger", "ledger.csv"]);
            assert_eq!((booked.code, booked.stderr.as_str()), (Some(0), ""), "{booked:?}");
        }
        bank
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.arguments(&[&self.books()[..], arguments].concat())
    }

    /// Starts the program.
    pub(crate) fn start(&self, arguments: &[&str]) -> Started {
        let mut command = self.command(&[&self.books()[..], arguments].concat());
        Started(command.stdout(Stdio::piped()).spawn().expect("the program runs"))
    }

    fn books(&self) -> [&'static str; 2] {
        self.store.map_or(["--ledger", "ledger.csv"], |store| ["--store", store])
    }

    /// Whether a run shows what earlier ones stored.
    pub(crate) fn keeps_its_books(&self) -> bool {
        self.store.is_some()
    }

    /// The URL of the store, for a program in another folder.
    pub(crate) fn url(&self) -> String {
        format!("sqlite:{}", self.folder.path().join("books.db").display())
    }

    #[track_caller]
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let run = self.run(arguments);
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{arguments:?}: {run:?}");
        run.stdout
    }

    /// Runs the program, which ends with 2, prints nothing but one line on stderr, and says `says` there.
    #[track_caller]
    pub(crate) fn fails(&self, arguments: &[&str], says: &str) {
        let run = self.run(arguments);
        assert_eq!((run.code, run.stdout.as_str(), run.stderr.lines().count()), (Some(2), "", 1), "{run:?}");
        assert!(run.stderr.contains(says), "{run:?}");
    }

    fn arguments(&self, arguments: &[&str]) -> Run {
        let output = self.command(arguments).output().expect("the program runs");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Run { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bank"));
        command.current_dir(self.folder.path()).args(arguments);
        command
    }
}
