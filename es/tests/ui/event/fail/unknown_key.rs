//! An unknown key.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", topic = "money")]
struct Opened {
    owner: String,
}

fn main() {}
