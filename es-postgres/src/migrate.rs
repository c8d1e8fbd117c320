//! Migrations of the schema: numbered SQL files that run under a lock in one transaction, with a history table.
//!
//! After a release a migration is never edited, since only its name is compared: a change is the next number.

use std::cmp::Ordering;

use es_core::StoreErrorKind;
use tokio_postgres::{Client, Row};

use crate::server::{
    error::{PostgresError, impl_store_error},
    schema_name::{SchemaName, quote_literal},
};

/// Why the schema could not be brought to the newest migration of this library.
///
/// ```
/// # use es_postgres::{PostgresConnectError, PostgresMigrateError};
/// fn advice(error: &PostgresConnectError) -> &'static str {
///     match error {
///         PostgresConnectError::Migrate(PostgresMigrateError::Older { .. }) => "run the migrations first",
///         PostgresConnectError::Migrate(PostgresMigrateError::Newer { .. }) => "deploy the newer program",
///         PostgresConnectError::Migrate(error) if error.kind().is_transient() => "try again later",
///         _ => "see the log",
///     }
/// }
/// # assert_eq!(advice(&PostgresConnectError::OtherLog), "see the log");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresMigrateError {
    /// The schema was migrated by a newer version of this library.
    #[error("the schema is at migration {found}, this library knows {known}; deploy a newer version of it")]
    Newer {
        /// The newest migration of the schema.
        found: i32,
        /// The newest this library knows.
        known: i32,
    },
    /// The schema lacks migrations of this library, and [`migrate(false)`](crate::PostgresBuilder::migrate) was set.
    #[error("the schema is at migration {found}, this library needs {known}; run `PostgresStore::migrations()`")]
    Older {
        /// The newest migration of the schema.
        found: i32,
        /// The newest this library knows.
        known: i32,
    },
    /// The schema was made by a different set of migrations. Nothing was changed.
    #[error(
        "migration {number} of the schema is `{found}`, but `{known}` in this library: a different set of migrations made \
         the schema; give the log another schema with `builder(url).schema(\"…\")`, or drop this one"
    )]
    Other {
        /// The number of the first that differs.
        number: i32,
        /// Its name in the schema; empty when it is missing there.
        found: String,
        /// Its name in this library.
        known: &'static str,
    },
    /// A migration failed and was rolled back.
    #[error("migration {number} `{name}` failed")]
    Failed {
        /// Its number.
        number: i32,
        /// Its name.
        name: &'static str,
        /// The server's error.
        source: PostgresError,
    },
    /// The server could not be reached, or refused to read or write the schema's history.
    #[error(transparent)]
    Server(#[from] PostgresError),
}

impl PostgresMigrateError {
    /// How to react to it. See [`PostgresMigrateError`] for an example.
    pub fn kind(&self) -> StoreErrorKind {
        match self {
            Self::Newer { .. } | Self::Older { .. } | Self::Other { .. } => StoreErrorKind::Misconfigured,
            Self::Failed { source, .. } | Self::Server(source) => source.kind(),
        }
    }
}

impl_store_error!(PostgresMigrateError);

/// One migration.
#[derive(Debug, Clone, Copy)]
struct Step {
    number: i32,
    name: &'static str,
    sql: &'static str,
}

const STEPS: &[Step] = &[
    Step { number: 1, name: "log", sql: include_str!("migrations/0001_log.sql") },
    Step { number: 2, name: "frontier", sql: include_str!("migrations/0002_frontier.sql") },
    Step { number: 3, name: "incarnations", sql: include_str!("migrations/0003_incarnations.sql") },
    Step { number: 4, name: "stream_locks", sql: include_str!("migrations/0004_stream_locks.sql") },
    Step { number: 5, name: "check_arguments", sql: include_str!("migrations/0005_check_arguments.sql") },
    Step { number: 6, name: "append", sql: include_str!("migrations/0006_append.sql") },
    Step { number: 7, name: "snapshots", sql: include_str!("migrations/0007_snapshots.sql") },
    Step { number: 8, name: "read_models", sql: include_str!("migrations/0008_read_models.sql") },
];

const HISTORY: &str = include_str!("migrations/history.sql");

/// The newest migration this library knows.
pub(crate) fn newest() -> i32 {
    STEPS.last().map_or(0, |step| step.number)
}

/// The migrations as SQL: the name of each, and its statements with the row for the history table.
pub(crate) fn scripts(schema: &SchemaName) -> Vec<(String, String)> {
    let history = (format!("{:04}_history", 0), schema.render(HISTORY));
    let steps = STEPS.iter().map(|step| (format!("{:04}_{}", step.number, step.name), script(schema, step)));
    std::iter::once(history).chain(steps).collect()
}

