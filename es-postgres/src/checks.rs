//! Checks of a log before it is used: refuses one that would hide events, and says how to mend it.

use crate::{
    error::PostgresConnectError,
    server::{
        connection::{Connection, Connector},
        error::PostgresError,
        schema_name::SchemaName,
        types::column,
    },
};

/// Checks the log's sequence, and that one connection sees the locks of another.
pub(crate) async fn log(
    first: &Connection,
    connector: &Connector,
    schema: &SchemaName,
) -> Result<(), PostgresConnectError> {
    let query = schema.render(include_str!("checks_log.sql"));
    let row = first.client.query_one(&query, &[]).await.map_err(PostgresError::statement)?;
    let (increment, cache, cycle): (i64, i64, bool) = (column(&row, 0)?, column(&row, 1)?, column(&row, 2)?);
    let alter = || schema.render("ALTER SEQUENCE {schema}.position INCREMENT 1 CACHE 1 NO CYCLE");
    if increment != 1 || cache != 1 || cycle {
        let what = "the sequence of positions does not increase by one, so readers would skip events";
        return Err(PostgresConnectError::Sequence { what, mend: alter() });
    }
    // Fails with a clear error when the functions' owner may not read the sequence.
    let frontier = schema.render("SELECT {schema}.frontier()");
    first.client.query_one(&frontier, &[]).await.map_err(PostgresError::statement)?;
    let (highest, drawn): (i64, i64) = (column(&row, 3)?, column(&row, 4)?);
    if drawn < highest {
        return Err(PostgresConnectError::Sequence {
            what: "the sequence of positions is behind the log, as after an incomplete restore",
            mend: schema.render(&format!("SELECT pg_catalog.setval({{position}}, {highest})")),
        });
    }
    lock_is_seen(first, connector, schema).await
}

/// Checks that a second connection sees the locks of the first. It does not behind a proxy that spreads connections over
/// several servers, and then the frontier would skip events.
async fn lock_is_seen(
    first: &Connection,
    connector: &Connector,
    schema: &SchemaName,
) -> Result<(), PostgresConnectError> {
    let second = connector.open().await?;
    let fence = schema.render(include_str!("checks_fence.sql"));
    first.client.batch_execute("BEGIN").await.map_err(PostgresError::statement)?;
    first.client.batch_execute(&fence).await.map_err(PostgresError::statement)?;
    let own = first.client.query_one("SELECT pg_backend_pid()", &[]).await.map_err(PostgresError::statement)?;
    let seen = schema.render("SELECT EXISTS (SELECT FROM {schema}.es_in_flight WHERE pid = $1)");
    let seen = second.client.query_one(&seen, &[&column::<i32>(&own, 0)?]).await.map_err(PostgresError::statement)?;
    first.client.batch_execute("ROLLBACK").await.map_err(PostgresError::statement)?;
    if column(&seen, 0)? { Ok(()) } else { Err(PostgresConnectError::LockUnseen) }
}
