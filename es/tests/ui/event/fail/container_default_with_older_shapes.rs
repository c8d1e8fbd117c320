//! A default for the whole struct, and older shapes.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Default, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2)]
#[serde(default)]
struct Opened {
    owner: String,
    #[event(added(in = 2, default = 7))]
    limit: u32,
}

fn main() {}
