//! A stored name with a NUL character.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account\0opened")]
struct Opened {
    owner: String,
}

fn main() {}
