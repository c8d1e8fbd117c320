//! A removed field that is still there.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2)]
struct Opened {
    owner: String,
    #[event(removed(in = 2, name = "note", type = String))]
    limit: u32,
}

fn main() {}
