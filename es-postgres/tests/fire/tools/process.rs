//! A child process that runs a part of a test.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

/// Environment variables: the child's role and its database.
pub(crate) const ROLE: &str = "ES_FIRE_CHILD";
pub(crate) const URL: &str = "ES_FIRE_URL";
/// The prefix of a child's lines, since the test harness prints lines too.
pub(crate) const LINE_PREFIX: &str = "@ ";

/// A child process that runs this test binary; dropping it kills the process.
pub(crate) struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Process {
    /// Starts the test `entry` in a child process, with this role on the log at `url`.
    pub(crate) fn start(entry: &str, role: &str, url: &str) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", entry, "--nocapture"])
            .envs([(ROLE, role), (URL, url)])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                // The harness may have printed the test's name on the same line.
                if let Some((_, line)) = line.split_once(LINE_PREFIX) {
                    drop(sender.send(line.to_owned()));
                }
            }
        });
        Self { child, stdin, lines }
    }

    /// The child's next line, or `None` after a minute.
    pub(crate) fn line(&self) -> Option<String> {
        self.lines.recv_timeout(Duration::from_mins(1)).ok()
    }

    /// Tells the child to go on with its next step.
    pub(crate) fn proceed(&mut self) {
        self.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
    }

    /// Waits for the child to end, and returns whether it succeeded.
    pub(crate) fn wait(mut self) -> bool {
        drop(self.stdin.take());
        self.child.wait().unwrap().success()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
