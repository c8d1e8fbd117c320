//! Simulates a server clock that was set back.

use std::time::Duration;

use test_postgres::Database;

/// Moves every recorded time and the end of every lease forward by `by`, as if the server's clock had been set back by that much.
pub(crate) fn put_back(database: &Database, by: Duration) -> Result<(), es_contract::FactoryError> {
    let micros = by.as_micros();
    let later = format!("{micros} * interval '1 microsecond'");
    database.run(&[
        "ALTER TABLE es.events DISABLE TRIGGER events_never_change",
        &format!("UPDATE es.events SET recorded_at = recorded_at + {later}"),
        "ALTER TABLE es.events ENABLE ALWAYS TRIGGER events_never_change",
        &format!("UPDATE es.projections SET lease_until = lease_until + {later}"),
    ])?;
    Ok(())
}
