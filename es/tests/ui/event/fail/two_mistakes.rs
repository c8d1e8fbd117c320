//! Two mistakes, both reported.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "", version = 0)]
struct Opened {
    owner: String,
}

fn main() {}
