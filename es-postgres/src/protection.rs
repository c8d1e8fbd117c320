//! Least privilege: the statements that set it up, and a check of which protections are off.

use std::fmt;

use es_core::StoreErrorKind;
use tokio_postgres::Row;

use crate::server::{
    error::{PostgresError, impl_store_error},
    schema_name::{SchemaName, quote_literal},
    shared_connections::SharedConnections,
};

/// A protection against changed or lost events and read models that is off. Its `Display` says which.
///
/// ```no_run
/// # use es_postgres::{MissingProtection, PostgresStore};
/// # async fn example(store: &PostgresStore) -> Result<(), Box<dyn std::error::Error>> {
/// let missing = store.missing_protections().await?;
/// if missing.contains(&MissingProtection::Superuser) {
///     return Err("connect as another role".into());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MissingProtection {
    /// The store's role is a superuser.
    Superuser,
    /// The store's role has CREATEROLE, so it may make itself a member of other roles.
    CreatesRoles,
    /// The store's role owns the events, so it may switch off every other protection.
    OwnsEvents,
    /// The store's role may write to the table or the sequence directly, without the functions of the store.
    ChangesEvents,
    /// The trigger that refuses `UPDATE`, `DELETE` and `TRUNCATE` of events is disabled or gone.
    TriggerOff,
    /// The store's role may write to the tables of read models directly, without the functions of the store.
    ChangesReadModels,
}

impl fmt::Display for MissingProtection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Superuser => "the store connects as a superuser",
            Self::CreatesRoles => "the store's role has CREATEROLE",
            Self::OwnsEvents => "the store's role owns the events",
            Self::ChangesEvents => {
                "the store's role may write to `events` or draw from `position` without the functions"
            }
            Self::TriggerOff => "the trigger `events_never_change` is disabled or gone",
            Self::ChangesReadModels => "the store's role may write to `projections` or `rows` without the functions",
        })
    }
}

/// Why the protections could not be checked: the error of
/// [`PostgresStore::missing_protections`](crate::PostgresStore::missing_protections).
///
/// ```no_run
/// # use es_postgres::PostgresStore;
/// # async fn example(store: &PostgresStore) {
/// match store.missing_protections().await {
///     Ok(missing) => println!("{} protections are off", missing.len()),
///     Err(error) => println!("{:?}: {error}", error.kind()),
/// }
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresProtectionError {
    /// The server could not be reached, or refused the query.
    #[error(transparent)]
    Server(#[from] PostgresError),
}

impl PostgresProtectionError {
    /// How to react to it. See [`PostgresProtectionError`] for an example.
    pub fn kind(&self) -> StoreErrorKind {
        match self {
            Self::Server(error) => error.kind(),
        }
    }
}

impl_store_error!(PostgresProtectionError);

/// The statements that leave `application` only the rights to call the store's functions and to read.
pub(crate) fn hardening(schema: &SchemaName, application: &str) -> String {
    let statements = schema.render(include_str!("hardening.sql"));
    statements.replacen("{application}", &quote_literal(application), 1)
}

/// The protections that are off for the store's role.
pub(crate) async fn missing(
    connections: &SharedConnections,
    schema: &SchemaName,
) -> Result<Vec<MissingProtection>, PostgresError> {
    let rows = connections.query(&schema.render(include_str!("protection.sql")), &[]).await?;
    let row = rows.first().ok_or_else(|| PostgresError::Answer("the table `events` was not found".into()))?;
    read(row).map_err(|error| PostgresError::Answer(error.into()))
}

/// Logs which protections are off.
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
    use MissingProtection::{ChangesEvents, ChangesReadModels, CreatesRoles, OwnsEvents, Superuser, TriggerOff};
    let protections = [Superuser, CreatesRoles, OwnsEvents, ChangesEvents, TriggerOff, ChangesReadModels];
    let mut missing = Vec::new();
    for (column, protection) in protections.into_iter().enumerate() {
        if row.try_get(column)? {
            missing.push(protection);
        }
    }
    Ok(missing)
}
