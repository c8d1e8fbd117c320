//! Checks the server: one that would lose or hide events is refused with an error that names the remedy.

use es_core::StoreErrorKind;
use tokio_postgres::{Client, Row};

use crate::server::{
    error::{PostgresError, impl_store_error},
    types::column,
};

/// Why the server cannot hold a log.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresUnfitError {
    /// The server is older than 13.
    #[error("the server is PostgreSQL {found}; this library needs 13 or newer: upgrade the server")]
    TooOld {
        /// Its version.
        found: String,
    },
    /// The server's settings may lose acknowledged events.
    #[error("`{setting}` is off: {remedy}, or call `allow_unsafe_server()` for a server whose data may be lost")]
    Unsafe {
        /// The setting.
        setting: &'static str,
        /// The consequence, and the remedy.
        remedy: &'static str,
    },
    /// The database's encoding is not UTF-8, so it cannot store every character that events may contain.
    #[error(
        "the database's encoding is {found}, which cannot store every event; create one with `CREATE DATABASE … ENCODING 'UTF8' \
         TEMPLATE template0`"
    )]
    Encoding {
        /// Its encoding.
        found: String,
    },
}

impl PostgresUnfitError {
    /// Returns how the caller should react: the server has to be changed first.
    ///
    /// ```
    /// use es_core::StoreErrorKind;
    /// use es_postgres::PostgresUnfitError;
    ///
    /// let error = PostgresUnfitError::TooOld { found: "12.9".to_owned() };
    /// assert_eq!(error.kind(), StoreErrorKind::Misconfigured);
    /// ```
    pub fn kind(&self) -> StoreErrorKind {
        StoreErrorKind::Misconfigured
    }
}

impl_store_error!(PostgresUnfitError);

/// Why a check failed.
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

/// The oldest supported server version.
const OLDEST: i32 = 130_000;

/// A setting that loses data when it is off: its column in the query, its name, and the remedy.
type Setting = (usize, &'static str, &'static str);

/// Settings of the whole server. A restart or a reload may change them while a store is open.
const SERVER_SETTINGS: [Setting; 2] = [
    (4, "fsync", "a crash of the machine loses the database; set `fsync = on` in postgresql.conf"),
    (5, "full_page_writes", "a crash can tear pages; set `full_page_writes = on` in postgresql.conf"),
];

/// A setting of the session. Appends switch it on themselves, so it is checked only when a store is opened.
const SESSION_SETTING: Setting = (
    6,
    "synchronous_commit",
    "a crash loses what other statements acknowledged; set `synchronous_commit = on` for the server, the database and the role",
);

/// Checks the server when a store is opened, before anything is written.
pub(crate) async fn check_server(client: &Client, allow_unsafe: bool) -> Result<(), Failure> {
    let row = supported_server(client).await?;
    for setting in SERVER_SETTINGS.into_iter().chain([SESSION_SETTING]) {
        match is_on(&row, setting) {
            Err(Failure::Unfit(PostgresUnfitError::Unsafe { setting, remedy })) if allow_unsafe => {
                tracing::warn!(setting, "the server may lose events, which `allow_unsafe_server` permits: {remedy}");
            }
            checked => checked?,
        }
    }
    Ok(())
}

/// Checks a new connection that appends: the server may have changed since the store was opened.
pub(crate) async fn recheck_server(client: &Client, allow_unsafe: bool) -> Result<(), Failure> {
    let row = supported_server(client).await?;
    if allow_unsafe { Ok(()) } else { SERVER_SETTINGS.into_iter().try_for_each(|setting| is_on(&row, setting)) }
}

/// Reads the server's settings, and refuses an old server, a replica and another encoding.
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
