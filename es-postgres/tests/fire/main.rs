//! The store under crashes, network faults, hostile input, damaged rows, restricted privileges and load.
//!
//! A test that runs for a time runs for a tenth of it, and for all of it with `ES_FIRE=full`. `ES_FIRE_SECONDS=60` sets
//! the time, and `ES_SEED` repeats a run.

#![expect(clippy::unwrap_used, reason = "a failed `unwrap` fails the test")]
#![expect(clippy::print_stdout, reason = "seeds are printed to repeat a run, and figures to compare runs")]

mod cancellation;
mod damaged_rows;
mod faults;
mod foreign_transactions;
mod frontier_regressions;
mod full_disk;
mod hardening;
mod hostile_input;
mod incarnation_changes;
mod invalid_arguments;
mod large_appends;
mod limits;
mod load;
mod lost_answers;
mod multiple_processes;
mod network_faults;
mod out_of_range_columns;
mod privilege;
mod read_models;
mod restore;
mod server_crashes;
mod subscribers;
mod synchronous_standby;
mod tables;
#[cfg(feature = "tls")]
mod tls;
mod tools;
#[path = "../shared/warnings.rs"]
mod warnings;
