//! A stored name that is no string.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = account)]
struct Opened {
    owner: String,
}

fn main() {}
