//! A new field without a default.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 2)]
struct Opened {
    owner: String,
    #[event(added(in = 2))]
    limit: u32,
}

fn main() {}
