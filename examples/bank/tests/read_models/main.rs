//! The read models, by the commands that answer from them: each equals what is computed from the ledger's text.

mod commands;
mod folded;
mod following;
mod generated;
mod oracle;
mod program;
mod projections;
#[cfg(feature = "sqlite")]
mod tables;

/// Longer than a test may wait.
#[cfg(feature = "sqlite")]
const LONG: std::time::Duration = std::time::Duration::from_mins(1);
