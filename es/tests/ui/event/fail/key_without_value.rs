//! A key without its value.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version)]
struct Opened {
    owner: String,
}

fn main() {}