/// The number of the schema's newest migration; 0 when there is none, or the role may not see it. Fails when the schema's
/// migrations differ from the ones of this library, since no further migration would fit.
pub(crate) async fn applied(client: &Client, schema: &SchemaName) -> Result<i32, PostgresMigrateError> {
    let exists = "SELECT EXISTS (SELECT FROM pg_catalog.pg_tables WHERE schemaname = $1 AND tablename = 'migrations')";
    let row = client.query_one(exists, &[&schema.as_str()]).await.map_err(PostgresError::statement)?;
    if !row.try_get::<_, bool>(0).map_err(|error| PostgresError::Answer(error.into()))? {
        return Ok(0);
    }
    let history = schema.render("SELECT number, name FROM {schema}.migrations ORDER BY number");
    let rows = client.query(&history, &[]).await.map_err(PostgresError::statement)?;
    let read = |row: &Row| Ok((row.try_get(0)?, row.try_get(1)?));
    let rows = rows.iter().map(read).collect::<Result<Vec<(i32, String)>, tokio_postgres::Error>>();
    newest_of(&rows.map_err(|error| PostgresError::Answer(error.into()))?)
}

/// The newest migration of this history, which is in order, if its migrations are the ones of this library.
fn newest_of(history: &[(i32, String)]) -> Result<i32, PostgresMigrateError> {
    let newest = history.last().map_or(0, |(number, _)| *number);
    for step in STEPS.iter().filter(|step| step.number <= newest) {
        let found = history.iter().find(|(number, _)| *number == step.number).map(|(_, name)| name.as_str());
        if found != Some(step.name) {
            let found = found.unwrap_or_default().to_owned();
            return Err(PostgresMigrateError::Other { number: step.number, found, known: step.name });
        }
    }
    Ok(newest)
}

/// Brings the schema to the newest migration. Several processes may do so at once.
pub(crate) async fn run(client: &Client, schema: &SchemaName) -> Result<(), PostgresMigrateError> {
    let found = applied(client, schema).await?;
    if found >= newest() {
        return Ok(());
    }
    let lock = match found {
        0 => format!("SELECT pg_advisory_xact_lock({})", schema.migration_lock()),
        // Not the advisory lock: any role could take that and block migrations for as long as it likes.
        _ => schema.render("LOCK TABLE {schema}.migrations IN SHARE ROW EXCLUSIVE MODE"),
    };
    let begin = format!(
        "BEGIN; SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0; \
         {lock}"
    );
    client.batch_execute(&begin).await.map_err(PostgresError::statement)?;
    match steps(client, schema).await {
        // The SELECT fails in an aborted transaction, which COMMIT alone would roll back without an error.
        Ok(()) => Ok(client.batch_execute("SELECT; COMMIT").await.map_err(PostgresError::statement)?),
        Err(error) => {
            if let Err(rollback) = client.batch_execute("ROLLBACK").await {
                tracing::debug!(%rollback, "the rollback of a migration failed; the server rolls back when the connection ends");
            }
            Err(error)
        }
    }
}

/// Fails unless the schema is at the newest migration of this library.
pub(crate) async fn check(client: &Client, schema: &SchemaName) -> Result<(), PostgresMigrateError> {
    let (found, known) = (applied(client, schema).await?, newest());
    match found.cmp(&known) {
        Ordering::Less => Err(PostgresMigrateError::Older { found, known }),
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(PostgresMigrateError::Newer { found, known }),
    }
}

/// Runs the missing migrations inside the open transaction.
async fn steps(client: &Client, schema: &SchemaName) -> Result<(), PostgresMigrateError> {
    let applied = applied(client, schema).await?;
    if applied == 0 {
        client.batch_execute(&schema.render(HISTORY)).await.map_err(PostgresError::statement)?;
    }
    for step in STEPS.iter().filter(|step| step.number > applied) {
        client.batch_execute(&script(schema, step)).await.map_err(|error| PostgresMigrateError::Failed {
            number: step.number,
            name: step.name,
            source: PostgresError::statement(error),
        })?;
        tracing::info!(schema = schema.as_str(), number = step.number, name = step.name, "migrated");
    }
    Ok(())
}

fn script(schema: &SchemaName, step: &Step) -> String {
    let Step { number, name, sql } = step;
    let row = format!(
        "INSERT INTO {{schema}}.migrations (number, name, library) VALUES ({number}, {}, {});\n",
        quote_literal(name),
        quote_literal(env!("CARGO_PKG_VERSION"))
    );
    format!("{}\n{}", schema.render(sql), schema.render(&row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_numbered_without_a_gap() {
        assert!(STEPS.iter().map(|step| step.number).eq(1..=newest()));
    }

    #[test]
    fn scripts_contain_no_placeholder_and_no_fixed_schema() {
        for (name, sql) in scripts(&SchemaName::new("other").unwrap()) {
            // Other braces belong to arrays, patterns and paths; a placeholder begins with a letter.
            let word = sql.split('{').skip(1).find(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()));
            assert!(word.is_none(), "{name}: {word:?}");
            assert!(!sql.contains("\"es\""), "{name}");
        }
    }
}
