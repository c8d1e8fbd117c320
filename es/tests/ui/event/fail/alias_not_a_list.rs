//! An alias behind an equals sign.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 1, alias = "opened")]
struct Opened {
    owner: String,
}

fn main() {}
