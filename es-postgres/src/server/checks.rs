//! Start-up checks: a server that would lose or hide events is refused, with what to do about it.

use tokio_postgres::{Client, Row};

use crate::PostgresError;
use crate::server::connection::{Connection, Connector};
use crate::server::schema_name::SchemaName;

/// The oldest server that has all that is used here.
const OLDEST: i32 = 130_000;

/// A setting that is off on a server that loses data, with what to do about it.
type Setting = (usize, &'static str, &'static str);

/// The server's own: a restart or a reload may change them under a store.
const SERVERS: [Setting; 2] = [
    (4, "fsync", "a crash of the machine loses the database; set `fsync = on` in postgresql.conf"),
    (5, "full_page_writes", "a crash can tear pages; set `full_page_writes = on` in postgresql.conf"),
];

/// One that appends switch on for themselves, on whatever connection; who has it off is told once.
const SESSIONS: Setting = (
    6,
    "synchronous_commit",
    "a crash loses what other statements acknowledged; set `synchronous_commit = on` for the server, the database and the role",
);

/// Checks the server before anything is written to it.
pub(crate) async fn server(client: &Client, allow_unsafe: bool) -> Result<(), PostgresError> {
    let row = fitting(client).await?;
    for setting in SERVERS.into_iter().chain([SESSIONS]) {
        match is_on(&row, setting) {
            Err(PostgresError::Unsafe { setting, remedy }) if allow_unsafe => {
                tracing::warn!(setting, "the server is unsafe, as allowed: {remedy}");
            }
            checked => checked?,
        }
    }
    Ok(())
}

/// Checks what may be another than it was when the store was opened: on each connection that appends.
pub(crate) async fn again(client: &Client, allow_unsafe: bool) -> Result<(), PostgresError> {
    let row = fitting(client).await?;
    if allow_unsafe { Ok(()) } else { SERVERS.into_iter().try_for_each(|setting| is_on(&row, setting)) }
}

/// What the server says of itself, where it has all that is used here.
async fn fitting(client: &Client) -> Result<Row, PostgresError> {
    let row = client.query_one(include_str!("checks_server.sql"), &[]).await.map_err(PostgresError::statement)?;
    if column::<i32>(&row, 0)? < OLDEST {
        return Err(PostgresError::TooOld { found: column(&row, 1)? });
    }
    if column(&row, 2)? {
        return Err(PostgresError::Replica);
    }
    let encoding: String = column(&row, 3)?;
    if encoding == "UTF8" { Ok(row) } else { Err(PostgresError::Encoding { found: encoding }) }
}

fn is_on(row: &Row, (index, setting, remedy): Setting) -> Result<(), PostgresError> {
    let value: String = column(row, index)?;
    if value == "off" { Err(PostgresError::Unsafe { setting, remedy }) } else { Ok(()) }
}

/// Checks the log: its sequence, and that its locks are seen by other connections.
pub(crate) async fn log(first: &Connection, connector: &Connector, schema: &SchemaName) -> Result<(), PostgresError> {
    let query = schema.render(include_str!("checks_log.sql"));
    let row = first.client.query_one(&query, &[]).await.map_err(PostgresError::statement)?;
    let (increment, cache, cycle): (i64, i64, bool) = (column(&row, 0)?, column(&row, 1)?, column(&row, 2)?);
    let alter = || schema.render("ALTER SEQUENCE {schema}.position INCREMENT 1 CACHE 1 NO CYCLE");
    if increment != 1 || cache != 1 || cycle {
        let what = "the sequence of positions does not count one by one, so readers would skip events";
        return Err(PostgresError::Sequence { what, mend: alter() });
    }
    // the frontier needs the right to read the sequence, and says so when it is missing
    let frontier = schema.render("SELECT {schema}.frontier()");
    first.client.query_one(&frontier, &[]).await.map_err(PostgresError::statement)?;
    let (highest, drawn): (i64, i64) = (column(&row, 3)?, column(&row, 4)?);
    if drawn < highest {
        return Err(PostgresError::Sequence {
            what: "the sequence of positions is behind the log, as after an incomplete restore",
            mend: schema.render(&format!("SELECT pg_catalog.setval({{position}}, {highest})")),
        });
    }
    lock_is_seen(first, connector, schema).await
}

/// A proxy that spreads connections over servers, or a server with locks of its own, would break the frontier.
async fn lock_is_seen(first: &Connection, connector: &Connector, schema: &SchemaName) -> Result<(), PostgresError> {
    let second = connector.open().await?;
    let fence = schema.render(include_str!("checks_fence.sql"));
    first.client.batch_execute("BEGIN").await.map_err(PostgresError::statement)?;
    first.client.batch_execute(&fence).await.map_err(PostgresError::statement)?;
    let own = first.client.query_one("SELECT pg_backend_pid()", &[]).await.map_err(PostgresError::statement)?;
    let seen = schema.render("SELECT EXISTS (SELECT FROM {schema}.es_in_flight WHERE pid = $1)");
    let seen = second.client.query_one(&seen, &[&column::<i32>(&own, 0)?]).await.map_err(PostgresError::statement)?;
    first.client.batch_execute("ROLLBACK").await.map_err(PostgresError::statement)?;
    if column(&seen, 0)? { Ok(()) } else { Err(PostgresError::LockUnseen) }
}

fn column<'a, T: tokio_postgres::types::FromSql<'a>>(row: &'a Row, index: usize) -> Result<T, PostgresError> {
    row.try_get(index).map_err(|error| PostgresError::Answer(error.into()))
}
