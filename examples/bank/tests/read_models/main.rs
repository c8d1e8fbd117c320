//! The read models, by the commands that answer from them: each equals what is computed from the ledger's text.

mod commands;
mod folded;
mod generated;
mod oracle;
mod program;
mod projections;
