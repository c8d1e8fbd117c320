//! No stored name.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(version = 1)]
struct Opened {
    owner: String,
}

fn main() {}
