//! A misspelt key.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", verison = 2)]
struct Opened {
    owner: String,
}

fn main() {}
