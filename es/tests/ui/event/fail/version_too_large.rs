//! A schema version beyond what can be stored.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 4294967296)]
struct Opened {
    owner: String,
}

fn main() {}
