//! A store around another one takes what it does not name from a value without capabilities.

use es::store::{Capabilities, EventStore};

fn passed_on(inner: &dyn EventStore) -> Capabilities<'_> {
    Capabilities { snapshots: inner.snapshots(), ..Default::default() }
}

fn main() {}
