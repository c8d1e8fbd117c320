//! A step of the first schema version.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2)]
struct Opened {
    owner: String,
    #[event(added(in = 1, default = 7))]
    limit: u32,
}

fn main() {}
