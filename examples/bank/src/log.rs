//! The log as it is stored: one JSON object for each event, for other programs and for tests.

use std::{error::Error, io::Write, sync::Arc};

use es::{EventStore, prelude::*};
use serde::Serialize;
use serde_json::value::RawValue;

#[derive(Serialize)]
struct Line<'a> {
    category: &'a str,
    id: &'a str,
    version: u64,
    event_id: String,
    name: &'a str,
    schema_version: u32,
    payload: &'a RawValue,
}

/// Prints every event of `store`, in the order of the positions.
pub(crate) async fn print(out: &mut impl Write, store: &Arc<dyn EventStore>) -> Result<(), Box<dyn Error>> {
    let mut events = store.stored_events().read();
    while let Some(event) = events.try_next().await? {
        let line = Line {
            category: event.stream.category(),
            id: event.stream.id(),
            version: event.version.get(),
            event_id: event.id.to_string(),
            name: event.name.as_str(),
            schema_version: event.schema_version.get(),
            payload: serde_json::from_slice(&event.payload)?,
        };
        writeln!(out, "{}", serde_json::to_string(&line)?)?;
    }
    Ok(())
}
