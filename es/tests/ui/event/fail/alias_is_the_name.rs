//! An alias that is the current name.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 1, alias("account.opened", up_to = 1))]
struct Opened {
    owner: String,
}

fn main() {}
