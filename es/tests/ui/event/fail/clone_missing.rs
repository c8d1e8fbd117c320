//! An event that cannot be cloned.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    owner: String,
}

fn main() {}
