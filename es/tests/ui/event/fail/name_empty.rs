//! An empty stored name.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "")]
struct Opened {
    owner: String,
}

fn main() {}
