//! Least privilege: the statements that set it up, and what of it is missing.

use std::fmt;

use tokio_postgres::Row;

use crate::server::error::PostgresError;
use crate::server::schema_name::{SchemaName, quote_literal};
use crate::server::shared_connections::SharedConnections;

/// Something that would keep events from being changed or lost by mistake, and is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MissingProtection {
    /// The store's role is a superuser.
    Superuser,
    /// The store's role may make itself a member of any other role.
    CreatesRoles,
    /// The store's role owns the events, and may switch every other protection off.
    OwnsEvents,
    /// The store's role may change the table without the functions of the store.
    ChangesEvents,
    /// The trigger that refuses `UPDATE`, `DELETE` and `TRUNCATE` of events is disabled or gone.
    TriggerOff,
}

impl fmt::Display for MissingProtection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Superuser => "the store connects as a superuser",
            Self::CreatesRoles => "the store's role has CREATEROLE",
            Self::OwnsEvents => "the store's role owns the events",
            Self::ChangesEvents => "the store's role may write to `events` or draw from `position` past the functions",
            Self::TriggerOff => "the trigger `events_never_change` is disabled or gone",
        })
    }
}

/// The statements that leave `application` no right but to call the functions of the store, and to read.
pub(crate) fn hardening(schema: &SchemaName, application: &str) -> String {
    let statements = schema.render(include_str!("hardening.sql"));
    statements.replacen("{application}", &quote_literal(application), 1)
}

/// Which protections are off for the role of the store.
///
/// # Errors
/// [`PostgresError`] when the server does not answer.
pub(crate) async fn missing(
    connections: &SharedConnections,
    schema: &SchemaName,
) -> Result<Vec<MissingProtection>, PostgresError> {
    let rows = connections.query(&schema.render(include_str!("protection.sql")), &[]).await?;
    let row = rows.first().ok_or_else(|| PostgresError::Answer("no row about the table of events".into()))?;
    read(row).map_err(|error| PostgresError::Answer(error.into()))
}

/// Says in the log which protections are off.
pub(crate) async fn report(connections: &SharedConnections, schema: &SchemaName) -> Result<(), PostgresError> {
    let missing = missing(connections, schema).await?;
    if !missing.is_empty() {
        let off: Vec<String> = missing.iter().map(ToString::to_string).collect();
        tracing::warn!(
            schema = schema.as_str(),
            "protections are off: {}; `PostgresStore::hardening(\"role\")` gives the statements that switch them on",
            off.join(", ")
        );
    }
    Ok(())
}

fn read(row: &Row) -> Result<Vec<MissingProtection>, tokio_postgres::Error> {
    use MissingProtection::{ChangesEvents, CreatesRoles, OwnsEvents, Superuser, TriggerOff};
    let mut missing = Vec::new();
    for (column, protection) in [Superuser, CreatesRoles, OwnsEvents, ChangesEvents, TriggerOff].into_iter().enumerate()
    {
        if row.try_get(column)? {
            missing.push(protection);
        }
    }
    Ok(missing)
}
