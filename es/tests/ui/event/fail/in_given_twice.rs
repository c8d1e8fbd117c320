//! A step of two schema versions.

use es::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "account.opened", version = 3)]
struct Opened {
    owner: String,
    #[event(added(in = 2, in = 3, default = 7))]
    limit: u32,
}

fn main() {}
