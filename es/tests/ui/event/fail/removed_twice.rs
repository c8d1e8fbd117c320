//! One name removed twice.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 3)]
#[event(removed(in = 2, name = "note", type = String), removed(in = 3, name = "note", type = String))]
struct Opened {
    owner: String,
}

fn main() {}
