//! The stored name twice.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", name = "account.closed")]
struct Opened {
    owner: String,
}

fn main() {}
