//! A child process that runs a part of a test: this test binary, started again.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

/// The environment variables of a child: its role, and the file of its log.
const ROLE: &str = "ES_SQLITE_CHILD";
const FILE: &str = "ES_SQLITE_FILE";
/// Precedes each line of a child, since the test harness prints lines too.
const PREFIX: &str = "@ ";

/// The role and the file of this process; `None` in the process that runs the tests.
pub(crate) fn role() -> Option<(String, String)> {
    Some((env::var(ROLE).ok()?, env::var(FILE).unwrap()))
}

/// Sends a line to the parent, with one write: a kill leaves no half of it.
pub(crate) fn say(line: &str) {
    let line = format!("{PREFIX}{line}\n");
    std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
}

/// A child process; dropping it kills it.
pub(crate) struct Process {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<String>,
}

impl Process {
    /// Starts the test `entry` in a child process, with a role on the log at `path`.
    pub(crate) fn start(entry: &str, role: &str, path: &Path, environment: &[(&str, &str)]) -> Self {
        let binary = env::current_exe().unwrap();
        Self::spawn(Command::new(binary).args(["--exact", entry, "--nocapture"]), role, path, environment)
    }

    /// Spawns `command`, which runs a test of this binary.
    pub(crate) fn spawn(command: &mut Command, role: &str, path: &Path, environment: &[(&str, &str)]) -> Self {
        let mut child = command
            .envs([(ROLE, role), (FILE, path.to_str().unwrap())])
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                // The harness may have printed the name of the test on the same line.
                if let Some((_, line)) = line.split_once(PREFIX) {
                    drop(sender.send(line.to_owned()));
                }
            }
        });
        Self { child, stdin, lines }
    }

    /// The next line of the child, for which it has two minutes.
    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(Duration::from_mins(2)).expect("the child says something")
    }

    /// The next line that the child has said already.
    pub(crate) fn line_so_far(&self) -> Option<String> {
        self.lines.try_recv().ok()
    }

    /// All lines until the child has ended.
    pub(crate) fn rest(&self) -> Vec<String> {
        self.lines.iter().collect()
    }

    /// Sends a line to the child.
    pub(crate) fn tell(&mut self, line: &str) {
        writeln!(self.stdin, "{line}").unwrap();
    }

    /// Lets a child go on that waits for a line.
    pub(crate) fn proceed(&mut self) {
        self.tell("");
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends the signal with this name.
    pub(crate) fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success(), "{kill}");
    }

    /// Kills the child, which cannot prevent it, and waits for its end.
    pub(crate) fn kill(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
