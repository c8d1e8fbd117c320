//! Schema version 0.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 0)]
struct Opened {
    owner: String,
}

fn main() {}
