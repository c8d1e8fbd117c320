//! An enum as an event.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened")]
enum Opened {
    Alone,
    Together,
}

fn main() {}
