//! Fields that are written under other keys than they are read.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 1)]
#[serde(rename_all(serialize = "UPPERCASE"))]
struct Opened {
    owner: String,
}

fn main() {}
