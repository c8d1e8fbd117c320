//! The log as it is stored: one JSON object for each event, for other programs and for tests.

use std::{error::Error, io::Write, sync::Arc};

use es::prelude::*;

/// Prints every event of `store`, in the order of the positions.
pub(crate) async fn print(out: &mut impl Write, store: &Arc<dyn EventStore>) -> Result<(), Box<dyn Error>> {
    let mut events = store.stored_events().read();
    while let Some(event) = events.try_next().await? {
        writeln!(out, "{}", serde_json::to_string(&event)?)?;
    }
    Ok(())
}
