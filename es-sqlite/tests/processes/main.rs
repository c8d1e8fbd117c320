//! Several processes on one file: load, kills, a process that is stopped, fairness and wake-ups. The other processes are this
//! test binary, started again.

#![expect(clippy::unwrap_used, reason = "a failed `unwrap` fails the test")]

mod child;
mod fairness;
#[path = "../shared/follow.rs"]
mod follow;
mod followers;
mod kills;
#[path = "../shared/process.rs"]
mod process;
#[path = "../shared/random.rs"]
mod random;
#[path = "../shared/record.rs"]
mod record;
mod stopped;
mod wake;
