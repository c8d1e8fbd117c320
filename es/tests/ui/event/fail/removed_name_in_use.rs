//! A removed field that is still there at that version.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2)]
#[event(removed(in = 2, name = "owner", type = String))]
struct Opened {
    owner: String,
}

fn main() {}
