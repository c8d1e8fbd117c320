//! What a server must be: one that would lose or hide events is refused, with what to do about it.

use es_core::StoreErrorKind;
use tokio_postgres::{Client, Row};

use crate::server::error::{PostgresError, impl_store_error};
use crate::server::types::column;

/// Why a server is not one to keep a log on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresUnfitError {
    /// The server is older than 13.
    #[error("the server is PostgreSQL {found}; this library needs 13 or newer: upgrade the server")]
    TooOld {
        /// Its version.
        found: String,
    },
    /// The server is not set up to keep what it acknowledges.
    #[error("`{setting}` is off: {remedy}, or call `allow_unsafe_server()` for a server whose data may be lost")]
    Unsafe {
        /// The setting.
        setting: &'static str,
        /// What it means and what to do.
        remedy: &'static str,
    },
    /// The database stores another encoding than UTF-8, which has no place for some characters that events may hold.
    #[error(
        "the database stores {found}, which cannot hold every event; make one with `CREATE DATABASE … ENCODING 'UTF8' \
         TEMPLATE template0`"
    )]
    Encoding {
        /// Its encoding.
        found: String,
    },
}

impl PostgresUnfitError {
    /// How to react to it: somebody has to change the server first.
    pub fn kind(&self) -> StoreErrorKind {
        StoreErrorKind::Misconfigured
    }
}

impl_store_error!(PostgresUnfitError);

/// What a check can end with.
#[derive(Debug)]
pub(crate) enum Failure {
    Unfit(PostgresUnfitError),
    Server(PostgresError),
}

impl From<PostgresUnfitError> for Failure {
    fn from(error: PostgresUnfitError) -> Self {
        Self::Unfit(error)
    }
}

impl From<PostgresError> for Failure {
    fn from(error: PostgresError) -> Self {
        Self::Server(error)
    }
}

/// The oldest server that has all that is used here.
const OLDEST: i32 = 130_000;

/// A setting that is off on a server that loses data, with what to do about it.
type Setting = (usize, &'static str, &'static str);

/// The server's own: a restart or a reload may change them under a store.
const SERVER_SETTINGS: [Setting; 2] = [
    (4, "fsync", "a crash of the machine loses the database; set `fsync = on` in postgresql.conf"),
    (5, "full_page_writes", "a crash can tear pages; set `full_page_writes = on` in postgresql.conf"),
];

/// One that appends switch on for themselves, on whatever connection; who has it off is told once.
const SESSION_SETTING: Setting = (
    6,
    "synchronous_commit",
    "a crash loses what other statements acknowledged; set `synchronous_commit = on` for the server, the database and the role",
);

/// Checks the server before anything is written to it.
pub(crate) async fn check_server(client: &Client, allow_unsafe: bool) -> Result<(), Failure> {
    let row = supported_server(client).await?;
    for setting in SERVER_SETTINGS.into_iter().chain([SESSION_SETTING]) {
        match is_on(&row, setting) {
            Err(Failure::Unfit(PostgresUnfitError::Unsafe { setting, remedy })) if allow_unsafe => {
                tracing::warn!(setting, "the server is unsafe, as allowed: {remedy}");
            }
            checked => checked?,
        }
    }
    Ok(())
}

/// Checks what may be another than it was when the store was opened: on each connection that appends.
pub(crate) async fn recheck_server(client: &Client, allow_unsafe: bool) -> Result<(), Failure> {
    let row = supported_server(client).await?;
    if allow_unsafe { Ok(()) } else { SERVER_SETTINGS.into_iter().try_for_each(|setting| is_on(&row, setting)) }
}

/// What the server says of itself, where it has all that is used here.
async fn supported_server(client: &Client) -> Result<Row, Failure> {
    let row = client.query_one(include_str!("checks_server.sql"), &[]).await.map_err(PostgresError::statement)?;
    if column::<i32>(&row, 0)? < OLDEST {
        return Err(PostgresUnfitError::TooOld { found: column(&row, 1)? }.into());
    }
    if column(&row, 2)? {
        return Err(PostgresError::Replica.into());
    }
    let encoding: String = column(&row, 3)?;
    if encoding == "UTF8" { Ok(row) } else { Err(PostgresUnfitError::Encoding { found: encoding }.into()) }
}

fn is_on(row: &Row, (index, setting, remedy): Setting) -> Result<(), Failure> {
    let value: String = column(row, index)?;
    if value == "off" { Err(PostgresUnfitError::Unsafe { setting, remedy }.into()) } else { Ok(()) }
}
