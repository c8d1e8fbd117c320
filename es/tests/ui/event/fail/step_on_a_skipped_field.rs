//! A step of a field that is never stored.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2)]
struct Opened {
    owner: String,
    #[event(added(in = 2, default = 7))]
    #[serde(skip, default)]
    limit: u32,
}

fn main() {}
