//! Migrations: numbered SQL files, one transaction, a lock first, a history.

use std::cmp::Ordering;

use es_core::StoreErrorKind;
use tokio_postgres::{Client, Row};

use crate::server::error::{PostgresError, impl_store_error};
use crate::server::schema_name::{SchemaName, quote_literal};

/// Why a schema is not at the newest migration that this library knows.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresMigrateError {
    /// The log was made by a newer version of this library.
    #[error("the schema is at migration {found}, this library knows {known}; deploy a newer version of it")]
    Newer {
        /// The newest migration of the schema.
        found: i32,
        /// The newest this library knows.
        known: i32,
    },
    /// The log is older than this library, and migrating it was switched off.
    #[error("the schema is at migration {found}, this library needs {known}; run `PostgresStore::migrations()`")]
    Older {
        /// The newest migration of the schema.
        found: i32,
        /// The newest this library knows.
        known: i32,
    },
    /// The schema's history holds other migrations than this library's: nothing was changed.
    #[error(
        "migration {number} of the schema is `{found}`, and this library's is `{known}`: another set of migrations made \
         it; give the log a schema of its own with `builder(url).schema(\"…\")`, or drop this one"
    )]
    Other {
        /// The number of the first that differs.
        number: i32,
        /// Its name in the schema; empty when it is missing there.
        found: String,
        /// Its name in this library.
        known: &'static str,
    },
    /// A migration did not run; nothing of it is left.
    #[error("migration {number} `{name}` failed")]
    Failed {
        /// Its number.
        number: i32,
        /// Its name.
        name: &'static str,
        /// What the server said.
        source: PostgresError,
    },
    /// The server could not be asked for the schema's history, or to change it.
    #[error(transparent)]
    Server(#[from] PostgresError),
}

impl PostgresMigrateError {
    /// How to react to it.
    pub fn kind(&self) -> StoreErrorKind {
        match self {
            Self::Newer { .. } | Self::Older { .. } | Self::Other { .. } => StoreErrorKind::Misconfigured,
            Self::Failed { source, .. } | Self::Server(source) => source.kind(),
        }
    }
}

impl_store_error!(PostgresMigrateError);

/// One step of the schema's history.
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
];

const HISTORY: &str = include_str!("migrations/history.sql");

/// The newest migration this library knows.
pub(crate) fn newest() -> i32 {
    STEPS.last().map_or(0, |step| step.number)
}

/// The migrations as SQL: the name of each and its statements, with their line in the history.
pub(crate) fn scripts(schema: &SchemaName) -> Vec<(String, String)> {
    let history = (format!("{:04}_history", 0), schema.render(HISTORY));
    let steps = STEPS.iter().map(|step| (format!("{:04}_{}", step.number, step.name), script(schema, step)));
    std::iter::once(history).chain(steps).collect()
}

/// The number of the newest migration of the schema; 0 when there is none, or none that may be seen. Refuses a schema whose
/// migrations are not the ones of this library, as far as it knows them: nothing could follow on them.
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
    follow(&rows.map_err(|error| PostgresError::Answer(error.into()))?)
}

/// The newest of the migrations in this history, in their order, if they are the ones of this library.
fn follow(history: &[(i32, String)]) -> Result<i32, PostgresMigrateError> {
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

/// Brings the schema to the newest migration. Any number of processes may do so at once.
pub(crate) async fn run(client: &Client, schema: &SchemaName) -> Result<(), PostgresMigrateError> {
    let found = applied(client, schema).await?;
    if found >= newest() {
        return Ok(());
    }
    let lock = match found {
        0 => format!("SELECT pg_advisory_xact_lock({})", schema.migration_lock()),
        // any role may hold the other lock, for as long as it likes
        _ => schema.render("LOCK TABLE {schema}.migrations IN SHARE ROW EXCLUSIVE MODE"),
    };
    let begin = format!(
        "BEGIN; SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0; \
         {lock}"
    );
    client.batch_execute(&begin).await.map_err(PostgresError::statement)?;
    match steps(client, schema).await {
        // COMMIT alone answers no error where it rolls back
        Ok(()) => Ok(client.batch_execute("SELECT; COMMIT").await.map_err(PostgresError::statement)?),
        Err(error) => {
            if let Err(rollback) = client.batch_execute("ROLLBACK").await {
                tracing::debug!(%rollback, "the rollback of a migration failed; the server does it on its own");
            }
            Err(error)
        }
    }
}

/// Refuses a schema that this library does not fit.
pub(crate) async fn check(client: &Client, schema: &SchemaName) -> Result<(), PostgresMigrateError> {
    let (found, known) = (applied(client, schema).await?, newest());
    match found.cmp(&known) {
        Ordering::Less => Err(PostgresMigrateError::Older { found, known }),
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(PostgresMigrateError::Newer { found, known }),
    }
}

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
    fn the_steps_are_numbered_without_a_gap() {
        assert!(STEPS.iter().map(|step| step.number).eq(1..=newest()));
    }

    #[test]
    fn everything_is_filled_in() {
        for (name, sql) in scripts(&SchemaName::new("other").unwrap()) {
            // what is left belongs to arrays, patterns and paths: a word to fill in begins with a letter
            let word = sql.split('{').skip(1).find(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()));
            assert!(word.is_none(), "{name}: {word:?}");
            assert!(!sql.contains("\"es\""), "{name}");
        }
    }
}
