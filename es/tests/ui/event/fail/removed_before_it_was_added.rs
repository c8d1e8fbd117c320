//! A field removed before it was added.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 3)]
#[event(removed(in = 2, name = "note", type = String, added(in = 3, default = String::new())))]
struct Opened {
    owner: String,
}

fn main() {}
