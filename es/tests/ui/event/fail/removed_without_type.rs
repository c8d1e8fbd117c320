//! A removed field without its type.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2)]
#[event(removed(in = 2, name = "note"))]
struct Opened {
    owner: String,
}

fn main() {}
