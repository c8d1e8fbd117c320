//! A store around another one takes its capabilities apart and forgets one.

use es::store::{Capabilities, EventStore};

fn passed_on(inner: &dyn EventStore) -> Capabilities<'_> {
    let Capabilities {} = inner.capabilities();
    Capabilities { snapshots: None }
}

fn main() {}
