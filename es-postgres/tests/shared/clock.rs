//! Simulates a server clock that was set back.

use std::time::Duration;

use test_postgres::Database;

/// Moves every recorded time forward by `by`, as if the server's clock had been set back by that much.
pub(crate) fn put_back(database: &Database, by: Duration) -> Result<(), es_contract::FactoryError> {
    let micros = by.as_micros();
    database.run(&[
        "ALTER TABLE es.events DISABLE TRIGGER events_never_change",
        &format!("UPDATE es.events SET recorded_at = recorded_at + {micros} * interval '1 microsecond'"),
        "ALTER TABLE es.events ENABLE ALWAYS TRIGGER events_never_change",
    ])?;
    Ok(())
}
