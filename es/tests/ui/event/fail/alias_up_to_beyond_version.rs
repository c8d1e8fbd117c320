//! An alias up to a schema version above the event's.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 1, alias("opened", up_to = 2))]
struct Opened {
    owner: String,
}

fn main() {}
