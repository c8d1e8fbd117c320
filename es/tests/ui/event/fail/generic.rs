//! A generic struct as an event.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened<T> {
    owner: T,
}

fn main() {}
