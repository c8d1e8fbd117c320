//! What is PostgreSQL's own business: the promises of every store are tested by `contract`.

mod append;
mod fixture;
mod migrations;
