//! An empty alias.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 1, alias("", up_to = 1))]
struct Opened {
    owner: String,
}

fn main() {}
