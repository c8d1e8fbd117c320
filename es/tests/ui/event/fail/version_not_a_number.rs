//! A schema version that is no number.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = "two")]
struct Opened {
    owner: String,
}

fn main() {}
